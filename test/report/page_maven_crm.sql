-- The page on Maven's CRM pipeline, after test/demo/maven_crm.sql: the same views, in words.
SET search_path = maven_crm, report, public;

INSERT INTO report.page
SELECT 'How many deals are won, and how fast?',
	format('The sales pipeline of a computer-hardware seller, published by Maven Analytics: %s opportunities of %s agents, as of 31 December 2017.', number(count(*)), count(DISTINCT sales_agent)),
	'maven_crm',
	ARRAY['How leads become opportunities: the pipeline begins with the opportunity.', 'Before and after, or which platform: no programme and no enablement platform are on record.',
		'Win rate by competitor: no competitor is on record; the win rates here are of all deals.', 'Time since hire: there are no hire dates, so time to quota counts from the first engagement, with made-up quotas.',
		'Content: it is not on record who read or used what.']
FROM pipeline;

INSERT INTO report.figure (id, heading, says, caption, columns)
SELECT 'won', 'How many deals are won?', format('Of %s deals engaged, %s (%s %%) are won; of the %s closed ones %s %%.', number(e.deals), number(e.won), e.percent, number(c.deals), c.percent),
	'The first counts open deals as not won, the second leaves them out.', 'Deals, those won, and the percentage with its 95 % interval'
FROM won e, won c WHERE e.of = 'engaged' AND c.of = 'closed';

INSERT INTO report.figure (id, heading, says, summary, picture, settings, alt, caption, columns, note)
SELECT 'groups', 'By office and product', format('By office between %s %% and %s %% of the closed deals are won, by product between %s %% and %s %%.',
		min(percent) FILTER (WHERE kind = 'office'), max(percent) FILTER (WHERE kind = 'office'), min(percent) FILTER (WHERE kind = 'product'), max(percent) FILTER (WHERE kind = 'product')),
	false, 'rows', 'value = "percent"; bar = 1; unit = " %"; x_label = "won of the closed (%)"', string_agg(format('%s %s %%', name, percent), ', ') || '.',
	'Won of the deals closed, with 95 % intervals.', 'By office and product: won of closed, the percentage with its 95 % interval, and the mean value of a deal won', 'The intervals overlap: none stands out.'
FROM groups;

INSERT INTO report.figure (id, heading, says, summary, picture, settings, alt, caption, columns, note)
SELECT 'agents', 'Who wins most?', format('%s won %s of %s closed deals (%s %%, 95 %% interval %s to %s), %s %s of %s (%s %%, %s to %s).', b.sales_agent, b.won, b.closed, b.percent, b.low, b.high, w.sales_agent, w.won, w.closed, w.percent, w.low, w.high),
	false, 'rows', 'value = "percent"; bar = 1; unit = " %"; x_label = "won of the closed (%)"', (SELECT string_agg(format('%s %s %%', sales_agent, percent), ', ') || '.' FROM agents),
	'The five highest and the five lowest of 30 agents: won of the deals closed, with 95 % intervals.', 'By agent: rank, won of closed, and the percentage with its 95 % interval', 'With some 200 deals each, a rank says little: the best and the worst of thirty differ by luck as well.'
FROM (SELECT * FROM agents ORDER BY rank, sales_agent LIMIT 1) b, (SELECT * FROM agents ORDER BY rank DESC, sales_agent LIMIT 1) w;

INSERT INTO report.figure (id, heading, says, summary, picture, settings, alt, caption, columns)
SELECT 'quarters', 'Win rate by quarter', format('After the first quarter the win rate of every office stays between %s %% and %s %%.', min(percent), max(percent)), false,
	'panels', 'mark = ""; y_label = "won of the closed (%)"', 'A panel for each office: percent won by quarter of closing, with intervals.',
	'Won of the deals closed in the quarter, with 95 % intervals.', 'By office and quarter of closing: won of closed, and the percentage with its 95 % interval'
FROM quarters WHERE quarter > (SELECT min(quarter) FROM quarters);

INSERT INTO report.figure (id, heading, says, picture, drawn, points, settings, alt, caption, columns, note)
SELECT 'cycle_length', 'How long is the sales cycle?',
	format('Of closed deals alone, half close within %s days; with the %s open deals counted, half close within %s days (95 %% interval %s to %s).', c.median, number(o.open), o.median, o.low, o.high),
	'curves', 'cycle_by_day', 'day % 30 = 0', 'per = 2; band = 1; every = 30; legend = "top left"; x_label = "days since the engagement"; y_label = "closed (%)"; still = "not closed yet: "',
	'Two curves of the percentage closed by day: of closed deals alone, and below it with the open ones counted.',
	'Share of deals closed within so many days, with 95 % bands. Below: how many were still open and observed.',
	'ended = deals that came to the end in question, competing = ended otherwise, open; median days with its 95 % interval, and the mean of those that ended', 'Dropping the open deals makes every seller look quick.'
FROM cycle_length c, cycle_length o WHERE c.question = 'closed deals alone' AND o.question LIKE 'any close%';

INSERT INTO report.figure (id, heading, says, picture, drawn, points, settings, alt, caption, columns, note)
SELECT 'time_to_quota', 'How long until quota?',
	string_agg(format('A quota of %s was reached by %s of %s agents%s.', number(quota), reached, agents, ', half of all within ' || median || ' days'), ' ' ORDER BY quota),
	'curves', 'quota_by_day', 'day % 60 = 0', 'per = 3; band = 1; every = 60; legend = "top left"; x_label = "days since the first engagement"; y_label = "reached quota (%)"; still = "on the way: "',
	'A curve for each of three quotas: the percentage of agents who have reached it by day.', 'Share of agents whose won value has reached the quota, those on the way counted (Kaplan-Meier), with 95 % bands.',
	'mean of reached drops those on the way, median counts them (with its 95 % interval); cycles = deals closed until quota; velocity = 100 times deals closed by all agents, by agents; cycle lengths = mean time to quota in cycles of 45 days',
	'The quotas are made up: the data has none.'
FROM time_to_quota;
