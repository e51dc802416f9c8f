# Compare tests of rates, strata and durations, and adjusted p-values, with R. Started by test/oracle/statistics.
#
# Relative differences of 1e-9 are agreement, 1e-7 for p-values below 1e-100; counts and NULLs agree exactly. A
# statistic near 0, which is what two larger numbers leave, agrees within 1e-15.

suppressMessages(library(survival))

CASES <- as.integer(Sys.getenv("CASES", "2000"))
set.seed(as.integer(Sys.getenv("SEED", "1")))

compared <- 0
wrong <- 0
worst <- c()

check <- function(what, where, ours, theirs, floor = 0) {
    ours <- as.numeric(ours)
    theirs <- as.numeric(theirs)
    theirs[!is.finite(theirs)] <- NA
    stopifnot(length(ours) == length(theirs))
    difference <- abs(ours - theirs) / pmax(abs(theirs), floor, 1e-300)
    difference[ours == theirs] <- 0
    limit <- ifelse(grepl("^p\\b", what) & !is.na(theirs) & theirs < 1e-100, 1e-7, 1e-9)
    bad <- xor(is.na(ours), is.na(theirs)) | (!is.na(difference) & difference > limit)
    compared <<- compared + length(ours)
    worst[what] <<- max(worst[what], difference[limit == 1e-9], 0, na.rm = TRUE)
    for (i in head(which(bad), 3))
        cat(sprintf("not ok: %s, %s: %.17g against %.17g\n", rep_len(where, length(ours))[i], what, ours[i], theirs[i]))
    wrong <<- wrong + sum(bad)
}

# Answers of the server to one query, as a matrix of text; NULL is NA.
ask <- function(query) {
    file <- tempfile(fileext = ".sql")
    on.exit(unlink(file))
    writeLines(c("SET extra_float_digits = 1;", paste0(query, ";")), file)
    out <- system2("psql", c("-X", "-q", "-A", "-t", "-F", "'|'", "-v", "ON_ERROR_STOP=1", "-f", file), stdout = TRUE)
    if (!is.null(attr(out, "status")))
        stop("psql failed on: ", substr(query, 1, 500))
    cells <- do.call(rbind, strsplit(paste0(out, "|end"), "|", fixed = TRUE))
    cells[cells == ""] <- NA
    cells[cells == "t"] <- 1
    cells[cells == "f"] <- 0
    cells[, -ncol(cells), drop = FALSE]
}
whole <- function(x) format(x, scientific = FALSE, trim = TRUE)
values <- function(...) paste0("(VALUES ", paste(sprintf("(%s)", do.call(paste, c(lapply(list(...), whole), sep = ","))), collapse = ","), ")")

some_count <- function(digits) floor(10 ^ (digits * runif(1)))
some_part <- function(n) switch(sample(6, 1), 0, n, min(n, sample(0:4, 1)), floor(runif(1) * (n + 1)), round(n * runif(1)), rbinom(1, n, 0.3))

# ---- two rates

contrasts <- rbind(c(48, 80, 56, 70), c(3, 10, 9, 10), c(2, 7, 6, 7), c(0, 29, 5, 56), c(0, 20, 0, 10), c(0, 10, 0, 10), c(0, 20, 10, 10), c(0, 10, 10, 10),
                   c(5000000, 1e7, 5004000, 1e7), c(100, 1e7, 170, 1e7), c(4000000, 1e7, 4100000, 1e7), c(0, 1e7, 60, 1e7),
                   t(sapply(seq_len(CASES), function(i) {
                       n <- c(some_count(d <- sample(c(1, 2, 3, 5), 1)), some_count(d))
                       c(some_part(n[1]), n[1], some_part(n[2]), n[2])
                   })))
ours <- ask(paste("SELECT z, p_value, p_exact FROM", values(seq_len(nrow(contrasts)), contrasts[, 1], contrasts[, 2], contrasts[, 3], contrasts[, 4]),
                  "t (i, k1, n1, k2, n2), compare(rate_summary(k1::bigint, n1::bigint), rate_summary(k2::bigint, n2::bigint)) ORDER BY i"))
