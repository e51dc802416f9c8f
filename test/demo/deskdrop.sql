-- A year of an internal communications platform (CI&T Deskdrop): who viewed, liked, bookmarked, followed or commented which shared article.
-- files: users_interactions.csv.gz

\echo Loading the log of a year
CREATE SCHEMA deskdrop;
SET search_path = deskdrop, public;
SET timezone = 'UTC';
CREATE TABLE log (at bigint NOT NULL, action text NOT NULL, content bigint NOT NULL, person bigint NOT NULL, session bigint,
	user_agent text, region text, country text);
\copy log FROM PROGRAM 'gzip -dc users_interactions.csv.gz' CSV HEADER

-- The same second, person, article and action twice is one event.
CREATE VIEW content_events AS
SELECT DISTINCT content, CASE action WHEN 'VIEW' THEN 'view' WHEN 'BOOKMARK' THEN 'use' WHEN 'LIKE' THEN 'like' WHEN 'FOLLOW' THEN 'follow' ELSE 'comment' END AS action,
	person::text AS actor, to_timestamp(at) AS at
FROM log;

CREATE VIEW settings AS SELECT to_timestamp(max(at)) AS as_of, 'A year of articles at CI&T' AS title FROM log;
