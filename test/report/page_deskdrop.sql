-- The page on Deskdrop's log, after test/demo/deskdrop.sql: the same views, in words.
SET search_path = deskdrop, report, public;

INSERT INTO report.page
SELECT 'Who reads what is shared?',
	format('A year of an internal communications platform (CI&T Deskdrop), as published: %s events of %s people on %s articles.', number(count(*)), number(count(DISTINCT person)), number(count(DISTINCT content))),
	'deskdrop',
	ARRAY['Conversion, win rates, sales cycles, time to quota: there are no leads, deals or reps on record.', 'Time viewed and downloads: the log says that an article was viewed, not for how long.',
		'Sellers and audience: everybody is both here.', 'Whether reading moved anything: there is nothing on record that it could have moved.']
FROM log;

INSERT INTO report.figure (id, heading, says, picture, settings, alt, caption, columns, note)
SELECT 'actions', 'What did the readers do?', format('%s people viewed articles %s times (%s without views logged twice); %s people liked %s times.', number(v.people), number(v.events), number(v.once), number(l.people), number(l.events)),
	'dots', 'shown = "events people"; filled = 1; x_label = "events, people"', (SELECT string_agg(format('%s: %s by %s people', action, events, people), '; ') || '.' FROM actions),
	'Events and distinct people by action, of all articles. A person who read many articles counts once.', 'By action: events as logged, once = without those that repeat second, person and article, distinct people, and whether their number is exact', NULL
FROM actions v, actions l WHERE v.action = 'VIEW' AND l.action = 'LIKE';

INSERT INTO report.figure (id, heading, says, picture, settings, alt, caption, columns, note)
SELECT 'articles', 'Which articles were viewed most, and liked?', format('The article viewed most, by %s people, was liked by %s of them (%s %%, 95 %% interval %s to %s).', people, liked, percent, low, high),
	'rows', 'value = "percent"; bar = 1; unit = " %"; x_label = "liked by those who viewed it (%)"', (SELECT string_agg(format('%s %s %%', article, percent), ', ') || '.' FROM articles),
	'The ten articles viewed most: of the people who viewed it, those who liked it, with 95 % intervals.', 'By article: views, people, views a person, and how many of the people liked it, in percent with its 95 % interval', NULL
FROM articles LIMIT 1;

INSERT INTO report.figure (id, heading, says, caption, columns)
SELECT 'adoption', 'Who takes part, month by month?', format('Between %s %% and %s %% of the people seen in a month liked something.', min(liked), max(liked)),
	'Of the people seen in the month at all, the share who liked, commented or bookmarked.', 'By month: people seen, and the percentage of them who did so'
FROM adoption;