# The sum that fisher.test takes; it also estimates an odds ratio, for which large tables would need minutes.
fisher <- function(k1, n1, k2, n2) {
    if (n1 + n2 < 2000)
        return(fisher.test(matrix(c(k1, n1 - k1, k2, n2 - k2), 2), conf.int = FALSE)$p.value)
    x <- max(0, k1 + k2 - n2):min(n1, k1 + k2)
    d <- dhyper(x, n1, n2, k1 + k2, log = TRUE)
    d <- exp(d - max(d))
    d <- d / sum(d)
    min(1, sum(d[d <= d[k1 - x[1] + 1] * (1 + 1e-7)]))
}
for (i in seq_len(nrow(contrasts))) {
    x <- contrasts[i, ]
    where <- paste(whole(x), collapse = " ")
    test <- suppressWarnings(prop.test(x[c(3, 1)], x[c(4, 2)], correct = FALSE))
    p <- c(x[3] / x[4], x[1] / x[2])
    check("z", where, ours[i, 1], sign(x[3] * x[2] - x[1] * x[4]) * sqrt(unname(test$statistic)), 1e-6)
    check("p of z", where, ours[i, 2], if (is.nan(test$p.value)) NA else test$p.value)
    check("p, exact", where, ours[i, 3], fisher(x[1], x[2], x[3], x[4]))
}

# ---- differences of differences: the saturated linear model of proportions, its variances those of the binomial

fours <- t(sapply(seq_len(CASES + 1), function(i) {
    n <- sapply(1:4, function(j) some_count(sample(c(1, 2, 4), 1)))
    if (i == 1) c(30, 150, 48, 160, 28, 140, 31, 150) else c(rbind(sapply(n, some_part), n))
}))
level <- c(0.95, sample(c(0.95, 0.95, 0.8, 0.99), CASES, TRUE))
ours <- ask(paste("SELECT treated_points, control_points, difference_points, std_error, low, high, z, p_value FROM",
                  do.call(values, c(list(seq_len(nrow(fours))), lapply(1:8, function(j) fours[, j]), list(level))),
                  "t (i, k1, n1, k2, n2, k3, n3, k4, n4, level), difference_in_differences(rate_summary(k1::bigint, n1::bigint), rate_summary(k2::bigint, n2::bigint),",
                  "rate_summary(k3::bigint, n3::bigint), rate_summary(k4::bigint, n4::bigint), level) ORDER BY i"))
k <- fours[, c(1, 3, 5, 7)]
n <- fours[, c(2, 4, 6, 8)]
p <- k / n
did <- (p[, 2] - p[, 1]) - (p[, 4] - p[, 3])
se <- sqrt(rowSums(p * (1 - p) / n))
z <- did / ifelse(se == 0, NA, se)
none <- ifelse(se == 0, NA, 1)
check("DiD, treated", "DiD", ours[, 1], 100 * (p[, 2] - p[, 1]), 1e-3)
check("DiD, control", "DiD", ours[, 2], 100 * (p[, 4] - p[, 3]), 1e-3)
check("DiD", "DiD", ours[, 3], 100 * did, 1e-3)
check("DiD, error", "DiD", ours[, 4], 100 * se)
check("DiD, low", "DiD", ours[, 5], none * 100 * (did - qnorm((1 + level) / 2) * se), 1e-3)
check("DiD, high", "DiD", ours[, 6], none * 100 * (did + qnorm((1 + level) / 2) * se), 1e-3)
check("DiD, z", "DiD", ours[, 7], z, 1e-6)
check("p of DiD", "DiD", ours[, 8], 2 * pnorm(-abs(z)))

# ---- strata of rates: women and men by department at Berkeley, and random tables

