// deal_progress against windowFunnel on random histories. Started by the script `clickhouse`.
//
//   ordered + stop      windowFunnel(w)                     equal, ties and windows included
//   increasing + stop   windowFunnel(w, 'strict_increase')  equal where no instant holds two neighbouring
//                                                           stages; elsewhere windowFunnel may fall short,
//                                                           never go further (see doc/migration.md)
//
// And ClickHouse's answers that doc/migration.md prints, asked again: its SQL makes the tables event and clickhouse
// (deal by deal, 60 days), and small (history, stages, within, rule, clickhouse).

'use strict'
const { query } = require('chdb')
const { spawnSync } = require('child_process')
const fs = require('fs')
const os = require('os')
const path = require('path')

const CASES = Number(process.env.CASES || 20000)
const SHOWN = 10
const LABELS = ['a', 'b', 'c', 'd', 'e']
const WINDOWS = [0, 1, 2, 3, 5, 8, 1000000]
const START = 1767225600            // 2026-01-01 in seconds since 1970

let state = Number(process.env.SEED || 1) >>> 0
function random (below) {           // mulberry32
  state = (state + 0x6D2B79F5) >>> 0
  let t = state
  t = Math.imul(t ^ (t >>> 15), t | 1)
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
  return ((t ^ (t >>> 14)) >>> 0) % below
}

function randomCase (id) {
  const stages = 2 + random(4)
  const instants = [3, 6, 20][random(3)]
  const events = [['z', random(instants)]]    // of no stage, so that every case has a row
  for (let n = random(10) === 0 ? random(60) : random(13); n > 0; n--) {
    events.push([random(10) === 0 ? 'z' : LABELS[random(stages)], random(instants)])
  }
  return { id, stages, within: WINDOWS[random(WINDOWS.length)], events }
}

// does an instant hold two neighbouring stages?
function hasTies (c) {
  const seen = new Set(c.events.map(([kind, at]) => LABELS.indexOf(kind) + ' ' + at))
  return c.events.some(([kind, at]) => kind !== 'z' && seen.has((LABELS.indexOf(kind) + 1) + ' ' + at))
}

const cases = Array.from({ length: CASES }, (_, i) => randomCase(i + 1))
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'windowfunnel-'))
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }))

// --- ClickHouse: once on bare integers, once on DateTime

const file = path.join(folder, 'events')
fs.writeFileSync(file, cases.map(c =>
  c.events.map(([kind, at]) => [c.id, c.stages, c.within, kind, at].join('\t') + '\n').join('')).join(''))
const theirs = new Map()
for (let stages = 2; stages <= LABELS.length; stages++) {
  const conditions = LABELS.slice(0, stages).map(label => `kind = '${label}'`).join(', ')
  for (const within of WINDOWS) {
    const rows = query(
      `SELECT id, windowFunnel(${within})(at, ${conditions}), windowFunnel(${within}, 'strict_increase')(at, ${conditions}),
              windowFunnel(${within})(toDateTime(${START} + at, 'UTC'), ${conditions}),
              windowFunnel(${within}, 'strict_increase')(toDateTime(${START} + at, 'UTC'), ${conditions})
       FROM file('${file}', TabSeparated, 'id UInt32, stages UInt8, within UInt64, kind String, at UInt64')
       WHERE stages = ${stages} AND within = ${within} GROUP BY id`, 'TabSeparated')
    for (const line of String(rows).trim().split('\n')) {
      if (line === '') continue
      const [id, ...depths] = line.split('\t').map(Number)
      theirs.set(id, depths)
    }
  }
}

// --- PostgreSQL

fs.writeFileSync(path.join(folder, 'cases'), cases.map(c => [
  c.id, '{' + LABELS.slice(0, c.stages) + '}', c.within + ' seconds',
  '{' + c.events.map(([kind, at]) => `"(${kind},${new Date((START + at) * 1000).toISOString()},,)"`) + '}'
].join('\t') + '\n').join(''))
const call = mode => `depth(deal_progress(history, stages, within => within, mode => '${mode}', skipped => 'stop', exits => '{}', as_of => '2027-01-01'))`
const psql = spawnSync('psql', ['-X', '-q', '-A', '-t', '-F', '\t', '-v', 'ON_ERROR_STOP=1', '-f', '-'], {
  cwd: folder,
  encoding: 'utf8',
  maxBuffer: 1 << 28,
  input: `SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS enablement_metrics;
CREATE TEMP TABLE histories (id int, stages text[], within interval, history deal_history);
\\copy histories from 'cases'
SELECT id, ${call('ordered')}, ${call('increasing')} FROM histories;`
})
if (psql.status !== 0) {
  console.log('# ' + (psql.stderr || String(psql.error)))
  console.log('clickhouse: psql failed')
  process.exit(1)
}
const ours = new Map(psql.stdout.trim().split('\n').map(line => line.split('\t').map(Number)).map(([id, ...d]) => [id, d]))

// --- the page

