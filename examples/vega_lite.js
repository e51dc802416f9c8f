// A Vega-Lite chart from a view of the report, by node-postgres:
//
//     npm install pg
//     node examples/vega_lite.js [schema] > conversion.vl.json
//
// It connects by the PG* variables. Any viewer of Vega-Lite draws the file, such as https://vega.github.io/editor.
'use strict';

const { Client, types } = require('pg');

// Counts are bigint, which node-postgres hands over as text, because a bigint can be larger than a number of
// JavaScript holds exactly (2^53). Counts of deals are far from that. Dates stay text, so that no time zone moves them.
types.setTypeParser(types.builtins.INT8, (text) => {
	const number = Number(text);
	if (!Number.isSafeInteger(number)) throw new RangeError(`${text} is too large for a number`);
	return number;
});
types.setTypeParser(types.builtins.DATE, (text) => text);

const query = (view) => `SELECT month, reached, converted, percent, low, high, final FROM ${view} WHERE n = 1 ORDER BY month`;

function chart(rows) {
	const month = { field: 'month', type: 'temporal', title: 'month' };
	return {
		$schema: 'https://vega.github.io/schema/vega-lite/v5.json',
		title: 'Conversion by month, with 95% intervals; hollow months can still rise',
		width: 640,
		data: { values: rows },
		layer: [
			{ mark: { type: 'rule', opacity: 0.5 }, encoding: { x: month, y: { field: 'low', type: 'quantitative', title: 'percent' }, y2: { field: 'high' } } },
			{
				mark: { type: 'point', size: 60 },
				encoding: {
					x: month,
					y: { field: 'percent', type: 'quantitative' },
					fill: { condition: { test: 'datum.final', value: '#1d6fb8' }, value: 'white' },
					tooltip: ['month', 'reached', 'converted', 'percent'].map((field) => ({ field })),
				},
			},
		],
	};
}

async function main() {
	const client = new Client();
	await client.connect();
	try {
		const view = `${client.escapeIdentifier(process.argv[2] || 'crm')}.report_conversion_by_month`;
		const { rows } = await client.query(query(view));
		process.stdout.write(JSON.stringify(chart(rows), null, 1) + '\n');
	} finally {
		await client.end();
	}
}

main().catch((error) => {
	process.stderr.write(`${error.message}\n`);
	process.exitCode = 1;
});
