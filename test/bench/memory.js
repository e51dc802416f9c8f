// What the aggregates take: bytes per buffered event, 100,000 groups at once, and the size of what they give.
//
// Taken is the private memory of a fresh backend (RssAnon) at its highest, looked at every few milliseconds,
// beyond what count(*) over the same rows left it with.

'use strict'
const fs = require('fs')

const GROUPS = 100000
const WORK_MEM = 64                         // MB; a hash table may take hash_mem_multiplier times that

// aggregate, over which rows, grouped by what
const grouped = {
  'history_agg(kind, at)': ['event WHERE deal <= {groups}', 'deal'],
  'funnel_agg(progress)': ['history', 'deal % {groups}', "funnel_agg(deal_progress(history, as_of => '2026-01-01Z'))"],
  'funnel_agg(deal, kind, at, stages)': ['event WHERE deal <= {groups}', 'deal', "funnel_agg(deal, kind, at, '{lead,mql,sql,opportunity,won}')"],
  'win_agg(won, competitors)': ['deal', 'deal % {groups}'],
  'rate_agg(won)': ['cycle', 'cycle % {groups}'],
  'duration_agg(days, true)': ['cycle', 'cycle % {groups}'],
  'duration_agg(cycle)': ['history', 'deal % {groups}', "duration_agg(deal_cycle(history, '{lead}', '{opportunity}', as_of => '2026-01-01Z'))"],
  'quota_agg(attainment)': ['history', 'deal % {groups}', "quota_agg(quota_attainment(history, started_at(history), 1, as_of => '2026-01-01Z'))"],
  'content_agg(action, actor)': ['event', 'deal % {groups}', 'content_agg(kind, (deal % 1000)::text)'],
  'mantel_haenszel_agg(before, after)': ['rate', 'id', 'mantel_haenszel_agg(summary, summary)'],
  'log_rank_agg(before, after)': ['duration', 'id', 'log_rank_agg(summary, summary)'],
  'rollup(deal_history)': ['history', 'deal % {groups}', 'rollup(history)'],
  'rollup(funnel_summary)': ['funnel', 'id', 'rollup(summary)'],
  'rollup(win_summary)': ['win', 'id', 'rollup(summary)'],
  'rollup(rate_summary)': ['rate', 'id', 'rollup(summary)'],
  'rollup(duration_summary)': ['duration', 'id', 'rollup(summary)']
}

const MB = bytes => (bytes / 2 ** 20).toFixed(bytes < 100 * 2 ** 20 ? 1 : 0)

function anonymous (pid) {
  return 1024 * Number(/RssAnon:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1])
}

// The answer, and the bytes taken while it was found.
async function watch (psql, sql) {
  const pid = await psql.ask('SELECT pg_backend_pid()')
  const before = anonymous(pid)
  let peak = before
  const timer = setInterval(() => { peak = Math.max(peak, anonymous(pid)) }, 2)
  const answer = await psql.ask(sql)
  clearInterval(timer)
  return { answer, taken: peak - before }
}

function nodesOf (plan) { return [plan, ...(plan.Plans || []).flatMap(nodesOf)] }