families <- c(list(apply(UCBAdmissions, 3, function(x) c(x[1, 2], sum(x[, 2]), x[1, 1], sum(x[, 1])))),
              lapply(seq_len(CASES), function(i) {
                  digits <- sample(c(0.8, 1, 2, 4, 6), 1)
                  sapply(seq_len(sample(c(1, 2, 3, 5, 20), 1)), function(j) {
                      n <- c(some_count(digits), some_count(digits))
                      c(some_part(n[1]), n[1], some_part(n[2]), n[2])
                  })
              }))
level <- c(0.95, sample(c(0.95, 0.95, 0.8, 0.99), CASES, TRUE))
flat <- do.call(rbind, lapply(seq_along(families), function(i) cbind(i, t(families[[i]]), level[i])))
ours <- ask(paste("SELECT c.strata, common_odds_ratio, odds_ratio_low, odds_ratio_high, chi2, p_value FROM (SELECT i, level, mantel_haenszel_agg(rate_summary(k1::bigint, n1::bigint), rate_summary(k2::bigint, n2::bigint)) AS m FROM",
                  do.call(values, lapply(1:6, function(j) flat[, j])), "t (i, k1, n1, k2, n2, level) GROUP BY i, level) x, compare(m, level) c ORDER BY i"))
for (i in seq_along(families)) {
    f <- families[[i]]
    # mantelhaen.test wants two strata: a second one without any of one outcome adds nothing
    tables <- array(rbind(f[3, ], f[4, ] - f[3, ], f[1, ], f[2, ] - f[1, ]), c(2, 2, ncol(f)))
    padded <- if (ncol(f) == 1) array(c(tables, 1, 0, 1, 0), c(2, 2, 2)) else tables
    where <- paste("strata", i)
    check("strata", where, ours[i, 1], ncol(f))
    test <- tryCatch(suppressWarnings(mantelhaen.test(padded, correct = FALSE, conf.level = level[i])), error = function(e) NULL)
    if (is.null(test))
        next
    ratio <- unname(test$estimate)
    check("odds ratio", where, ours[i, 2], ratio)
    known <- if (is.finite(ratio) && ratio > 0) 1 else NA
    check("odds ratio, low", where, ours[i, 3], known * test$conf.int[1])
    check("odds ratio, high", where, ours[i, 4], known * test$conf.int[2])
    check("chi-square", where, ours[i, 5], test$statistic, 1e-6)
    check("p of chi-square", where, ours[i, 6], if (is.nan(test$p.value)) NA else test$p.value)
}

# ---- durations

# The text of a summary: status 0 censored, 1 event, 2 competing; entry NA for who did not enter late.
summary_text <- function(time, status, entry = rep(NA, length(time))) {
    units <- sort(unique(c(time, entry[!is.na(entry)])))
    count <- function(x) tabulate(match(x, units), length(units))
    rows <- sprintf("[%d,%d,%d,%d,%d]", as.integer(units), count(time[status == 1]), count(time[status == 2]), count(time[status == 0]), count(entry[!is.na(entry)]))
    total <- whole(sum(time[status == 1]))
    sprintf("'{\"version\":1,\"unit\":\"second\",\"total_microseconds\":%s,\"histogram\":[%s]}'", if (total == "0") "0" else paste0(total, "000000"), paste(rows, collapse = ","))
}

# A study: time, status, group (1 before, 2 after), stratum, entry
study <- function(where, time, status, group, stratum = rep(1, length(time)), entry = NULL, horizon = NA)
    list(where = where, time = time, status = status, group = group, stratum = stratum, entry = entry, horizon = horizon)
