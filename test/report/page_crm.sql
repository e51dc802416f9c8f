-- The page on the CRM that test/demo/generate.sql makes, after its report*.sql: the same views, in words.
SET search_path = crm, report, public;

INSERT INTO report.page
SELECT 'Does the enablement programme work?',
	format('A generated CRM of %s leads from January 2023 on, as it stood on %s. The programme started on %s; two platforms came with it, team by team. '
		'The data is made up and what is true of it is known, so that this page can be held against it.',
		number(count(*)), to_char(as_of(), 'FMDD FMMonth YYYY'), to_char(programme_start(), 'FMDD FMMonth YYYY')),
	'crm',
	ARRAY['Why a deal was lost: the CRM names a competitor at best.', 'What happened to everybody on the day the programme started, other than by the teams that got no platform.',
		'What a lead is worth to a seller''s time: no hours are on record.']
FROM lead;

INSERT INTO report.figure (id, heading, says, picture, settings, alt, caption, columns, note)
SELECT 'funnel', 'How far do leads come?',
	format('Of %s leads, %s (%s %%) became opportunities and %s (%s %%) customers within 180 days of coming in; %s are still open and may yet.',
		number(l.reached), number(o.reached), o.percent, number(w.reached), w.percent, number(l.open + m.open + s.open + o.open)),
	'rows', 'value = "percent"; bar = 1; unit = " %"; x_label = "of all leads (%)"',
	format('Bars: mql %s %%, sql %s %%, opportunity %s %%, won %s %% of all leads.', m.percent, s.percent, o.percent, w.percent),
	'Share of all leads that came to a stage or beyond, with its 95 % interval. Leads still open count as not there yet. mql: qualified by marketing, sql: accepted by sales.',
	'Leads by stage: reached = converted (went on) + open + exited (lost) + expired (180 days over); step percent is of those who reached the stage before, percent of all leads, each with its 95 % interval (low, high); days until half had gone on',
	NULL
FROM funnel l, funnel m, funnel s, funnel o, funnel w
WHERE (l.stage, m.stage, s.stage, o.stage, w.stage) = ('lead', 'mql', 'sql', 'opportunity', 'won');

INSERT INTO report.figure (id, heading, says, summary, picture, settings, alt, caption, columns, note)
SELECT 'months', 'Is it getting better month by month?',
	format('In the %s months before the programme, between %s %% and %s %% of the month''s leads became opportunities; in the %s months since that are final, between %s %% and %s %%. '
		'The last %s months are not final: %s of their %s leads are still open.',
		count(*) FILTER (WHERE programme = 'before'), min(percent) FILTER (WHERE programme = 'before'), max(percent) FILTER (WHERE programme = 'before'),
		count(*) FILTER (WHERE programme = 'after' AND state = 'final'), min(percent) FILTER (WHERE programme = 'after' AND state = 'final'), max(percent) FILTER (WHERE programme = 'after' AND state = 'final'),
		count(*) FILTER (WHERE state <> 'final'), number(sum(open) FILTER (WHERE state <> 'final')), number(sum(leads) FILTER (WHERE state <> 'final'))),
	false, 'months', 'mark = "' || to_char(programme_start(), 'YYYY-MM') || '"; mark_label = "programme starts"; not_final = "'
		|| format('not final: %s leads open', number(sum(open) FILTER (WHERE state <> 'final'))) || '"; x_label = "month in which the lead came in"; y_label = "became an opportunity (%)"',
	format('A point with an interval for each of %s months; the last %s are hollow because leads of theirs are still open.', count(*), count(*) FILTER (WHERE state <> 'final')),
	'Share of the month''s leads that became an opportunity within 180 days, with its 95 % interval. Hollow: the month is not final, and its share can only rise.',
	'By month of the lead: open = still on the way to an opportunity; percent of all its leads so far, with its 95 % interval; settled = of those no longer open; then the same for customers',
	'A fall at the right end is not a fall: young leads have not had their time. Single months move by chance as much as their intervals are wide.'
FROM months;

INSERT INTO report.figure (id, heading, says, picture, settings, alt, caption, columns, note)
SELECT 'change', 'Before and after the programme',
	format('Of %s leads before the programme %s %% became opportunities, of %s leads since it %s %%: %s points more (95 %% interval %s to %s). Of qualified leads (mql), %s %% became customers before and %s %% since.',
		number(o.before), o.before_percent, number(o.after), o.after_percent, o.points, o.low, o.high, w.before_percent, w.after_percent),
	'rows', 'value = "points"; bar = 0; unit = ""; x_label = "after minus before (percentage points)"',
	(SELECT string_agg(format('%s: %s points, interval %s to %s', rate, points, low, high), '; ') || '.' FROM change),
	'Change in percentage points with its 95 % interval; where it stays off the line at zero, chance alone would hardly have made it. Only leads that have had their 180 days.',
	'Leads before and after with the percentage that got there; points = after minus before with its 95 % interval; lift percent = points in percent of before; p exact by Fisher',
	'Better after is not better because: the market may have turned on the same day. The next question takes that off.'