exports.measure = async function (open, schema, deals, say) {
  const fresh = async (from) => {
    const psql = open()
    await psql.settings(schema, 0)
    await psql.ask(`SELECT count(*) FROM ${from}`)
    return psql
  }
  const result = { raw: [], groups: [], sizes: [] }

  const stages = "'{lead,mql,sql,opportunity,won}'"
  for (const [type, deal] of [['bigint', 'deal'], ['uuid', "lpad(to_hex(deal), 32, '0')::uuid"], ['text', "'deal ' || deal"]]) {
    const psql = await fresh('event')
    const events = Number(await psql.ask("SELECT count(*) FROM event WHERE kind IN ('lead', 'mql', 'sql', 'opportunity', 'won', 'lost')"))
    const { taken } = await watch(psql, `SELECT funnel_agg(${deal}, kind, at, ${stages}) FROM event`)
    result.raw.push({ type, events, taken })
    say(`memory: raw events of ${type} deals, ${(taken / events).toFixed(1)} bytes each`)
    psql.end()
  }

  const groups = Math.min(GROUPS, deals / 20)
  for (const [name, [from, by, call]] of Object.entries(grouped)) {
    const rows = from.replace('{groups}', groups)
    const sql = `SELECT ${by.replace('{groups}', groups)}, ${call || name} FROM ${rows} GROUP BY 1`
    const entry = { name }
    for (const sort of ['on', 'off']) {
      const psql = await fresh(rows)
      await psql.ask(`SET work_mem = '${WORK_MEM}MB'; SET enable_sort = ${sort}`)
      const { answer, taken } = await watch(psql, `EXPLAIN (ANALYZE, TIMING OFF, BUFFERS, FORMAT JSON) ${sql}`)
      const nodes = nodesOf(JSON.parse(answer)[0].Plan)
      const aggregate = nodes.find(n => n['Node Type'] === 'Aggregate')
      entry[sort === 'on' ? 'chosen' : 'hashed'] = {
        strategy: aggregate.Strategy,
        groups: aggregate['Actual Rows'],
        accounted: 1024 * (aggregate['Peak Memory Usage'] || 0),
        batches: aggregate['HashAgg Batches'] || 1,
        disk: 1024 * nodes.reduce((sum, n) => sum + (n['Disk Usage'] || 0) + (n['Sort Space Type'] === 'Disk' ? n['Sort Space Used'] : 0), 0),
        taken
      }
      psql.end()
    }
    result.groups.push(entry)
    say(`memory: ${name}, ${MB(entry.hashed.taken)} MB hashed`)
  }

  const psql = open()
  const whole = {
    funnel_summary: "funnel_agg(deal_progress(history, as_of => '2026-01-01Z')) FROM history",
    win_summary: 'win_agg(won, competitors) FROM deal',
    rate_summary: 'rate_agg(won) FROM cycle',
    duration_summary: 'duration_agg(days, true) FROM cycle',
    quota_summary: "quota_agg(quota_attainment(history, started_at(history), 1, as_of => '2026-01-01Z')) FROM history",
    content_summary: 'content_agg(kind, deal::text) FROM event'
  }
  for (const [type, call] of Object.entries(whole)) {
    const bytes = []
    for (const scale of ['tenth', schema]) {
      await psql.settings(scale, 0)
      bytes.push(Number(await psql.ask(`SELECT pg_column_size(${call.replace(' FROM', ') FROM')}`)))
    }
    result.sizes.push({ type, bytes })
  }
  psql.end()
  return { ...result, workMem: WORK_MEM }
}

exports.table = function (m) {
  const lines = ['| buffered raw events | number | bytes taken | per event |', '|---|---|---|---|']
  for (const { type, events, taken } of m.raw) lines.push(`| deals as ${type} | ${events.toLocaleString('en')} | ${MB(taken)} MB | **${(taken / events).toFixed(1)}** |`)
  lines.push('', `| groups at once, work_mem = ${m.workMem} MB | groups | hashed: taken | accounted for | batches, disk | plan chosen: taken | disk |`, '|---|---|---|---|---|---|---|')
  for (const { name, chosen, hashed } of m.groups) {
    lines.push(`| \`${name}\` | ${hashed.groups.toLocaleString('en')} | ${MB(hashed.taken)} MB | ${MB(hashed.accounted)} MB | ${hashed.batches}, ${MB(hashed.disk)} MB | ${chosen.strategy}: ${MB(chosen.taken)} MB | ${MB(chosen.disk)} MB |`)
  }
  lines.push('', '| size of one summary, bytes | of a tenth | of all |', '|---|---|---|')
  for (const { type, bytes } of m.sizes) lines.push(`| \`${type}\` | ${bytes.map(b => b.toLocaleString('en')).join(' | ')} |`)
  return lines.join('\n')
}
