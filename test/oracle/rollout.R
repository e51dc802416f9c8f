# The effect of a roll-out by lm() and a loop that leaves out one unit after the other. Started by test/oracle/rollout.py.
#
#   rollout.R FOLDER       reads panels.csv and students.csv there
#
# Prints for each panel: effect, std_error, df, low, high, p_value, and beside them the cluster-robust error (CR1, package
# sandwich) of the two-way regression with one dummy for each cohort and period, NA without that package; then the tails
# and quantiles of Student's t.

folder <- commandArgs(trailingOnly = TRUE)[1]
panels <- read.csv(file.path(folder, "panels.csv"))

effect <- function(d, periods) {
    clean <- d$period < d$split
    control <- clean & (!d$never | d$cohort >= periods)
    seen <- sort(unique(d$period[control]))
    in_period <- outer(d$period[control], seen, "==") + 0
    of_unit <- outer(d$unit[control], unique(d$unit[control]), "==") + 0
    fit <- lm(d$y[control] ~ 0 + in_period + of_unit, weights = d$m[control])
    lambda <- rep(NA_real_, periods)
    lambda[seen + 1] <- ifelse(is.na(coef(fit)), 0, coef(fit))[seq_along(seen)]      # NA: left out as it follows from the others
    left <- d$y - lambda[d$period + 1]
    treated <- d$period >= d$cohort
    tau <- vapply(which(treated), function(i) {
        own <- clean & d$unit == d$unit[i] & !is.na(left)
        if (any(own)) left[i] - weighted.mean(left[own], d$m[own]) else NA_real_
    }, 0)
    kept <- !is.na(tau)
    list(theta = weighted.mean(tau[kept], d$m[treated][kept]), first = unique(d$unit[treated][kept]), control = table(d$unit[control]))
}

jackknife <- function(d, level) {
    periods <- max(d$period) + 1
    all <- effect(d, periods)
    second <- setdiff(as.integer(names(all$control)[all$control >= 2]), all$first)
    variance <- vapply(list(all$first, second), function(stratum) {
        thetas <- vapply(stratum, function(u) effect(d[d$unit != u, ], periods)$theta, 0)
        (length(stratum) - 1) / length(stratum) * sum((thetas - all$theta)^2)
    }, 0)
    size <- c(length(all$first), length(second))
    se <- sqrt(sum(variance))
    df <- sum(variance)^2 / sum(variance^2 / (size - 1))
    reach <- qt(1 - (1 - level) / 2, df) * se
    c(all$theta, se, df, all$theta - reach, all$theta + reach, 2 * pt(-abs(all$theta / se), df))
}

clustered <- function(d) {
    if (!requireNamespace("sandwich", quietly = TRUE)) return(NA)
    d <- d[d$period < d$split | d$period >= d$cohort, ]
    d$treated <- factor(ifelse(d$period >= d$cohort, paste(d$cohort, d$period), "none"), levels = c("none", unique(paste(d$cohort, d$period)[d$period >= d$cohort])))
    fit <- lm(y ~ factor(unit) + factor(period) + treated, data = d, weights = m)
    v <- sandwich::vcovCL(fit, cluster = d$unit, type = "HC1")
    share <- tapply(d$m, d$treated, sum)[-1]
    names(share) <- paste0("treated", names(share))
    share <- share[names(share) %in% rownames(v) & !is.na(coef(fit)[names(share)])]
    w <- share / sum(share)
    sqrt(drop(w %*% v[names(w), names(w)] %*% w))
}

for (id in unique(panels$id)) {
    d <- panels[panels$id == id, ]
    d$never <- d$never == 1
    cat("panel", id, sprintf("%.17g", jackknife(d, d$level[1])), sprintf("%.6f", clustered(d)), "\n")
}
students <- read.csv(file.path(folder, "students.csv"))
cat(sprintf("student %.17g %.17g\n", 2 * pt(-abs(students$t), students$df), qt(1 - (1 - students$level) / 2, students$df)), sep = "")
