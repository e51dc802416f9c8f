// The jobs of the benchmark: statements that must give the same answer, and the ratios asked of them.
//
// A group is measured together, statement by statement in turn. A row compares two of its statements.

'use strict'

const STAGES = ['lead', 'mql', 'sql', 'opportunity', 'won']
const AS_OF = '2026-01-01Z'                 // the generator writes nothing from here on
const EVER = 20 * 365 * 86400               // windowFunnel must have a window

// --- funnels: deals that reached each stage

const reached = (from, funnel) =>
  `SELECT string_agg(reached::text, ',' ORDER BY step) FROM (SELECT ${funnel} AS f FROM ${from}) AS x, steps(f)`

const conditions = STAGES.map((_, i) => STAGES.slice(1, i + 1).map((stage, j) => `"${stage}" >= "${STAGES[j]}"`).join(' AND ') || '"lead" IS NOT NULL')
const byHand = `SELECT ${conditions.map(c => `count(*) FILTER (WHERE ${c})`).join(', ')}
  FROM (SELECT deal, ${STAGES.map(s => `min("at") FILTER (WHERE kind = '${s}') AS "${s}"`).join(', ')}
    FROM event WHERE kind IN (${STAGES.map(s => `'${s}'`).join(', ')}) GROUP BY deal) AS d`

const depths = from => `SELECT ${STAGES.map((_, i) => `countIf(depth > ${i})`).join(', ')} FROM (${from})`
const windowFunnel = depths(`SELECT windowFunnel(${EVER})(at, ${STAGES.map(s => `kind = '${s}'`).join(', ')}) AS depth
  FROM event WHERE kind IN (${STAGES.map(s => `'${s}'`).join(', ')}) GROUP BY deal`)
const windowFunnelArrays = depths(`SELECT arrayReduce('windowFunnel(${EVER})', ats, ${STAGES.map(s => `arrayMap(k -> k = '${s}', kinds)`).join(', ')}) AS depth FROM history`)

const funnel = {
  name: 'funnel',
  scale: ['stored', 'raw', 'floor', 'countHistories', 'countEvents'],
  statements: {
    stored: { sql: reached('history', `funnel_agg(deal_progress(history, as_of => '${AS_OF}'))`) },
    raw: { sql: reached('event', `funnel_agg(deal, kind, at, '{${STAGES}}')`) },
    sql: { sql: byHand },
    duckdb: { engine: 'duckdb', sql: byHand },
    duckdbEnum: { engine: 'duckdb', sql: byHand.replace('FROM event', 'FROM event_enum') },
    clickhouse: { engine: 'clickhouse', sql: windowFunnel },
    clickhouseArrays: { engine: 'clickhouse', sql: windowFunnelArrays },
    amounts: { sql: reached('history', `funnel_agg(deal_progress(history, as_of => '${AS_OF}'), amount)`) },
    teams: { sql: `SELECT string_agg(reached::text, ',' ORDER BY step) FROM (SELECT step, sum(reached) AS reached
      FROM (SELECT funnel_agg(deal_progress(history, as_of => '${AS_OF}')) AS f FROM history GROUP BY team) AS x, steps(f) GROUP BY step) AS y` },
    floor: { sql: 'SELECT count(history) FROM history', answer: false },
    countHistories: { sql: 'SELECT count(*) FROM history', answer: false },
    countEvents: { sql: 'SELECT count(*) FROM event', answer: false }
  },
  rows: [
    ['funnel over {deals} stored histories', 'stored', '`count(*)` of the same table', 'countHistories', 3.2],
    ['', 'stored', 'ClickHouse `windowFunnel` over stored arrays', 'clickhouseArrays', 0.8],
    ['', 'stored', 'ClickHouse `windowFunnel` over raw events', 'clickhouse', 0.3],
    ['', 'stored', 'DuckDB over raw events', 'duckdb', 0.25],
    ['', 'stored', 'plain SQL over raw events', 'sql', 0.05],
    ['the floor: a transition that does nothing', 'floor', '`count(*)` of the same table', 'countHistories', null],
    ['funnel of each of 64 teams', 'teams', 'one funnel of all', 'stored', null],
    ['funnel with amounts', 'amounts', 'the funnel without', 'stored', 1.15],
    ['funnel over {events} raw events', 'raw', 'plain SQL', 'sql', 0.15],
    ['', 'raw', 'DuckDB', 'duckdb', 0.75],
    ['', 'raw', 'DuckDB, `kind` an ENUM', 'duckdbEnum', null],
    ['', 'raw', 'ClickHouse `windowFunnel`', 'clickhouse', 0.95],
    ['', 'raw', '`count(*)` of the same table', 'countEvents', null]
  ]
}

