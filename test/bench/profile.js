// Where the time of the heaviest jobs goes: perf watches the backend while it works on a job again and again.

'use strict'
const { spawn, spawnSync } = require('child_process')
const path = require('path')

const SECONDS = 4
const SHOWN = 12

exports.measure = async function (psql, jobs, directory, say) {
  if (spawnSync('perf', ['--version']).status !== 0) return 'There is no perf here (linux-perf on Debian).'
  const pid = await psql.ask('SELECT pg_backend_pid()')
  const parts = []
  for (const [name, sql] of jobs) {
    const file = path.join(directory, 'perf.data')
    await psql.time(sql)
    const perf = spawn('perf', ['record', '-q', '-e', 'cpu-clock', '-F', '2000', '-p', pid, '-o', file], { stdio: 'ignore' })
    const ended = new Promise(resolve => perf.on('close', resolve))
    await new Promise(resolve => setTimeout(resolve, 500))
    const times = []
    for (const begun = Date.now(); Date.now() - begun < SECONDS * 1000;) times.push(await psql.time(sql))
    perf.kill('SIGINT')
    await ended
    const report = spawnSync('perf', ['report', '-i', file, '--stdio', '--no-children', '-g', 'none', '--percent-limit', '0.5', '-F', 'overhead,dso,sym'], { encoding: 'utf8', maxBuffer: 1 << 26 })
    const lines = report.stdout.split('\n').filter(line => /^\s+[0-9.]+%/.test(line)).slice(0, SHOWN)
    say(`profile: ${name}`)
    parts.push(`${name}: ${times.length} times, ${(times.reduce((a, b) => a + b) / times.length).toFixed(0)} ms each, one process\n` +
      lines.map(line => line.trim().replace(/\s+/g, ' ')).join('\n'))
  }
  return parts.join('\n\n')
}
