// Checks and measures the jobs of jobs.js, and prints the table. Started by the script `run`, which says in the
// environment where everything is.

'use strict'
const { spawn } = require('child_process')
const fs = require('fs')
const os = require('os')
const path = require('path')
const { groups } = require('./jobs.js')
const memory = require('./memory.js')
const profile = require('./profile.js')
const chart = require('./chart.js')

const env = process.env
const DEALS = Number(env.DEALS)
const RUNS = Number(env.RUNS)
const WORKERS = Number(env.WORKERS)
const THREADS = WORKERS + 1                 // the leader works too
const JOBS = env.JOBS ? env.JOBS.split(/[\s,]+/) : []
const RESULTS = path.join(env.BENCH_DIR, `results-${env.BUILD}-${DEALS}-${WORKERS}.json`)

const named = group => JOBS.includes(group.name) || JOBS.includes(group.name.split('_')[0])

// --- progress

const begun = Date.now()
const say = text => console.error(`${((Date.now() - begun) / 1000).toFixed(1).padStart(7)} s  ${text}`)

// --- PostgreSQL: one session of psql, timed by its \timing

class Psql {
  constructor (host = env.PGHOST) {
    this.psql = spawn('psql', ['-X', '-q', '-A', '-t', '-F', ',', '-v', 'ON_ERROR_STOP=1', '-h', host, '-d', 'bench'], { stdio: ['pipe', 'pipe', 'pipe'] })
    this.output = this.errors = ''
    this.psql.stdout.setEncoding('utf8').on('data', text => { this.output += text; this.look() })
    this.psql.stderr.setEncoding('utf8').on('data', text => { this.errors += text })
    this.psql.on('close', () => this.fail && this.fail(new Error(this.errors || 'psql ended')))
    this.set = {}
  }

  look () {
    const end = this.output.indexOf('\n-- done --\n')
    if (end < 0) return
    const answer = this.output.slice(0, end)
    this.output = this.output.slice(end + 12)
    this.done(answer)
  }

  script (text) {
    return new Promise((resolve, reject) => {
      this.done = resolve
      this.fail = reject
      this.psql.stdin.write(text + '\n\\echo\n\\echo -- done --\n')
    })
  }

  async settings (schema, workers, leader = 'on') {
    const wanted = { search_path: `${schema}, public`, max_parallel_workers_per_gather: workers, parallel_leader_participation: leader }
    for (const [name, value] of Object.entries(wanted)) {
      if (this.set[name] === value) continue
      await this.script(`SET ${name} = ${value};`)
      this.set[name] = value
    }
  }

  async ask (sql) { return (await this.script(sql + ';')).trim() }

  async time (sql) {
    const text = await this.script(`\\o /dev/null\n\\timing on\n${sql};\n\\timing off\n\\o`)
    return Number(/Time: ([0-9.]+) ms/.exec(text)[1])
  }

  end () { this.fail = null; this.psql.stdin.end() }
}

let other                                   // a session on the other PostgreSQL, if there is one
const ON_OTHER = '@'                        // at the end of a statement's name: its times there

// --- the others, in this process, on tables of their own in memory

class DuckDB {
  static async open () {
    const { DuckDBInstance } = require('@duckdb/node-api')
    const self = new DuckDB()
    self.connection = await (await DuckDBInstance.create(':memory:')).connect()
    await self.connection.run(`SET threads = ${THREADS}`)
    return self
  }

  async load (schema, file) {
    await this.connection.run(`CREATE SCHEMA ${schema}`)
    await this.connection.run(`CREATE TABLE ${schema}.event AS SELECT deal, kind, to_timestamp("at") AS "at"
      FROM read_csv('${file}', columns = {'deal': 'BIGINT', 'kind': 'VARCHAR', 'at': 'BIGINT'}, delim = '\t', header = false)`)
    await this.connection.run(`CREATE TYPE ${schema}.kind AS ENUM (SELECT DISTINCT kind FROM ${schema}.event)`)
    await this.connection.run(`CREATE TABLE ${schema}.event_enum AS SELECT deal, kind::${schema}.kind AS kind, "at" FROM ${schema}.event`)
  }

  async ask (sql, schema) {
    await this.connection.run(`SET schema = '${schema}'`)
    return (await this.connection.runAndReadAll(sql)).getRows().map(row => row.join(',')).join('\n')
  }

  async version () { return 'DuckDB ' + (await this.ask('SELECT version()', 'main')).replace(/^v/, '') }
}