FROM change o, change w WHERE o.rate = 'lead to opportunity' AND w.rate = 'mql to customer';

INSERT INTO report.figure (id, heading, says, picture, settings, alt, caption, columns, note)
SELECT 'platforms', 'Which platform moved it?',
	format('Against what their teams would have done without it, %s.', string_agg(format('%s moved lead to opportunity by %s points (95 %% interval %s to %s): %s', platform, due_to_platform, low, high,
		CASE verdict WHEN 'no evidence' THEN 'no evidence of an effect' ELSE format('more than chance, adjusted p %s', adjusted_p) END), '; ')),
	'rows', 'value = "due_to_platform"; bar = 0; unit = ""; x_label = "due to the platform (percentage points)"',
	string_agg(format('%s: %s points, interval %s to %s', platform, due_to_platform, low, high), '; ') || '.',
	'What the leads of a team with the platform did, less what they would have done: known from the team''s own months before, and from the teams without a platform in the same months. The team is the unit. 95 % intervals.',
	'teams with the platform, others they are compared with, leads since their team has it; due to platform in percentage points with its 95 % interval; adjusted p (Holm) allows for the number of platforms looked at',
	format('Leads of the three months before a team got its platform are on neither side. The interval is that of %s teams, not of %s leads: leads of one team are alike.', sum(teams), number(sum(leads)))
FROM platforms;

INSERT INTO report.figure (id, heading, says, summary, picture, settings, alt, caption, columns, note)
SELECT 'platform_cycles', 'Which technology shortens the cycle?',
	format('%s.', string_agg(format('%s: %s days of the first 90 from opportunity to close (95 %% interval %s to %s)', platform, CASE WHEN days > 0 THEN '+' || days ELSE days::text END, low, high), '; ')),
	false, 'rows', 'value = "days"; bar = 0; unit = ""; x_label = "due to the platform (days of the first 90)"',
	string_agg(format('%s: %s days, interval %s to %s', platform, days, low, high), '; ') || '.',
	'Days of the first 90 from opportunity to close, against what the same teams would have taken without the platform. Below zero is faster. 95 % intervals.',
	'opportunities since their team has the platform; days of the first 90 with their 95 % interval; then percentage points more closed within 60 days',
	NULL
FROM platform_cycles;

INSERT INTO report.figure (id, heading, says, picture, settings, alt, caption, columns, note)
SELECT 'rivals_by_quarter', 'Against whom do we win?',
	format('We won %s of %s opportunities in which %s was considered (%s %%), and %s of %s with %s (%s %%). Deals closed without any competitor: %s of %s won (%s %%).',
		number(lo.won), number(lo.considered), lo.competitor, lo.percent, number(hi.won), number(hi.considered), hi.competitor, hi.percent, number(u.won), number(u.closed), u.percent),
	'panels', 'mark = "' || to_char(programme_start(), 'YYYY "Q"Q') || '"; y_label = "won of the closed (%)"',
	format('A panel for each of %s competitors: percent won by quarter of closing, with intervals.', (SELECT count(DISTINCT competitor) FROM rivals_by_quarter)),
	'Deals won of the deals closed in the quarter in which the competitor was considered, with 95 % intervals. The dashed line is the start of the programme.',
	'By competitor and quarter of closing: won of closed (won, lost, no decision), percent with its 95 % interval; a deal with two competitors counts for both',
	'With 30 to 130 deals a quarter the intervals are wide: compare years rather than neighbours.'
FROM (SELECT * FROM rivals ORDER BY percent, competitor LIMIT 1) lo, (SELECT * FROM rivals ORDER BY percent DESC, competitor LIMIT 1) hi, all_deals u WHERE u.deals = 'uncontested';

INSERT INTO report.figure (id, heading, says, summary, caption, columns)
SELECT 'rivals', 'The same under other denominators', format('Of the %s opportunities with %s, %s are still open: of the closed ones %s %% were won, of those decided between the two %s %%.',
	number(considered), competitor, number(open), of_closed, lost_to_them), false,
	'The plain rate counts open deals as not won. Which denominator is right depends on the question: say which one you use.',
	'By competitor: won of all opportunities in which it was considered, percent with its 95 % interval; then of closed, of won and lost, of won and lost to that very competitor, with shared credit where several were considered, and by amount'
FROM rivals ORDER BY considered DESC LIMIT 1;

