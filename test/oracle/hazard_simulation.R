# How well the hazard ratio of compare() and its interval do, beside those of Cox's regression. The table of doc/statistics.md
# comes from here.
#
#   CASES=2000 SEED=1 Rscript --vanilla test/oracle/hazard_simulation.R
#
# CASES is the number of data sets for each row. Needs R with its package survival, and no server: observed and expected come from
# survdiff(), against which test/oracle/statistics holds those of compare(). A data set is two groups of equal size with exponential
# times in whole days, of mean 30 in the first, all of which began within 90 days before today: about a third is not over.

suppressMessages(library(survival))
CASES <- as.integer(Sys.getenv("CASES", "2000"))
SEED <- as.integer(Sys.getenv("SEED", "1"))
Z <- qnorm(0.975)

one <- function(n, ratio) {
    group <- rep(1:2, each = n)
    length <- ceiling(rexp(2 * n, c(1, ratio)[group] / 30))
    watched <- ceiling(runif(2 * n, 0, 90))
    time <- pmin(length, watched)
    status <- as.integer(length <= watched)
    test <- survdiff(Surv(time, status) ~ group)
    ours <- log(test$obs[2] / test$exp[2]) - log(test$obs[1] / test$exp[1])
    cox <- coxph(Surv(time, status) ~ group)
    c(ours, 1 / sqrt(test$var[2, 2]), coef(cox), sqrt(vcov(cox)[1, 1]), sum(status))
}

cat(sprintf("# %d data sets a row, seed %d\n", CASES, SEED))
cat("| deals a side | true ratio | compare(): mean | holds the truth | Cox: mean | holds the truth |\n|---|---|---|---|---|---|\n")
for (n in c(20, 50, 200)) for (ratio in c(1, 1.25, 1.5, 2, 3)) {
    set.seed(SEED + 1000 * n + round(100 * ratio))
    got <- replicate(CASES, suppressWarnings(one(n, ratio)))
    got <- got[, is.finite(got[1, ]) & is.finite(got[3, ])]
    holds <- function(i) mean(abs(got[i, ] - log(ratio)) <= Z * got[i + 1, ])
    cat(sprintf("| %d | %s | %.2f | %.1f%% | %.2f | %.1f%% |\n", n, format(ratio), exp(mean(got[1, ])), 100 * holds(1), exp(mean(got[3, ])), 100 * holds(3)))
}