// --- histories: build and size

const build = {
  name: 'build',
  scale: ['ours', 'sql'],
  // every kind of every deal, in order
  check: `SELECT count(*) FROM (SELECT deal, history_agg(kind, at) AS history, array_agg(kind ORDER BY at, kind COLLATE "C") AS kinds FROM event GROUP BY deal) AS d
    WHERE (SELECT array_agg(kind(e) ORDER BY n) FROM events(history) WITH ORDINALITY AS x(e, n)) IS DISTINCT FROM kinds`,
  statements: {
    ours: { sql: 'SELECT count(history) FROM (SELECT deal, history_agg(kind, at) AS history FROM event GROUP BY deal) AS d' },
    sql: { sql: 'SELECT count(kinds) FROM (SELECT deal, array_agg(kind ORDER BY at) AS kinds FROM event GROUP BY deal) AS d' }
  },
  rows: [['building {deals} histories', 'ours', '`array_agg(kind ORDER BY at)` per deal', 'sql', 1.0]]
}

// written into a table with a primary key; `before` is not timed
const followed = `SELECT untrack_histories(target) FROM tracked_histories; DROP TABLE IF EXISTS followed;
  SELECT track_histories('event', 'followed', 'deal', 'kind', 'at');`
const refreshed = 'SELECT deals_refreshed, deals_failed FROM refresh_histories'

const refresh = {
  name: 'refresh',
  statements: {
    first: { before: followed, sql: `${refreshed}('followed')`, answer: 'first' },
    full: { sql: `${refreshed}('followed', full => true)`, answer: 'full' },
    sql: {
      before: 'DROP TABLE IF EXISTS by_hand; CREATE TABLE by_hand (deal bigint PRIMARY KEY, kinds text[], made_at timestamptz);',
      sql: 'INSERT INTO by_hand SELECT deal, array_agg(kind ORDER BY at), now() FROM event GROUP BY deal', answer: false
    }
  },
  rows: [
    ['first `refresh_histories` of {deals}, written with a primary key', 'first', '`INSERT ... SELECT deal, array_agg(kind ORDER BY at)`', 'sql', null],
    ['`refresh_histories(full => true)` of all that', 'full', 'the same', 'sql', 0.35]
  ]
}

const size = {
  name: 'size',
  sizes: { ours: "pg_table_size('history')", sql: "pg_relation_size('event')" },
  rows: [['stored histories with a deal, a team and an amount, size', 'ours', 'heap of the events they hold', 'sql', 0.4]]
}

// --- rates, durations, wins

const rate = {
  name: 'rate',
  scale: ['ours'],
  statements: {
    ours: { sql: 'SELECT successes(r), total(r) FROM (SELECT rate_agg(won) AS r FROM cycle) AS x' },
    sql: { sql: 'SELECT count(*) FILTER (WHERE won), count(*) FROM cycle' }
  },
  rows: [['`rate_agg(x)` over {cycles} rows', 'ours', '`count(*) FILTER (WHERE x)` with `count(*)`', 'sql', 1.2]]
}

const duration = {
  name: 'duration',
  scale: ['ours', 'days'],
  statements: {
    ours: { sql: "SELECT median(duration_agg(started_at, ended_at, '2100-01-01Z')) FROM cycle" },
    sql: { sql: "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY floor(date_part('epoch', ended_at - started_at) / 86400)) FROM cycle" },
    days: { sql: 'SELECT median(duration_agg(days, true)) FROM cycle' },
    sqlDays: { sql: 'SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY days) FROM cycle' }
  },
  rows: [
    ['`median(duration_agg(start, end, as_of))` over {cycles}', 'ours', '`percentile_cont(0.5)` of whole days', 'sql', 0.3],
    ['`median(duration_agg(days, true))` over {cycles}', 'days', '`percentile_cont(0.5)` of the same column', 'sqlDays', 0.3]
  ]
}