freireich <- function() {
    t <- c(1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23, 6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35)
    study("Freireich", t, rep(c(1, 0), c(30, 12)), rep(1:2, each = 21), horizon = 20)
}
d1 <- colon[colon$etype == 1 & colon$rx != "Lev", ]
d2 <- colon[colon$etype == 2 & colon$rx != "Lev", ]
complete <- lung[!is.na(lung$ph.ecog) & lung$ph.ecog < 3, ]
studies <- list(freireich(),
    study("lung, sex", lung$time, lung$status - 1, lung$sex),
    study("lung, sex by ECOG", complete$time, complete$status - 1, complete$sex, complete$ph.ecog + 1),
    study("veteran, treatment", veteran$time, veteran$status, veteran$trt),
    study("veteran, treatment by cell type", veteran$time, veteran$status, veteran$trt, as.integer(veteran$celltype)),
    study("colon, recurrence", d1$time, d1$status, 1 + (d1$rx != "Obs")),
    study("colon, recurrence by nodes", d1$time, d1$status, 1 + (d1$rx != "Obs"), 1 + d1$node4),
    study("colon, death by extent", d2$time, d2$status, 1 + (d2$rx != "Obs"), d2$extent),
    study("heart, transplant, late entry", round(2 * heart$stop), heart$event, as.integer(heart$transplant), entry = round(2 * heart$start)))
for (case in seq_len(CASES)) {
    n <- sample(c(4:12, 40, 150), 1)
    time <- sample(0:sample(c(3, 8, 25, 400), 1), n, TRUE)
    group <- sample(1:2, n, TRUE)
    stratum <- sample(sample(1:4, 1), n, TRUE)
    status <- rbinom(n, 1, sample(c(0, 0.3, 0.6, 1), 1, prob = c(0.05, 0.3, 0.35, 0.3)))
    if (case %% 4 == 0)
        status <- status * sample(1:2, n, TRUE)
    entry <- NULL
    if (case %% 5 == 0 && n <= 40) {
        entry <- ifelse(runif(n) < 0.5, floor(runif(n) * time), -1)
        entry[entry >= time] <- -1
        entry[time == 0] <- -1
    }
    studies[[length(studies) + 1]] <- study(paste("study", case), time, status, group, stratum, entry, sample(c(NA, max(time) * runif(1)), 1))
}

side <- function(s, i) {
    if (length(i) == 0)
        return("NULL")
    late <- if (is.null(s$entry)) rep(NA, length(i)) else ifelse(s$entry[i] <= 0 & s$entry[i] != 0, NA, s$entry[i])
    if (s$where == "heart, transplant, late entry")
        late[late == 0] <- NA           # there from the start
    summary_text(s$time[i], s$status[i], late)
}
pairs <- unlist(lapply(seq_along(studies), function(j) {
    s <- studies[[j]]
    sprintf("(%d,%s,%s,%s::float8)", j, side(s, which(s$group == 1)), side(s, which(s$group == 2)), if (is.na(s$horizon)) "NULL" else format(s$horizon, digits = 17))
}))
plain <- ask(paste0("SELECT before_median, after_median, difference_days, low, high, log_rank_chi2, c.p_value, c.hazard_ratio, compared_to, c.hazard_low, c.hazard_high FROM (VALUES ", paste(pairs, collapse = ",\n"),
                    ") t (j, b, a, h) LEFT JOIN LATERAL compare(b::duration_summary, a::duration_summary, h) c ON true ORDER BY j"))
pairs <- unlist(lapply(seq_along(studies), function(j) {
    s <- studies[[j]]
    sapply(sort(unique(s$stratum)), function(k)
        sprintf("(%d,%s,%s)", j, side(s, which(s$group == 1 & s$stratum == k)), side(s, which(s$group == 2 & s$stratum == k))))
}))
stratified <- ask(paste0("SELECT c.strata, skipped, crude_hazard_ratio, c.hazard_ratio, c.log_rank_chi2, c.p_value, mix_shift, hazard_low, hazard_high FROM (SELECT j, log_rank_agg(b::duration_summary, a::duration_summary) AS l FROM (VALUES ",
                         paste(pairs, collapse = ",\n"), ") t (j, b, a) GROUP BY j) x, compare(l) c ORDER BY j"))

