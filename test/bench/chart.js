// The picture of the benchmark: a row for each pair of statements, a dot at the ratio of their times on a logarithmic
// axis, and a bar from the lowest to the highest ratio of a round. Left of 1 the extension is the faster one.

'use strict'

const LEFT = 430
const RIGHT = 880
const ROW = 22
const TOP = 54
const LOWEST = 0.01
const HIGHEST = 10

const escaped = text => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/`/g, '')
const x = ratio => LEFT + (RIGHT - LEFT) * Math.log(Math.min(Math.max(ratio, LOWEST), HIGHEST) / LOWEST) / Math.log(HIGHEST / LOWEST)
const shown = ratio => ratio >= 1 ? ratio.toFixed(2) : ratio.toPrecision(2)

// rows: [{ job, peer, ratio, low, high }]; a job of '' is that of the row before
exports.svg = function (rows) {
  const height = TOP + rows.length * ROW + 14
  const parts = [`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 960 ${height}" width="960" role="img">
<title>Time of the extension as a multiple of the time of its peer</title>
<style>
text { font: 12px system-ui, sans-serif; fill: #24292f }
.peer { fill: #57606a } .mark { font-weight: 600 }
.grid { stroke: #d0d7de } .one { stroke: #57606a; stroke-dasharray: 4 3 }
.range { stroke: #54aeff; stroke-width: 5 } .dot { fill: #0550ae } .slower { fill: #bc4c00 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .peer { fill: #9198a1 } .grid { stroke: #3d444d } .one { stroke: #9198a1 } .range { stroke: #1f6feb } .dot { fill: #79c0ff } .slower { fill: #ffa657 }
}
</style>
<text x="${LEFT}" y="18" class="mark">Time as a multiple of the peer's: left of 1 the extension is faster</text>`]
  for (const tick of [0.01, 0.1, 1, 10]) {
    parts.push(`<line class="${tick === 1 ? 'one' : 'grid'}" x1="${x(tick)}" x2="${x(tick)}" y1="${TOP - 12}" y2="${height - 8}"/>`,
      `<text x="${x(tick)}" y="${TOP - 18}" text-anchor="middle">${tick}</text>`)
  }
  let job = ''
  rows.forEach((row, i) => {
    const y = TOP + i * ROW + ROW / 2
    if (row.job !== '' && row.job !== job) parts.push(`<text x="0" y="${y + 4}">${escaped(row.job)}</text>`)
    job = row.job || job
    parts.push(`<text x="${LEFT - 10}" y="${y + 4}" text-anchor="end" class="peer">${escaped(row.peer)}</text>`,
      `<line class="range" x1="${x(row.low).toFixed(1)}" x2="${x(row.high).toFixed(1)}" y1="${y}" y2="${y}"/>`,
      `<circle class="dot${row.ratio > 1 ? ' slower' : ''}" cx="${x(row.ratio).toFixed(1)}" cy="${y}" r="4.5"><title>${escaped(row.job || job)} against ${escaped(row.peer)}: ${shown(row.ratio)}</title></circle>`,
      `<text x="${RIGHT + 14}" y="${y + 4}" class="mark">${shown(row.ratio)}</text>`)
  })
  return parts.join('\n') + '\n</svg>\n'
}
