-- The page on Olist's marketing funnel, after test/demo/olist.sql: the same views, in words.
SET search_path = olist, report, public;

INSERT INTO report.page
SELECT 'How many leads became sellers?',
	format('The marketing funnel of Olist, a Brazilian marketplace, as published: %s leads first contacted from %s to %s, and which of them became sellers.',
		number(count(*)), to_char(min(month), 'FMMonth YYYY'), to_char(max(month), 'FMMonth YYYY')),
	'olist',
	ARRAY['Stages between first contact and win: there are none on record, so this funnel has one step.', 'Before and after, or which platform: no programme and no enablement platform are on record.',
		'Win rate by competitor: no competitor is on record, nor whether a lead that did not win was lost or is still open.',
		'Time to quota: there are no reps with a hire date or a quota.', 'Content: it is not on record who read or used what.']
FROM deal;

INSERT INTO report.figure (id, heading, says, caption, columns, note)
SELECT 'customers', 'How many leads became customers?', format('Of %s leads, %s (%s %%) became customers.', number(leads), number(won), percent),
	'Read as a funnel, a win must not precede its first contact; read as a fact, a win is a win.', 'Leads, those won, and the percentage with its 95 % interval',
	'One lead was won two days before its first contact on record.'
FROM customers WHERE reading LIKE 'fact%';

INSERT INTO report.figure (id, heading, says, summary, picture, settings, alt, caption, columns, note)
SELECT 'months', 'By month of the first contact',
	format('Between %s %% and %s %% of the leads of a month from December 2017 on became customers; of the %s leads before it, early wins are missing from the data.',
		min(percent) FILTER (WHERE state = 'final'), max(percent) FILTER (WHERE state = 'final'), number(sum(leads) FILTER (WHERE state <> 'final'))),
	false, 'months', 'mark = ""; mark_label = ""; not_final = "early wins missing"; x_label = "month of the first contact"; y_label = "became a customer (%)"',
	format('A point with an interval for each of %s months; those before December 2017 are hollow because wins of theirs are missing.', count(*)),
	'Share of the month''s leads that became customers by the last win on record, with its 95 % interval. Hollow: no win is on record before 5 December 2017, so that months lack those that came sooner.',
	'By month of first contact: leads, those won, and the percentage with its 95 % interval', 'A rise out of the hollow months is made by the missing wins.'
FROM months;

INSERT INTO report.figure (id, heading, says, picture, settings, alt, caption, columns, note)
SELECT 'origins', 'Where do the customers come from?',
	format('Of %s leads by %s, %s %% became customers; of %s by %s, %s %%.', number(b.leads), b.origin, b.percent, number(w.leads), w.origin, w.percent),
	'rows', 'value = "percent"; bar = 1; unit = " %"; x_label = "became a customer (%)"', (SELECT string_agg(format('%s %s %%', origin, percent), ', ') || '.' FROM origins),
	'Share of the leads of an origin that became customers, with its 95 % interval. (blank) and unknown are as the file has them.',
	'By origin: leads, those won, and the percentage with its 95 % interval', 'The best of many is partly luck: where intervals overlap, a rank says little.'
FROM (SELECT * FROM origins WHERE leads >= 1000 ORDER BY percent DESC LIMIT 1) b, (SELECT * FROM origins WHERE leads >= 1000 ORDER BY percent LIMIT 1) w;

INSERT INTO report.figure (id, heading, says, picture, drawn, points, settings, alt, caption, columns, note)
SELECT 'days', 'How long does it take?',
	format('Within 90 days of first contact %s %% of %s leads became customers (95 %% interval %s to %s). Half of those who won had done so after %s days, which says nothing about the %s who have not.', a.within_90, number(a.won + a.unfinished), a.low, a.high, w.median, number(a.unfinished)),
	'curves', 'days_by_day', 'day % 60 = 0', 'per = 1; band = 1; every = 60; top = 15; legend = "top left"; x_label = "days since the first contact"; y_label = "became a customer (%)"; still = "not won and observed: "',
	'A curve of the percentage of leads won by day: steep in the first month, nearly flat afterwards.',
	'Share of leads won within so many days, those not won counted as long as they were seen (Kaplan-Meier), with a 95 % band. Below: how many were not won and still observed.',
	'won within 30, 90 and 365 days in percent, with the 95 % interval of within 90; the median is that of the row''s own leads', NULL
FROM days a, days w WHERE a.leads = 'all' AND w.leads <> 'all';
