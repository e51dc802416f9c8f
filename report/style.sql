-- The style of the page, as a function of the session: one file, so that psql alone can read it from any directory.
CREATE FUNCTION pg_temp.style() RETURNS text LANGUAGE sql IMMUTABLE RETURN $css$
:root {
	color-scheme: light dark;
	--paper: #fff; --ink: #1b1f24; --soft: #505a64; --rule: #d5dae0; --field: #f4f6f8; --grid: #dfe3e8;
	--since: #0a64a4; --before: #68717b; --up: #0a64a4; --down: #b3400e; --none: #68717b; --two: #b3700e; --focus: #b3400e;
}
@media (prefers-color-scheme: dark) {
	:root {
		--paper: #14181d; --ink: #e7eaee; --soft: #a9b2bc; --rule: #343c45; --field: #1d2329; --grid: #2d343c;
		--since: #62b2f0; --before: #98a3ae; --up: #62b2f0; --down: #ff9c66; --none: #98a3ae; --two: #e3a548; --focus: #ff9c66;
	}
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
header, main, footer { max-width: 1060px; margin: 0 auto; padding: 0 20px; }
header { padding-top: 36px; }
h1 { font-size: clamp(1.55rem, 1rem + 2.2vw, 2.3rem); line-height: 1.18; letter-spacing: -.01em; margin: 0 0 12px; max-width: 26em; text-wrap: balance; }
h2 { font-size: 1.2rem; line-height: 1.3; margin: 0 0 8px; }
h3 { font-size: 1rem; margin: 20px 0 6px; }
p { margin: 0 0 10px; }
.lead { font-size: 1.16rem; line-height: 1.45; max-width: 46em; }
.data, .note, .key, figcaption, footer, dd { color: var(--soft); font-size: .88rem; }
.data { margin-bottom: 20px; }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(210px, 1fr)); gap: 14px; margin: 0 0 32px; padding: 0; }
.figures div { background: var(--field); border: 1px solid var(--rule); border-radius: 8px; padding: 12px 16px; }
.figures dt { font-size: .88rem; color: var(--soft); }
.figures dd { margin: 0; line-height: 1.4; }
.figures dd.big { color: var(--ink); font-size: 1.8rem; font-weight: 700; line-height: 1.25; letter-spacing: -.01em; white-space: nowrap; }
section { border-top: 1px solid var(--rule); padding: 24px 0 22px; }
section.pair, section.answer { display: grid; grid-template-columns: minmax(0, 5fr) minmax(0, 9fr); gap: 8px 36px; align-items: start; }
section.answer { grid-template-columns: minmax(0, 9fr) minmax(0, 6fr); }
figure { margin: 0; min-width: 0; }
figcaption { margin-top: 6px; }
ol.next { margin: 0; padding-left: 1.3em; }
ol.next li { margin-bottom: 10px; }
.key { margin: 0 0 6px; }
.key span { display: inline-block; margin-right: 16px; white-space: nowrap; }
.key span::before { content: ""; display: inline-block; width: 14px; height: 4px; border-radius: 2px; margin-right: 6px; vertical-align: middle; background: var(--before); }
.key .since::before { background: var(--since); }
.key .one::before { background: var(--since); height: 9px; }
.key .two::before { background: var(--two); height: 9px; }
.key .dots::before { width: 8px; height: 8px; border-radius: 50%; background: var(--paper); border: 1.5px solid var(--soft); }
.key .bar::before { background: var(--soft); }
dl.methods { margin: 0; columns: 2 320px; column-gap: 36px; }
dl.methods div { break-inside: avoid; margin-bottom: 12px; }
dl.methods dt { font-weight: 600; font-size: .93rem; }
dl.methods dd { margin: 0; }