const page = fs.readFileSync(path.join(__dirname, '..', '..', 'doc', 'migration.md'), 'utf8')
const tables = "SET timezone = 'UTC';" + (page.match(/^```sql\n[^]*?^```/gm) || [])
  .flatMap(block => block.slice(7, -3).split(/;\s*$/m))
  .filter(statement => /^\s*(CREATE TABLE|INSERT INTO) (event|clickhouse|small)\b/.test(statement))
  .map(statement => statement.replace('CREATE TABLE', 'CREATE TEMP TABLE') + ';').join('')
function fromPage (select) {
  const run = spawnSync('psql', ['-X', '-q', '-A', '-t', '-F', '\t', '-v', 'ON_ERROR_STOP=1', '-f', '-'], { encoding: 'utf8', input: `${tables}\n${select}` })
  if (run.status !== 0) {
    console.log('# ' + (run.stderr || String(run.error)))
    console.log('clickhouse: psql failed on doc/migration.md')
    process.exit(1)
  }
  return run.stdout.trim().split('\n').map(line => line.split('\t'))
}
const ask = sql => String(query(sql, 'TabSeparated')).trim().split('\n').map(line => line.split('\t'))

const stale = []
fs.writeFileSync(path.join(folder, 'event'), fromPage('SELECT deal, kind, extract(epoch FROM at)::bigint FROM event;').map(row => row.join('\t') + '\n').join(''))
const answers = new Map(ask(`SELECT deal, windowFunnel(5184000)(toDateTime(at), kind = 'lead', kind = 'mql', kind = 'opportunity', kind = 'won')
  FROM file('${path.join(folder, 'event')}', TabSeparated, 'deal String, kind String, at UInt64') GROUP BY deal`))
const printed = fromPage('SELECT deal, depth FROM clickhouse;')
for (const [deal, depth] of printed) {
  if (answers.get(deal) !== depth) stale.push(`${deal}: the page says ${depth}, ClickHouse ${answers.get(deal)}`)
}
if (printed.length !== answers.size) stale.push(`${printed.length} answers for ${answers.size} deals`)
const small = fromPage("SELECT history, array_to_string(stages, ','), within, rule, clickhouse FROM small;")
for (const [history, stages, within, rule, depth] of small) {
  fs.writeFileSync(path.join(folder, 'small'), history.split(' ').map(e => e[0] + '\t' + e.slice(1) + '\n').join(''))
  const conditions = stages.split(',').map(label => `kind = '${label}'`).join(', ')
  const [[answer]] = ask(`SELECT windowFunnel(${within}${rule && `, '${rule}'`})(at, ${conditions}) FROM file('${path.join(folder, 'small')}', TabSeparated, 'kind String, at UInt64')`)
  if (answer !== depth) stale.push(`${history} over ${stages}, within ${within} ${rule}: the page says ${depth}, ClickHouse ${answer}`)
}
stale.forEach(text => console.log(`#   doc/migration.md, ${text}`))
console.log(`# doc/migration.md: ${printed.length + small.length} answers of ClickHouse, ${stale.length} of them stale`)

// --- the comparison

const show = c => c.events.filter(e => e[0] !== 'z').sort((x, y) => x[1] - y[1]).map(e => e.join('')).join(' ')
const wrong = []
let tied = 0
const short = []
for (const c of cases) {
  const [ordered, increasing] = ours.get(c.id) || []
  const [ch, chStrict, chDate, chStrictDate] = theirs.get(c.id) || []
  const fail = (mode, got, expected) => wrong.push({ c, text: `${mode}: deal_progress ${got}, windowFunnel ${expected}` })
  if (ordered === undefined || ch === undefined) fail('unanswered', ordered, ch)
  if (ordered !== ch) fail('ordered', ordered, ch)
  if (ordered !== chDate) fail('ordered, DateTime', ordered, chDate)
  if (chStrict !== chStrictDate) fail('DateTime and integers differ', chStrictDate, chStrict)
  if (!hasTies(c)) {
    if (increasing !== chStrict) fail('increasing', increasing, chStrict)
  } else {
    tied++
    if (increasing < chStrict) fail('increasing, ties', increasing, chStrict)
    if (increasing > chStrict) short.push(c)
  }
}
wrong.sort((x, y) => x.c.events.length - y.c.events.length)
short.sort((x, y) => x.events.length - y.events.length)
for (const { c, text } of wrong.slice(0, SHOWN)) {
  console.log(`#   ${text}: ${show(c)} over ${LABELS.slice(0, c.stages)}, within ${c.within}`)
}
console.log(`# chdb with ClickHouse ${String(query('SELECT version()', 'TabSeparated')).trim()}`)
console.log(`# increasing, two neighbouring stages at one instant: ${tied} histories, in ${short.length} of them windowFunnel falls short` +
  (short.length ? `, as in ${show(short[0])} over ${LABELS.slice(0, short[0].stages)}, within ${short[0].within}: ${theirs.get(short[0].id)[1]}, not ${ours.get(short[0].id)[1]}` : ''))
console.log(`clickhouse: ${cases.length} histories, ${wrong.length} disagreements`)
process.exit(wrong.length || stale.length ? 1 : 0)