const win = {
  name: 'win',
  scale: ['ours'],
  statements: {
    ours: { sql: "SELECT string_agg(concat_ws(':', competitor, considered, won, lost), ',' ORDER BY competitor COLLATE \"C\") FROM (SELECT win_agg(won, competitors) AS w FROM deal) AS x, competitors(w)" },
    sql: {
      sql: `SELECT string_agg(concat_ws(':', competitor, considered, won, lost), ',' ORDER BY competitor COLLATE "C")
        FROM (SELECT competitor, count(*) AS considered, count(*) FILTER (WHERE won) AS won, count(*) FILTER (WHERE NOT won) AS lost
          FROM deal, unnest(competitors) AS competitor GROUP BY competitor) AS x`
    }
  },
  rows: [['`win_agg(won, competitors)` over {deals}', 'ours', '`unnest` + `GROUP BY`', 'sql', 0.4]]
}

const money = {
  name: 'money',
  scale: ['ours'],
  statements: {
    ours: { sql: 'SELECT count(s), round(total(s), 2), round(std_dev(s)::numeric, 6) FROM (SELECT amount_agg(amount) AS s FROM cycle) AS x' },
    sql: { sql: 'SELECT n, round(n * mean, 2), round(deviation, 6) FROM (SELECT count(amount) AS n, avg(amount) AS mean, stddev(amount) AS deviation FROM cycle) AS x' }
  },
  rows: [['`amount_agg(amount)` over {cycles} rows', 'ours', '`avg(numeric)` with `stddev(numeric)`', 'sql', 1.3]]
}

const rollout = {
  name: 'rollout',
  scale: ['ours'],
  statements: {
    ours: { sql: 'SELECT sum(sum), sum(total) FROM (SELECT rollout_agg(team, adopted_on, month, won) AS r FROM cycle) AS x, cells(r)' },
    rate: { sql: 'SELECT successes(r), total(r) FROM (SELECT rate_agg(won) AS r FROM cycle) AS x' }
  },
  rows: [['`rollout_agg(team, adopted_on, month, won)` over {cycles} rows', 'ours', '`rate_agg(won)`', 'rate', 1.5]]
}

// --- stored summaries: together, and in a moving window

const SUMMARIES = {
  funnel: ['history', `funnel_agg(deal_progress(history, as_of => '${AS_OF}'))`, '{deals} stored histories'],
  win: ['deal', 'win_agg(won, competitors)', '{deals} deals'],
  rate: ['cycle', 'rate_agg(won)', '{cycles} cycles'],
  duration: ['cycle', "duration_agg(started_at, ended_at, '2100-01-01Z')", '{cycles} cycles']
}

const rollup = {
  name: 'rollup',
  scale: Object.keys(SUMMARIES),
  statements: {},
  rows: []
}
for (const [type, [from, aggregate, rows]] of Object.entries(SUMMARIES)) {
  rollup.statements[type] = { sql: `SELECT rollup(summary)::text FROM ${type}`, answer: type }
  rollup.statements[type + 'Anew'] = { sql: `SELECT ${aggregate}::text FROM ${from}`, answer: type }
  rollup.statements[type + 'Large'] = { sql: `SELECT rollup(summary)::text FROM ${type}_large`, answer: type }
  rollup.rows.push([`rollup of {summaries} stored \`${type}_summary\``, type, `recomputing from ${rows}`, type + 'Anew', null])
  rollup.rows.push([`rollup of {large} of them, of a thousand ${from === 'cycle' ? 'cycles' : 'deals'} each`, type + 'Large', `recomputing from ${rows}`, type + 'Anew', 0.05])
}
rollup.statements.funnelRaw = { sql: `SELECT funnel_agg(deal, kind, at, '{${STAGES}}', NULL, '${AS_OF}')::text FROM event`, answer: 'funnel' }
rollup.rows.splice(1, 0, ['', 'funnel', 'recomputing from {events} raw events', 'funnelRaw', null])

// window functions know no parallel plan; a group each, since recomputing takes long
const windows = Object.keys(SUMMARIES).map(type => {
  const over = filter => {
    const select = what => `SELECT ${what} FROM (SELECT rollup(summary) ${filter} OVER (ORDER BY id ROWS 89 PRECEDING) AS w FROM ${type}) AS x`
    return { sql: select('count(w)'), check: select('count(w), sum(hashtextextended(w::text, 0))') }
  }
  return {
    name: `window_${type}`,
    scale: ['ours'],
    serial: true,
    statements: { ours: over(''), anew: over('FILTER (WHERE random() >= 0)') },
    rows: [[`moving \`rollup\` of 90 \`${type}_summary\` over {summaries}`, 'ours', 'forced recomputation', 'anew', 0.1]]
  }
})

module.exports = { groups: [funnel, build, refresh, size, rate, duration, win, money, rollout, rollup, ...windows] }
