# Compare Welch's test and exact sums of amounts. Started by test/oracle/amounts.
#
# Relative differences of 1e-9 are agreement with R; sums must be equal to those of numeric.

LIMIT <- 1e-9
CASES <- as.integer(Sys.getenv("CASES", "2000"))
set.seed(as.integer(Sys.getenv("SEED", "1")))

side <- function() round(rnorm(2 + rgeom(1, 0.15), runif(1, -1, 3) * 1000, exp(runif(1, 0, 8))), 4)
before <- lapply(seq_len(CASES), function(i) side())
after <- lapply(seq_len(CASES), function(i) side())
level <- round(runif(CASES, 0.5, 0.999), 3)
literal <- function(x) sprintf("'{%s}'::numeric[]", paste(sprintf("%.4f", x), collapse = ","))
sql <- sprintf("SELECT c.before_mean, c.after_mean, c.difference, c.low, c.high, c.t, c.df, c.p_value, (s1::jsonb ->> 'sum_of_squares')::numeric = (SELECT sum(x * x) FROM unnest(%s) AS x) AND total(s1) = (SELECT sum(x) FROM unnest(%s) AS x) FROM (SELECT (SELECT amount_agg(x) FROM unnest(%s) AS x) AS s1, (SELECT amount_agg(x) FROM unnest(%s) AS x) AS s2) AS s, compare(s1, s2, %.3f) AS c;",
    sapply(before, literal), sapply(before, literal), sapply(before, literal), sapply(after, literal), level)
ours <- read.table(text = system("psql -XAtq -F ' ' -v ON_ERROR_STOP=1", intern = TRUE, input = sql))
stopifnot(nrow(ours) == CASES)
theirs <- t(sapply(seq_len(CASES), function(i) {
    r <- t.test(after[[i]], before[[i]], conf.level = level[i])
    c(r$estimate[2], r$estimate[1], r$estimate[1] - r$estimate[2], r$conf.int, r$statistic, r$parameter, r$p.value)
}))
distance <- abs(as.matrix(ours[, 1:8]) - theirs)
size <- abs(theirs)
size[, 1:5] <- pmax(size[, 1:5], abs(theirs[, 1]), abs(theirs[, 2]))
bad <- apply(distance > LIMIT * size, 1, any) | ours[, 9] != "t"
for (i in head(which(bad), 5)) cat("not ok: case", i, "ours", format(unlist(ours[i, ]), digits = 12), "R", format(theirs[i, ], digits = 12), "\n")
cat(sprintf("amounts: R %s: %d cases, %d disagreements, worst relative difference %.1e\n", getRversion(), CASES, sum(bad), max(distance / size)))
quit(status = as.integer(any(bad)))