# chi-square, hazard ratio and direction of a log-rank test: of survdiff, which knows no late entry; with it, counted
# here and held against the score test of coxph with exact ties, which is the same test
log_rank <- function(time, event, group, stratum, entry) {
    none <- list(chisq = NA, ratio = NA, surplus = NA, variance = 0)
    both <- sapply(split(group, stratum), function(g) length(unique(g)) == 2)
    keep <- both[as.character(stratum)]
    time <- time[keep]; event <- event[keep]; group <- group[keep]; stratum <- stratum[keep]
    entry <- if (is.null(entry)) rep(-1, length(time)) else entry[keep]
    observed <- expected <- c(0, 0)
    variance <- 0
    for (k in unique(stratum)) for (t in unique(time[event == 1 & stratum == k])) {
        risk <- sapply(1:2, function(g) sum(stratum == k & group == g & time >= t & entry < t))
        d <- sapply(1:2, function(g) sum(stratum == k & group == g & time == t & event == 1))
        observed <- observed + d
        expected <- expected + sum(d) * risk / sum(risk)
        if (sum(risk) > 1)
            variance <- variance + sum(d) * prod(risk / sum(risk)) * (sum(risk) - sum(d)) / (sum(risk) - 1)
    }
    if (length(time) == 0)
        return(none)
    ratio <- if (observed[1] > 0 && all(expected > 0)) (observed[2] / expected[2]) / (observed[1] / expected[1]) else NA
    chisq <- NA
    if (variance > 1e-12) {
        if (all(entry == -1)) {
            fit <- if (length(unique(stratum)) > 1) survdiff(Surv(time, event) ~ group + strata(stratum)) else survdiff(Surv(time, event) ~ group)
            chisq <- fit$chisq
        } else {
            # counted person by person; coxph, whose sums over ties are less exact, must mean the same
            chisq <- (observed[2] - expected[2])^2 / variance
            score <- suppressWarnings(coxph(Surv(entry, time, event) ~ group + strata(stratum), ties = "exact"))$score
            if (is.finite(score) && abs(score - chisq) > 1e-6 * max(chisq, 1e-3))
                chisq <- score
        }
    }
    list(chisq = chisq, ratio = ratio, surplus = observed[2] - expected[2], variance = variance)
}

# the interval of a hazard ratio, from the variance of the log-rank test
ratio_limits <- function(found) {
    if (is.na(found$ratio) || found$ratio == 0 || found$variance == 0) c(NA, NA) else found$ratio * exp(c(-1, 1) * qnorm(0.975) / sqrt(found$variance))
}