svg { display: block; overflow: visible; max-width: 100%; }
text { font-size: 13px; fill: var(--ink); paint-order: stroke; stroke: var(--paper); stroke-width: 3px; stroke-linejoin: round; }
.tick { font-size: 12px; fill: var(--soft); font-variant-numeric: tabular-nums; }
.label, .strong { font-weight: 600; }
.start { text-anchor: start; } .middle { text-anchor: middle; } .end { text-anchor: end; }
.grid { stroke: var(--grid); } .axis { stroke: var(--soft); }
.reference { stroke: var(--ink); stroke-width: 1.2; stroke-dasharray: 4 3; }
.field { fill: var(--field); }
.before { --c: var(--before); } .since { --c: var(--since); } .up { --c: var(--up); } .down { --c: var(--down); } .none, .unsure, .unknown, .open { --c: var(--none); }
.interval { stroke: var(--c); stroke-width: 4; stroke-linecap: round; }
.mark { fill: var(--c); stroke: var(--paper); stroke-width: 1.5; }
.dot { fill: var(--paper); stroke: var(--c); stroke-width: 1.8; }
.whisker { stroke: var(--c); stroke-width: 1.3; }
.month { fill: var(--c); }
.open .month { fill: var(--paper); stroke: var(--c); stroke-width: 1.6; }
.open .whisker { stroke-dasharray: 2 3; }
.level { stroke: var(--c); stroke-width: 2.5; }
.curve { fill: none; stroke: var(--c); stroke-width: 2.2; vector-effect: non-scaling-stroke; }
.band { fill: var(--c); fill-opacity: .18; }
text.before, text.since { fill: var(--c); }
.one { fill: var(--since); } .two { fill: var(--two); }

details { border-top: 1px solid var(--rule); }
summary { cursor: pointer; padding: 9px 0; font-weight: 600; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; }
section.scroll { overflow-x: auto; margin-bottom: 16px; padding: 0; border: 0; }
table { border-collapse: collapse; font-size: .84rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); padding: 0 0 6px; }
th, td { padding: 4px 12px 4px 0; text-align: left; border-top: 1px solid var(--rule); white-space: nowrap; vertical-align: bottom; }
thead th { border-top: 0; white-space: normal; font-weight: 600; }
tbody th { font-weight: 400; }
.n { text-align: right; }
ul.checks { margin: 0; padding-left: 1.2em; }
footer { padding-top: 14px; padding-bottom: 44px; border-top: 1px solid var(--rule); }
@media (max-width: 860px) {
	section.pair, section.answer { grid-template-columns: minmax(0, 1fr); gap: 12px; }
}
@media (max-width: 480px) {
	header, main, footer { padding-left: 16px; padding-right: 16px; }
	.figures { grid-template-columns: 1fr 1fr; gap: 10px; }
	.figures div { padding: 10px 12px; }
	.figures dd.big { font-size: 1.45rem; }
	.lead { font-size: 1.06rem; }
}
@media print {
	@page { margin: 11mm 14mm; }
	:root {
		--paper: #fff; --ink: #000; --soft: #444; --rule: #bbb; --field: #f4f4f4; --grid: #ddd;
		--since: #0a64a4; --before: #68717b; --up: #0a64a4; --down: #b3400e; --none: #68717b; --two: #b3700e; --focus: #b3400e;
	}
	* { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
	html { font-size: 9.5pt; }
	body { font-size: 1rem; line-height: 1.4; }
	header, main, footer { max-width: none; padding: 0; }
	header { padding-top: 0; }
	section { padding: 9px 0; }
	.data, figure, p { margin-bottom: 6px; }
	ol.next li { margin-bottom: 5px; }
	dl.methods div { margin-bottom: 7px; }
	section.pair { grid-template-columns: minmax(0, 4fr) minmax(0, 8fr); gap: 4px 20px; }
	section.answer { grid-template-columns: minmax(0, 9fr) minmax(0, 6fr); gap: 4px 20px; }
	section.pair, section.answer, .figures, tr, li { break-inside: avoid; }
	.figures { grid-template-columns: repeat(4, 1fr); gap: 8px; margin-bottom: 14px; }
	.figures div { padding: 6px 9px; }
	.figures dd { font-size: .8rem; }
	.figures dd.big { font-size: 14pt; }
	h1 { font-size: 18pt; margin-bottom: 6px; }
	h2 { font-size: 12pt; break-after: avoid; }
	.lead { font-size: 11pt; }
	text, .tick { font-size: 11px; }
	details::details-content { content-visibility: visible; display: block; block-size: auto; }
	details { break-inside: avoid; }
	details.long { display: none; }
	summary { padding: 4px 0; list-style: none; }
	summary::-webkit-details-marker { display: none; }
	section.scroll { overflow: visible; margin-bottom: 6px; }
	table { font-size: 7.5pt; }
	th, td { padding: 1px 8px 1px 0; }
}
$css$;
