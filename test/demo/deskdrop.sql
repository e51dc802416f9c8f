-- A year of an internal communications platform (CI&T Deskdrop): who viewed, liked, bookmarked, followed or commented which shared article.
-- files: users_interactions.csv.gz

\echo Loading the log
CREATE SCHEMA deskdrop;
SET search_path = deskdrop, public;
SET timezone = 'UTC';
CREATE TABLE log (at bigint NOT NULL, action text NOT NULL, content bigint NOT NULL, person bigint NOT NULL, session bigint,
	user_agent text, region text, country text);
\copy log FROM PROGRAM 'gzip -dc users_interactions.csv.gz' CSV HEADER
ANALYZE log;

\echo 'Storing one summary for each article: once as logged, once without what was logged twice'
CREATE TABLE article AS SELECT content, content_agg(action, person::text) AS summary FROM log GROUP BY content;
-- the same second, person, article and action: one event
CREATE TABLE article_once AS
SELECT content, content_agg(action, person::text) AS summary FROM (SELECT DISTINCT at, action, content, person FROM log) l GROUP BY content;
ANALYZE article;

\echo
\echo 'WHAT THE AUDIENCE DID: events and distinct people by action, of all articles. Merging the articles counts a'
\echo 'person once, however many they read. once = without events that repeat second, person and article.'
CREATE VIEW actions AS
SELECT a.action, a.events, o.events AS once, a.distinct_actors AS people, a.is_exact
FROM (SELECT rollup(summary) AS c FROM article) x, actions(c) a,
	(SELECT rollup(summary) AS c FROM article_once) y, actions(y.c) o
WHERE o.action = a.action ORDER BY a.events DESC;
TABLE actions;

\echo 'SIZE: bytes of the stored summaries, beside the heap bytes of the log they came from.'
SELECT count(*) AS articles, sum(pg_column_size(summary)) AS summary_bytes, pg_relation_size('log') AS log_bytes,
	round(100.0 * sum(pg_column_size(summary)) / pg_relation_size('log'), 1) AS percent
FROM article_once;

\echo 'THE ARTICLES VIEWED MOST: views, people, views a person; and of the people who viewed, those who liked, with'
\echo 'the Wilson 95 % interval.'
CREATE VIEW articles AS
WITH reader AS (SELECT content, person, bool_or(action = 'LIKE') AS liked FROM log GROUP BY 1, 2 HAVING bool_or(action = 'VIEW')),
	 liking AS (SELECT content, rate_agg(liked) AS r FROM reader GROUP BY content)
SELECT content::text AS article, action_count(summary, 'VIEW') AS views, total(r) AS people, round(action_count(summary, 'VIEW') / total(r)::numeric, 2) AS views_a_person,
	successes(r) AS liked, round(percent(r)::numeric, 1) AS percent, round(100 * i.low::numeric, 1) AS low, round(100 * i.high::numeric, 1) AS high
FROM article_once JOIN liking USING (content), confidence_interval(r) i
ORDER BY views DESC, content LIMIT 10;
TABLE articles;

\echo 'ADOPTION BY MONTH: of the people seen in the month at all, the share who liked, commented or bookmarked.'
CREATE VIEW adoption AS
WITH person_month AS (
	SELECT date_trunc('month', to_timestamp(at)) AS month, person, bool_or(action = 'LIKE') AS liked,
		bool_or(action = 'COMMENT CREATED') AS commented, bool_or(action = 'BOOKMARK') AS bookmarked
	FROM log GROUP BY 1, 2)
SELECT to_char(month, 'YYYY-MM') AS month, count(*) AS people, round(percent(rate_agg(liked))::numeric, 1) AS liked,
	round(percent(rate_agg(commented))::numeric, 1) AS commented, round(percent(rate_agg(bookmarked))::numeric, 1) AS bookmarked
FROM person_month GROUP BY person_month.month ORDER BY person_month.month;
TABLE adoption;