for (j in seq_along(studies)) {
    s <- studies[[j]]
    event <- as.integer(s$status == 1)
    entry <- s$entry
    if (s$where == "heart, transplant, late entry")
        entry[entry == 0] <- -1
    crude <- log_rank(s$time, event, s$group, rep(1, length(s$time)), entry)
    within <- log_rank(s$time, event, s$group, s$stratum, entry)
    if (length(unique(s$group)) == 2) {
        check("log-rank chi-square", s$where, plain[j, 6], crude$chisq, 1e-6)
        check("p of log-rank", s$where, plain[j, 7], pchisq(crude$chisq, 1, lower.tail = FALSE))
        check("hazard ratio", s$where, plain[j, 8], crude$ratio)
        check("its interval", s$where, plain[j, 10:11], ratio_limits(crude))
        # the means restricted to the horizon; with competing ends the oracle of survival has them
        h <- if (is.na(s$horizon)) min(max(s$time[s$group == 1]), max(s$time[s$group == 2])) else s$horizon
        check("horizon", s$where, plain[j, 9], h)
        if (!any(s$status == 2) && h > max(sapply(1:2, function(g) min(s$time[s$group == g]))) && h > 0) {
            rows <- lapply(1:2, function(g) {
                i <- s$group == g
                fit <- if (is.null(entry)) survfit(Surv(s$time[i], event[i]) ~ 1) else survfit(Surv(entry[i], s$time[i], event[i]) ~ 1)
                known <- if (h <= max(s$time[i]) || tail(fit$surv, 1) == 0) 1 else NA
                known * summary(fit, rmean = h)$table[c("rmean", "se(rmean)")]
            })
            # a curve whose risk set empties before its end leaves R without an answer
            if (!anyNA(rows[[1]]) && !anyNA(rows[[2]]) || is.na(as.numeric(plain[j, 3]))) {
                difference <- rows[[2]][1] - rows[[1]][1]
                half <- qnorm(0.975) * sqrt(rows[[1]][2]^2 + rows[[2]][2]^2)
                if (!is.na(half) && half == 0)
                    half <- NA
                check("restricted means", s$where, plain[j, 3], difference, 1e-3)
                check("restricted means, low", s$where, plain[j, 4], difference - half, 1e-3)
                check("restricted means, high", s$where, plain[j, 5], difference + half, 1e-3)
            }
        }
    }
    both <- sapply(split(s$group, s$stratum), function(g) length(unique(g)) == 2)
    check("strata", s$where, stratified[j, 1], sum(both))
    check("skipped", s$where, stratified[j, 2], sum(!both))
    check("crude hazard ratio", s$where, stratified[j, 3], crude$ratio)
    check("stratified hazard ratio", s$where, stratified[j, 4], within$ratio)
    check("stratified log-rank", s$where, stratified[j, 5], within$chisq, 1e-6)
    check("p of stratified log-rank", s$where, stratified[j, 6], pchisq(within$chisq, 1, lower.tail = FALSE))
    check("its interval, stratified", s$where, stratified[j, 8:9], ratio_limits(within))
    known <- crude$variance > 1e-12 && within$variance > 1e-12
    check("mix shift", s$where, stratified[j, 7], if (!known) NA else
        abs(crude$surplus) > 1e-10 && abs(within$surplus) > 1e-10 && crude$surplus * within$surplus < 0)
}

# ---- adjusted p-values: ties, NULLs, ends

lists <- c(list(c(0.01, 0.02, 0.03, 0.04, 0.05)), lapply(seq_len(CASES), function(i) {
    p <- runif(sample(c(1, 2, 5, 20, 60), 1)) ^ sample(c(1, 3, 40), 1)
    if (i %% 2 == 0)
        p <- sample(p, length(p), TRUE)
    p[runif(length(p)) < 0.1] <- NA
    p[runif(length(p)) < 0.05] <- 0
    p[runif(length(p)) < 0.05] <- 1
    p
}))
rows <- unlist(lapply(seq_along(lists), function(i) sprintf("(%d,%d,%s)", i, seq_along(lists[[i]]), ifelse(is.na(lists[[i]]), "NULL::float8", sprintf("%.17g", lists[[i]])))))
ours <- ask(paste0("SELECT p_adjust(p, 'holm') OVER w, p_adjust(p, 'bh') OVER w, p_adjust(p, 'bonferroni') OVER w FROM (VALUES ", paste(rows, collapse = ","),
                   ") t (i, j, p) WINDOW w AS (PARTITION BY i) ORDER BY i, j"))
check("Holm", "p.adjust", ours[, 1], unlist(lapply(lists, p.adjust, "holm")))
check("Benjamini-Hochberg", "p.adjust", ours[, 2], unlist(lapply(lists, p.adjust, "BH")))
check("Bonferroni", "p.adjust", ours[, 3], unlist(lapply(lists, p.adjust, "bonferroni")))

for (what in names(worst))
    cat(sprintf("# %-26s worst relative difference %.1e\n", what, worst[what]))
cat(sprintf("statistics: R %s, survival %s: %d numbers of %d contrasts, %d families of strata, %d studies and %d lists, %d disagreements, worst relative difference %.1e\n",
            getRversion(), packageVersion("survival"), compared, nrow(contrasts) + nrow(fours), length(families), length(studies), length(lists), wrong, max(worst)))
quit(status = as.integer(wrong > 0))