class ClickHouse {
  static async open () {
    const { Session } = require('chdb')
    const self = new ClickHouse()
    self.session = new Session()
    return self
  }

  async load (schema, file) {
    const run = sql => this.session.query(sql, 'TabSeparated')
    run(`CREATE DATABASE ${schema}`)
    run(`CREATE TABLE ${schema}.event (deal UInt64, kind LowCardinality(String), at DateTime) ENGINE = Memory`)
    run(`INSERT INTO ${schema}.event SELECT * FROM file('${file}', TabSeparated, 'deal UInt64, kind String, at UInt32')`)
    run(`CREATE TABLE ${schema}.history (deal UInt64, kinds Array(LowCardinality(String)), ats Array(DateTime)) ENGINE = Memory`)
    run(`INSERT INTO ${schema}.history SELECT deal, groupArray(kind), groupArray(at) FROM (SELECT * FROM ${schema}.event ORDER BY deal, at, kind) GROUP BY deal`)
  }

  async ask (sql, schema) {
    const text = sql.replace(/FROM (event|history)\b/g, `FROM ${schema}.$1`)
    return String(this.session.query(`${text} SETTINGS max_threads = ${THREADS}`, 'CSV')).trim()
  }

  async version () { return 'ClickHouse ' + (await this.ask('SELECT version()', 'default')).replace(/"/g, '') }
}

const engines = {}                          // by name; a string says why there is none
async function open (name, schemas) {
  if (engines[name] !== undefined) return
  if (!fs.existsSync(path.join(env.NODE_PATH, { duckdb: '@duckdb/node-api', clickhouse: 'chdb' }[name]))) {
    engines[name] = 'not installed'
    return
  }
  say(`loading ${name}`)
  try {
    const engine = await { duckdb: DuckDB, clickhouse: ClickHouse }[name].open()
    for (const schema of schemas) await engine.load(schema, path.join(env.BENCH_DIR, `event-${schema}.tsv`))
    engines[name] = engine
  } catch (error) {
    engines[name] = String(error.message).split('\n')[0]
    say(`${name} cannot be had: ${engines[name]}`)
  }
}

// --- measuring

const sorted = values => [...values].sort((a, b) => a - b)
const median = values => {
  const s = sorted(values)
  return (s[(s.length - 1) >> 1] + s[s.length >> 1]) / 2
}
const available = statement => !statement.engine || typeof engines[statement.engine] === 'object'

async function time (psql, statement, schema) {
  if (statement.before) await psql.script(statement.before)
  if (!statement.engine) return psql.time(statement.sql)
  const start = process.hrtime.bigint()
  await engines[statement.engine].ask(statement.sql, schema)
  return Number(process.hrtime.bigint() - start) / 1e6
}

// Every answer, under one name of the group or under the statement's own, must be the same.
async function check (psql, group, schema) {
  if (group.check) {
    const wrong = await psql.ask(group.check)
    if (wrong !== '0') throw new Error(`${group.name}: ${wrong} wrong answers of: ${group.check}`)
  }
  const answers = {}
  for (const [name, statement] of Object.entries(group.statements)) {
    if (statement.answer === false || !available(statement)) continue
    const sql = statement.check || statement.sql
    if (statement.before) for (const session of other ? [psql, other] : [psql]) await session.script(statement.before)
    const given = statement.engine ? [await engines[statement.engine].ask(sql, schema)] : [await psql.ask(sql)]
    if (other && !statement.engine) given.push(await other.ask(sql))
    const same = statement.answer || (/days/i.test(name) ? 'days' : 'all')
    for (const answer of given) {
      answers[same] ??= { name, answer }
      if (answer === '' || answers[same].answer !== answer) {
        throw new Error(`${group.name}: ${name} answers\n${answer}\nbut ${answers[same].name}\n${answers[same].answer}`)
      }
    }
  }
  return Object.fromEntries(Object.entries(answers).map(([k, v]) => [k, v.answer]))
}

// In turn, so that whatever else the machine does meets all alike. Without warm, a first run is not counted.
async function measure (psql, members, warm, job) {
  const times = Object.fromEntries(Object.keys(members).map(name => [name, []]))
  for (let run = warm ? 1 : 0; run <= RUNS; run++) {
    say(run > 0 ? `${job}: round ${run} of ${RUNS}` : `${job}: a first round, which is not counted`)
    for (const [name, { statement, schema, workers, leader, on = psql }] of Object.entries(members)) {
      if (!available(statement)) continue
      await on.settings(schema, workers, leader)
      const ms = await time(on, statement, schema)
      if (run > 0) times[name].push(ms)
    }
  }
  return times
}

const steps = {
  // a group beside its peers
  async beside (psql, group) {
    for (const { engine } of Object.values(group.statements)) if (engine) await open(engine, ['whole'])
    await psql.settings('whole', WORKERS)
    if (other) await other.settings('whole', WORKERS)
    say(`${group.name}: checking`)
    const answers = await check(psql, group, 'whole')
    const seen = JSON.stringify(answers)
    say(`${group.name}: equal, ${seen.length > 200 ? seen.slice(0, 200) + '...' : seen}`)
    const busy = await othersBusy()
    if (busy > 5) say(`the machine is ${busy.toFixed(0)} % busy with other things`)
    const members = Object.entries(group.statements).flatMap(([name, statement]) => {
      const member = { statement, schema: 'whole', workers: WORKERS }
      return other && !statement.engine ? [[name, member], [name + ON_OTHER, { ...member, on: other }]] : [[name, member]]
    })
    const times = await measure(psql, Object.fromEntries(members), true, group.name)
    const plans = {}
    for (const [name, { engine, sql }] of Object.entries(group.statements)) {
      if (!engine) plans[name] = Number(/Workers Planned: (\d+)/.exec(await psql.ask('EXPLAIN ' + sql))?.[1] || 0)
    }
    return { times, plans, busy }
  }
}

const jobName = (group, name) => `${group} ${name}`.replace(' ours', '')
const VARIANTS = [
  { name: 'none', schema: 'whole', workers: 0 },
  { name: 'one', schema: 'whole', workers: 1, title: 'leader and one worker' },
  { name: 'two', schema: 'whole', workers: 2, leader: 'off', title: 'two workers, the leader only gathers' },
  { name: 'both', schema: 'whole', workers: 2, title: 'leader and two workers' }
]

// Ours alone: on a tenth of the data, and with two workers beside none.
async function alone (psql, step, variants) {
  const times = results[step]?.times || {}
  const some = groups.some(named)
  for (const group of groups.filter(g => g.scale && !(g.serial && step === 'workers') && (!some || named(g)))) {
    for (const name of group.scale) {
      const job = jobName(group.name, name)
      const statement = group.statements[name]
      times[job] = await measure(psql, Object.fromEntries(variants.map(v => [v.name, { statement, ...v }])), false, `${step}, ${job}`)
      say(`${step}, ${job}: ` + variants.map(v => `${v.name} ${median(times[job][v.name]).toFixed(1)} ms`).join(', '))
    }
  }
  keep(step, { times })
}

const results = fs.existsSync(RESULTS) ? JSON.parse(fs.readFileSync(RESULTS)) : {}
function keep (name, value) {
  results[name] = { ...value, runs: RUNS, at: new Date().toISOString() }
  fs.writeFileSync(RESULTS, JSON.stringify(results, null, 1))
}

// The share of the processors that others use: figures of a busy machine are worth little.
async function othersBusy () {
  const ticks = () => {
    const t = os.cpus().map(cpu => cpu.times)
    return { idle: t.reduce((sum, c) => sum + c.idle, 0), all: t.reduce((sum, c) => sum + c.user + c.nice + c.sys + c.irq + c.idle, 0) }
  }
  const before = ticks()
  await new Promise(resolve => setTimeout(resolve, 500))
  const after = ticks()
  return 100 * (1 - (after.idle - before.idle) / (after.all - before.all))
}

// --- the table

const number = n => n >= 1e6 ? (n / 1e6).toFixed(1).replace(/\.0$/, '') + ' M' : n.toLocaleString('en')
const sized = (text, counts) => text.replace(/\{(\w+)\}/g, (_, what) => number(counts[what]))
const ratioOf = r => r >= 10 ? r.toFixed(1) : r >= 1 ? r.toFixed(2) : r.toFixed(3)
const ms = t => t >= 1000 ? (t / 1000).toFixed(2) + ' s' : t.toFixed(t >= 100 ? 0 : 1) + ' ms'

function line (job, peer, ours, theirs, atMost, counts, note, there = '') {
  if (!theirs || !theirs.length) return `| ${sized(job, counts)} | ${sized(peer, counts)} | ${atMost ?? ''} | | | ${note || ''} | |${there}`
  const ratio = median(ours) / median(theirs)
  const ratios = sorted(ours.map((t, i) => t / theirs[i]))
  const verdict = atMost == null ? '' : ratio <= atMost ? 'met' : '**missed**'
  return `| ${sized(job, counts)} | ${sized(peer, counts)} | ${atMost ?? ''} | **${ratioOf(ratio)}** | ${ratioOf(ratios[0])} - ${ratioOf(ratios.at(-1))} | ${ms(median(ours))} / ${ms(median(theirs))} | ${verdict} |${there}`
}

// The same on the other PostgreSQL; a peer that is no PostgreSQL is the same there.
function onOther (times, ours, theirs) {
  const [mine, peers] = [times[ours + ON_OTHER], times[theirs + ON_OTHER] || times[theirs]]
  return mine?.length && peers?.length ? ` ${ratioOf(median(mine) / median(peers))}: ${ms(median(mine))} / ${ms(median(peers))} |` : ' |'
}

function table () {
  const counts = results.counts
  const both = groups.some(group => Object.keys(results[group.name]?.times || {}).some(name => name.endsWith(ON_OTHER)))
  const lines = ['| job | against | at most | measured | lowest - highest | ours / theirs | |', '|---|---|---|---|---|---|---|']
  if (both) [` on ${results.other} |`, '---|'].forEach((end, i) => { lines[i] += end })
  for (const group of groups) {
    const result = results[group.name]
    if (!result) continue
    for (const [job, ours, peer, theirs, atMost] of group.rows) {
      if (group.sizes) {
        const ratio = result.bytes[ours] / result.bytes[theirs]
        lines.push(`| ${sized(job, counts)} | ${peer} | ${atMost} | **${ratioOf(ratio)}** | | ${number(result.bytes[ours])}B / ${number(result.bytes[theirs])}B | ${ratio <= atMost ? 'met' : '**missed**'} |${both ? ' |' : ''}`)
      } else {
        lines.push(line(job, peer, result.times[ours], result.times[theirs], atMost, counts, engines[group.statements[theirs].engine], both ? onOther(result.times, ours, theirs) : ''))
      }
    }
  }
  for (const [job, times] of Object.entries(results.scale?.times || {})) {
    lines.push(line(`${job}: ten times the data`, 'a tenth of it', times.whole, times.tenth, /count| sql/.test(job) ? null : 11, counts, '', both ? ' |' : ''))
  }
  const serial = groups.map(g => [g.name, Object.entries(results[g.name]?.plans || {}).filter(([, workers]) => workers === 0).map(([name]) => name)])
    .filter(([, names]) => names.length).map(([group, names]) => `${group} (${names.join(', ')})`)
  if (results.workers) {
    lines.push('', `| job | no worker | ${VARIANTS.slice(1).map(v => v.title).join(' | ')} |`, '|---|---|' + '---|'.repeat(VARIANTS.length - 1))
    for (const [job, times] of Object.entries(results.workers.times)) {
      const none = median(times.none)
      lines.push(`| ${job} | ${ms(none)} | ${VARIANTS.slice(1).map(({ name }) => `${ms(median(times[name]))}: **${ratioOf(median(times[name]) / none)}**`).join(' | ')} |`)
    }
  }
  const busy = Math.max(...groups.map(g => results[g.name]?.busy || 0))
  if (busy > 5) lines.push('', `The machine had other things to do: they took up to ${busy.toFixed(0)} % of the processors when a job began.`)
  if (WORKERS > 0 && serial.length) lines.push('', `Planned without workers, for the planner thought so or could not: ${serial.join('; ')}.`)
  return lines.join('\n')
}

// Of each group the peers that stand in the picture, with short names.
const PICTURED = {
  funnel: [['funnel, stored histories', 'stored', 'plain SQL', 'sql'], ['', 'stored', 'DuckDB, raw events', 'duckdb'], ['', 'stored', 'ClickHouse, raw events', 'clickhouse'],
    ['', 'stored', 'ClickHouse, stored arrays', 'clickhouseArrays'], ['funnel, raw events', 'raw', 'plain SQL', 'sql'], ['', 'raw', 'DuckDB', 'duckdb'], ['', 'raw', 'ClickHouse', 'clickhouse']],
  build: [['building histories', 'ours', 'array_agg, sorted', 'sql']],
  rate: [['rate_agg', 'ours', 'count(*) FILTER', 'sql']],
  duration: [['median of durations', 'ours', 'percentile_cont', 'sql'], ['median of whole days', 'days', 'percentile_cont', 'sqlDays']],
  win: [['wins by competitor', 'ours', 'unnest, GROUP BY', 'sql']],
  money: [['amount_agg', 'ours', 'avg and stddev', 'sql']]
}

function picture () {
  const rows = []
  for (const [group, pairs] of Object.entries(PICTURED)) {
    const times = results[group]?.times
    for (const [job, ours, peer, theirs] of pairs) {
      if (!times?.[theirs]?.length) continue
      const ratios = sorted(times[ours].map((t, i) => t / times[theirs][i]))
      rows.push({ job, peer, ratio: median(times[ours]) / median(times[theirs]), low: ratios[0], high: ratios.at(-1) })
    }
  }
  return chart.svg(rows)
}

// --- all of it

async function main () {
  const psql = new Psql()
  const wanted = step => JOBS.length === 0 || JOBS.includes(step)
  const apart = ['scale', 'workers', 'profile'].some(wanted)    // then the names say of which groups
  if (env.BESIDE_HOST) other = new Psql(env.BESIDE_HOST)
  say('reading everything into memory')
  for (const session of other ? [psql, other] : [psql]) {
    await session.settings('whole', WORKERS)
    await session.ask("SELECT pg_prewarm(oid) FROM pg_class WHERE relkind IN ('r', 't') AND relnamespace IN ('whole'::regnamespace, 'tenth'::regnamespace)")
  }
  const count = async sql => Number(await psql.ask(sql))
  results.counts = {
    deals: await count('SELECT count(*) FROM deal'),
    events: await count('SELECT count(*) FROM event'),
    cycles: await count('SELECT count(*) FROM cycle'),
    summaries: await count('SELECT count(*) FROM funnel'),
    large: await count('SELECT count(*) FROM funnel_large')
  }
  for (const group of groups.filter(group => JOBS.length === 0 || (named(group) && !apart))) {
    if (group.sizes) {
      const bytes = {}
      for (const [name, sql] of Object.entries(group.sizes)) bytes[name] = await count('SELECT ' + sql)
      keep(group.name, { bytes })
    } else {
      keep(group.name, await steps.beside(psql, group))
    }
    say(`${group.name}: measured`)
  }
  if (wanted('scale')) await alone(psql, 'scale', ['whole', 'tenth'].map(schema => ({ name: schema, schema, workers: WORKERS })))
  if (wanted('workers')) await alone(psql, 'workers', VARIANTS)
  if (JOBS.includes('profile')) {
    await psql.settings('whole', 0)
    const some = groups.filter(named)
    const heaviest = [['funnel', 'stored'], ['funnel', 'raw'], ['build', 'ours']]
    const names = some.length ? some.flatMap(group => group.scale.map(name => [group.name, name])) : heaviest
    const jobs = names.map(([group, name]) => [jobName(group, name), groups.find(g => g.name === group).statements[name].sql])
    keep('profile', { text: await profile.measure(psql, jobs, env.BENCH_DIR, say) })
  }
  if (wanted('memory')) keep('memory', await memory.measure(() => new Psql(), 'whole', results.counts.deals, say))
  const versions = [(await psql.ask('SELECT version()')).split(' on ')[0]]
  if (other) {
    results.other = (await other.ask('SELECT version()')).split(' on ')[0].replace(/ \(.*/, '')
    versions.push(results.other)
  }
  for (const engine of Object.values(engines)) if (typeof engine === 'object') versions.push(await engine.version())
  results.versions = [...new Set([...(results.versions || []), ...versions])]
  keep('settings', { text: await psql.ask("SELECT string_agg(name || ' = ' || current_setting(name), ', ' ORDER BY name) FROM pg_settings WHERE name IN ('shared_buffers', 'work_mem', 'hash_mem_multiplier', 'jit', 'max_parallel_workers', 'fsync', 'autovacuum')") })
  psql.end()
  if (other) other.end()

  const cpu = os.cpus()
  const gib = Math.round(os.totalmem() / 2 ** 30)
  console.log(`${new Date().toISOString().slice(0, 10)}, ${cpu[0].model}, ${cpu.length} cores, ${gib} GiB; ${results.versions.join(', ')}.`)
  console.log(`${number(results.counts.deals)} deals, ${number(results.counts.events)} events, ${number(results.counts.cycles)} cycles; medians of ${RUNS} runs with a warm cache, all statements of a job in turn; ` +
    `max_parallel_workers_per_gather = ${WORKERS}, ${THREADS} threads for the others; ${results.settings.text}.\n`)
  console.log(table())
  if (results.profile) console.log('\n```text\n' + results.profile.text + '\n```')
  if (results.memory) console.log('\n' + memory.table(results.memory))
  if (env.CHART) fs.writeFileSync(env.CHART, picture())
  say('done')
  process.exit(0)
}

main().catch(error => {
  console.error(`FAILED: ${error.message}`)
  process.exit(1)
})
