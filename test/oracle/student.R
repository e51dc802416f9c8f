# Compare Student's t with R. Started by test/oracle/student, with the program to ask in STUDENT.
#
# Relative differences of 1e-10 are agreement.

LIMIT <- 1e-10
CASES <- as.integer(Sys.getenv("CASES", "5000"))
set.seed(as.integer(Sys.getenv("SEED", "1")))

# few degrees of freedom, as few units leave, and up to a million; levels as they are asked for, and far tails
df <- ifelse(runif(CASES) < 0.7, exp(runif(CASES, 0, log(50))), exp(runif(CASES, 0, log(1e6))))
p <- ifelse(runif(CASES) < 0.5, runif(CASES), 10^-runif(CASES, 0, 12))
ours <- read.table(text = system(Sys.getenv("STUDENT"), intern = TRUE, input = sprintf("%.17g %.17g", p, df)))
quantile <- abs(ours[, 1] / -qt(p / 2, df) - 1)
tail <- abs(ours[, 2] / (2 * pt(-ours[, 1], df)) - 1)
bad <- !(quantile <= LIMIT & tail <= LIMIT)
for (i in head(which(bad), 5))
    cat(sprintf("not ok: p %.17g, df %.17g: quantile %.17g, tail %.17g\n", p[i], df[i], ours[i, 1], ours[i, 2]))
cat(sprintf("student: R %s: %d cases, %d disagreements, worst relative difference %.1e (quantile), %.1e (tail)\n",
            getRversion(), CASES, sum(bad), max(quantile), max(tail)))
quit(status = as.integer(any(bad)))