INSERT INTO report.figure (id, heading, says, picture, drawn, points, settings, alt, caption, columns, note)
SELECT 'cycle_length', 'How long is the sales cycle?',
	format('Half of the opportunities closed within %s days before the programme and within %s since it; the mean over the first 90 days fell by %s days (95 %% interval %s to %s). %s of %s opportunities are not closed yet and count as unfinished.',
		b.median, a.median, -c.difference_days, -c.high, -c.low, number(b.open + a.open), number(b.open + a.open + b.closed + a.closed)),
	'curves', 'cycle_by_day', 'day % 30 = 0', 'per = 2; band = 1; every = 30; x_label = "days since the opportunity"; y_label = "closed (%)"; still = "not closed yet: "',
	format('Two curves of the percentage closed by day. After the programme the curve rises sooner: half at %s days instead of %s.', a.median, b.median),
	'Share of opportunities closed (won, lost or no decision) within so many days, the open ones counted as long as they were seen (Kaplan-Meier), with 95 % bands. Below: how many were still open and observed.',
	'By the day of the opportunity: mean and median of the closed deals alone, then the median with the open ones counted and its 95 % interval, and the mean number of days within the first 90 with its standard error',
	'The mean of closed deals alone flatters the recent months, in which only quick deals have closed yet.'
FROM cycle_length b, cycle_length a, cycle_change c WHERE b.opportunities = 'before' AND a.opportunities = 'after';

INSERT INTO report.figure (id, heading, says, picture, drawn, points, settings, alt, caption, columns, note)
SELECT 'time_to_quota', 'How long until a new rep makes quota?',
	format('Of %s reps hired since 2023, %s have made quota two quarters running, %s left before, %s are on the way. With all of them counted, half are there after %s days; the mean of those who made it, %s days, is too good.',
		reps, reached, gone, open, median, mean_of_reached),
	'curves', 'quota_by_day', 'day % 120 = 0', 'per = 3; band = 0; every = 120; legend = "top left"; x_label = "days since hire"; y_label = "made quota (%)"; still = "on the way: "',
	'A curve for each year of hire: the percentage of reps who have made quota by day since hire.',
	'Share of reps who have made quota by the day since they were hired; those on the way are counted as long as they were seen, those who left as not having made it (Aalen-Johansen). Below: how many were on the way.',
	'By year of hire: mean of reached drops those on the way, median counts them; cycles = deals closed until quota; velocity = 100 times deals closed by all reps, by reps; cycle lengths = mean time to quota in median sales cycles',
	'Nine to nineteen reps a year are few: a single rep moves a curve by 5 points and more. Later years also sell into a larger market.'
FROM time_to_quota WHERE hired = 'all';

INSERT INTO report.figure (id, heading, says, summary, picture, settings, alt, caption, columns, note)
SELECT 'content', 'Who reads the content, and who uses it?',
	format('Buyers viewed the %s pieces %s times (%s hours) and downloaded them %s times; sellers opened them %s times, used them in %s talks and shared them %s times.',
		count(*), number(sum(views)), number(round((SELECT sum(total_seconds(summary, 'view')) / 3600 FROM content_month)::numeric)), number(sum(downloads)), number(sum(opens)), number(sum(uses)), number(sum(shares))),
	false, 'dots', 'shown = "views downloads opens uses shares"; filled = 2; x_label = "events"',
	'For each piece of content the number of views and downloads by buyers and of opens, uses and shares by sellers.',
	'Filled symbols: buyers (views, downloads). Hollow symbols: sellers (opens, uses, shares).',
	'By piece: views, people who viewed (above 4,096 an estimate, standard error 0.81 %) and hours viewed by buyers; then opens, uses and shares by sellers, and how many of the sellers',
	'How much is read says nothing about what it does to deals: see the next question.'
FROM content;

INSERT INTO report.figure (id, heading, says, picture, drawn, points, settings, alt, caption, columns, note)
SELECT 'battle_card', 'Does the battle card slow deals down?',
	format('Counted naively, deals that met the battle card take %s days longer (95 %% interval %s to %s). Counted fairly, each day on the side it belongs to, the difference is %s days (%s to %s): no evidence of an effect.',
		n.difference_days, n.low, n.high, f.difference_days, f.low, f.high),
	'curves', 'battle_card_by_day', 'day % 30 = 0', 'per = 2; band = 1; every = 30; x_label = "days since the opportunity"; y_label = "ended (%)"; still = "going on: "; title1 = "Naive: ever met the card"; title2 = "Fair: split at the first card"',
	'Two panels of curves of the percentage of deals ended by day. Sorted naively, the curves with and without the card lie far apart; split at the first battle card they lie together.',
	'Share of opportunities ended (won, lost, no decision, or silent for 14 days) within so many days, with 95 % bands. In the first picture deals are sorted by whether they ever met the card; in the second a deal counts as without it until it meets it.',
	'Mean days to the end within the first 90, without and with the card, and their difference with its 95 % interval; won 30 = percent won within 30 days. In the fair comparison a deal that met the card counts on both sides, one after the other',
	'A deal that lasts longer has more time to meet any piece of content. Sorting deals by what happened to them later turns that into an effect that is none. One bias stays in the fair one: that a deal has fallen silent is known only afterwards.'
FROM battle_card n, battle_card f WHERE n.comparison LIKE 'naive%' AND f.comparison LIKE 'fair%';
