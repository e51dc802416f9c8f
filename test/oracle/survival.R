# Compare duration_summary with survfit(). Started by test/oracle/survival.
#
# Every data set goes to the server as the text of a summary; the server answers with curve, quantiles,
# incidence and restricted means, which are compared one by one. One session answers for hundreds of data sets.
# Numbers agree within 1e-9 (relative),
# counts and NULLs exactly. Where R has two answers, that of print() is taken: a level that is met exactly
# on the last flat of a curve counts from the left of the flat, and a limit is where its band crosses first.

suppressMessages(library(survival))

LIMIT <- 1e-9
CASES <- as.integer(Sys.getenv("CASES", "2000"))
set.seed(as.integer(Sys.getenv("SEED", "1")))
PROBS <- c(0.05, 0.1, 0.25, 0.5, 0.6, 0.75, 0.9, 0.95)
BANDS <- c("log", "log-log")
SECOND <- "1000000"

compared <- 0
wrong <- 0
worst <- c()

check <- function(what, where, ours, theirs) {
    ours <- as.numeric(ours)
    theirs <- as.numeric(theirs)
    if (length(ours) != length(theirs)) {
        wrong <<- wrong + 1
        cat(sprintf("not ok: %s, %s: %d values against %d\n", where, what, length(ours), length(theirs)))
        return(invisible())
    }
    theirs[!is.finite(theirs)] <- NA
    difference <- abs(ours - theirs) / pmax(abs(theirs), 1e-300)
    difference[ours == theirs] <- 0
    bad <- xor(is.na(ours), is.na(theirs)) | (!is.na(difference) & difference > LIMIT)
    compared <<- compared + length(ours)
    worst[what] <<- max(worst[what], difference, 0, na.rm = TRUE)
    for (i in head(which(bad), 3))
        cat(sprintf("not ok: %s, %s [%d]: %.17g against %.17g\n", where, what, i, ours[i], theirs[i]))
    wrong <<- wrong + sum(bad)
}

# The text of a summary: status 0 censored, 1 event, 2 competing; entry NA for who did not enter late.
summary_text <- function(time, status, entry = rep(NA, length(time))) {
    units <- sort(unique(c(time, entry[!is.na(entry)])))
    count <- function(x) tabulate(match(x, units), length(units))
    rows <- sprintf("[%d,%d,%d,%d,%d]", units, count(time[status == 1]), count(time[status == 2]),
                    count(time[status == 0]), count(entry[!is.na(entry)]))
    total <- format(sum(time[status == 1]), scientific = FALSE)
    sprintf('{"version":1,"unit":"second","total_microseconds":%s,"histogram":[%s]}',
            if (total == "0") "0" else paste0(total, "000000"), paste(rows, collapse = ","))
}

# Answers of the server to queries, as matrices of text by their names; NULL is NA. One session answers them all.
ask <- function(queries) {
    file <- tempfile(fileext = ".sql")
    on.exit(unlink(file))
    writeLines(c("SET extra_float_digits = 1;", paste0(queries, ";\n\\echo end")), file)
    out <- system2("psql", c("-X", "-q", "-A", "-t", "-F", "'|'", "-v", "ON_ERROR_STOP=1", "-f", file), stdout = TRUE)
    if (!is.null(attr(out, "status")))
        stop("psql failed on: ", paste(queries, collapse = "; "))
    ends <- which(out == "end")
    answers <- Map(function(from, to) {
        if (to < from)
            return(matrix("", 0, 0))
        cells <- do.call(rbind, strsplit(paste0(out[from:to], "|end"), "|", fixed = TRUE))
        cells[cells == ""] <- NA
        cells[, -ncol(cells), drop = FALSE]
    }, c(0, head(ends, -1)) + 1, ends - 1)
    setNames(answers, names(queries))
}

# Where a falling curve first reaches 1 - p, by the rule of print.survfit for the median.
first_crossing <- function(y, x, p) {
    slack <- 1e-9
    keep <- !is.na(y) & y < 1 - p + slack
    if (!any(keep))
        return(NA)
    x <- x[keep]
    y <- y[keep]
    below <- which(y < y[1] - slack * p)
    if (abs(y[1] - (1 - p)) < slack && length(below) > 0) (x[1] + x[min(below)]) / 2 else x[1]
}

# Limits where the survival is 1.
one <- function(limit, p) ifelse(p == 1, 1, limit)

# Queries that wait for their answers, and what to do with those. settle() asks the server for all of them at once.
waiting <- list()
later <- function(queries, compare) {
    waiting[[length(waiting) + 1]] <<- list(queries = queries, compare = compare)
    if (length(waiting) >= 400)
        settle()
}
settle <- function() {
    now <- waiting
    waiting <<- list()
    answers <- unname(ask(unlist(lapply(now, `[[`, "queries"))))
    at <- 0
    for (item in now) {
        n <- length(item$queries)
        item$compare(setNames(answers[at + seq_len(n)], names(item$queries)))
        at <- at + n
    }
}

readings_of <- function(d, level, band, times, horizons) {
    d <- sprintf("(SELECT '%s'::duration_summary) x (d)", d)
    numbers <- function(x) paste(format(x, scientific = FALSE, trim = TRUE, digits = 15), collapse = ",")
    c(curve = sprintf("SELECT c.* FROM %s, curve(d, %g, '%s') c", d, level, band),
      quantiles = sprintf("SELECT quantile(d, p), i.low, i.high FROM %s, unnest('{%s}'::float8[]) p, quantile_interval(d, p, %g, '%s') i ORDER BY p",
                          d, numbers(PROBS), level, band),
      within = sprintf("SELECT reached_within(d, u), i.low, i.high FROM %s, unnest('{%s}'::bigint[]) u, reached_within_interval(d, u, %g, '%s') i ORDER BY u",
                       d, numbers(times), level, band),
      means = sprintf("SELECT restricted_mean(d, h), restricted_mean_error(d, h) FROM %s, unnest('{%s}'::float8[]) h ORDER BY h", d, numbers(horizons)),
      numbers = sprintf("SELECT observed(d), competing(d), censored(d), mean(d), median(d), i.low, i.high FROM %s, quantile_interval(d, 0.5, %g, '%s') i",
                        d, level, band))
}

# One group without competing ends.
compare_survival <- function(where, time, status, entry = NULL, level = 0.95, band = "log") {
    where <- paste(where, band)
    fit <- if (is.null(entry)) survfit(Surv(time, status) ~ 1, conf.int = level, conf.type = band) else
        survfit(Surv(entry, time, status) ~ 1, conf.int = level, conf.type = band)
    # R leaves a survival of 1 without limits by log-log, and has 1 to 1 by log: ours are 1 to 1 by both
    fit$lower <- one(fit$lower, fit$surv)
    fit$upper <- one(fit$upper, fit$surv)
    late <- if (is.null(entry)) rep(NA, length(time)) else ifelse(entry < 0, NA, entry)
    times <- sort(unique(round(max(time) * c(0, 0.1, 0.3, 0.5, 0.8, 1))))
    horizons <- sort(unique(max(time) * c(0.25, 0.5, 0.9, 1)))
    horizons <- horizons[horizons >= min(time)]		# R wants no less
    later(readings_of(summary_text(time, status, late), level, band, times, horizons), function(got) {

        check("units", where, got$curve[, 1], fit$time)
        check("at risk", where, got$curve[, 2], fit$n.risk)
        check("events", where, got$curve[, 3], fit$n.event)
        check("censored", where, got$curve[, 5], fit$n.censor)
        check("survival", where, got$curve[, 6], fit$surv)
        check("standard error", where, got$curve[, 7], fit$std.err * fit$surv)
        check("band, low", where, got$curve[, 8], fit$lower)
        check("band, high", where, got$curve[, 9], fit$upper)
        check("incidence", where, got$curve[, 10], 1 - fit$surv)

        check("quantiles", where, got$quantiles[, 1], sapply(PROBS, function(p) first_crossing(fit$surv, fit$time, p)))
        check("quantile limits, low", where, got$quantiles[, 2], sapply(PROBS, function(p) first_crossing(fit$lower, fit$time, p)))
        check("quantile limits, high", where, got$quantiles[, 3], sapply(PROBS, function(p) first_crossing(fit$upper, fit$time, p)))

        # quantile() itself, away from the last flat and where the bands fall throughout
        falls <- function(y) !any(diff(y[!is.na(y)]) > 0)
        theirs <- quantile(fit, PROBS)
        usual <- abs(1 - min(fit$surv) - PROBS) > 1e-7
        check("quantile()", where, got$quantiles[usual, 1], theirs$quantile[usual])
        if (falls(fit$upper) && falls(fit$lower)) {
            last <- function(y) abs(1 - tail(y[!is.na(y)], 1) - PROBS) > 1e-7
            check("quantile() limits, low", where, got$quantiles[last(fit$lower), 2], theirs$lower[last(fit$lower)])
            check("quantile() limits, high", where, got$quantiles[last(fit$upper), 3], theirs$upper[last(fit$upper)])
        }

        at <- summary(fit, times = times, extend = TRUE)
        check("reached within", where, got$within[, 1], 1 - at$surv)
        check("reached within, low", where, got$within[, 2], 1 - one(at$upper, at$surv))
        check("reached within, high", where, got$within[, 3], 1 - one(at$lower, at$surv))
        for (i in seq_along(horizons)) {
            row <- summary(fit, rmean = horizons[i])$table
            check("restricted mean", where, got$means[i, 1], row["rmean"])
            check("restricted mean, error", where, got$means[i, 2], row["se(rmean)"])
        }
        row <- summary(fit)$table
        check("median and limits", where, got$numbers[1, 5:7], row[c("median", grep("LCL|UCL", names(row), value = TRUE))])
        check("counts", where, got$numbers[1, 1:3], c(sum(status == 1), 0, sum(status == 0)))
        check("mean of observed", where, got$numbers[1, 4], mean(time[status == 1]))
    })
}

# One group with competing ends: status 0 censored, 1 event, 2 competing.
compare_competing <- function(where, time, status, level = 0.95, band = "log") {
    where <- paste(where, band)
    state <- factor(status, 0:2, c("censored", "event", "competing"))
    fit <- survfit(Surv(time, state) ~ 1, conf.int = level, conf.type = band)
    times <- sort(unique(round(max(time) * c(0.1, 0.3, 0.5, 0.8, 1))))
    horizons <- sort(unique(max(time) * c(0.25, 0.5, 0.9, 1)))
    horizons <- horizons[horizons >= min(time)]
    later(readings_of(summary_text(time, status), level, band, times, horizons), function(got) {
        s <- which(fit$states == "(s0)")
        e <- which(fit$states == "event")
        # R leaves an incidence of 0 without limits, ours are 0
        zero <- function(x, p) ifelse(p == 0, 0, x)

        check("competing: units", where, got$curve[, 1], fit$time)
        check("competing: at risk", where, got$curve[, 2], fit$n.risk[, s])
        check("competing: survival", where, got$curve[, 6], fit$pstate[, s])
        alive <- fit$pstate[, s] > 0
        check("competing: standard error", where, got$curve[alive, 7], fit$std.err[alive, s])
        check("competing: band, low", where, got$curve[, 8], one(fit$lower[, s], fit$pstate[, s]))
        check("competing: band, high", where, got$curve[, 9], one(fit$upper[, s], fit$pstate[, s]))
        check("competing: incidence", where, got$curve[, 10], fit$pstate[, e])

        at <- summary(fit, times = times, extend = TRUE)
        check("competing: reached within", where, got$within[, 1], at$pstate[, e])
        check("competing: reached within, low", where, got$within[, 2], zero(at$lower[, e], at$pstate[, e]))
        check("competing: reached within, high", where, got$within[, 3], zero(at$upper[, e], at$pstate[, e]))
        check("competing: quantiles", where, got$quantiles[, 1],
              sapply(PROBS, function(p) first_crossing(1 - fit$pstate[, e], fit$time, p)))
        check("competing: quantile limits, low", where, got$quantiles[, 2],
              sapply(PROBS, function(p) first_crossing(1 - zero(fit$upper[, e], fit$pstate[, e]), fit$time, p)))
        check("competing: quantile limits, high", where, got$quantiles[, 3],
              sapply(PROBS, function(p) first_crossing(1 - zero(fit$lower[, e], fit$pstate[, e]), fit$time, p)))
        for (i in seq_along(horizons)) {
            row <- summary(fit, rmean = horizons[i])$table
            lost <- row["event", "rmean"]			# mean time spent in the state
            check("competing: restricted mean", where, got$means[i, 1], horizons[i] - lost)
            check("competing: restricted mean, error", where, got$means[i, 2], NA)
        }
        check("competing: counts", where, got$numbers[1, 1:3], c(sum(status == 1), sum(status == 2), sum(status == 0)))
    })
}

by_group <- function(name, group, f) {
    for (g in sort(unique(group)))
        f(paste(name, g), which(group == g))
    f(name, seq_along(group))
}

for (level in c(0.95, 0.8)) for (band in BANDS) {
    by_group("lung", lung$sex, function(where, i) compare_survival(where, lung$time[i], lung$status[i] - 1, level = level, band = band))
    by_group("aml", as.integer(aml$x), function(where, i) compare_survival(where, aml$time[i], aml$status[i], level = level, band = band))
    by_group("veteran", as.integer(veteran$celltype), function(where, i) compare_survival(where, veteran$time[i], veteran$status[i], level = level, band = band))
    for (etype in 1:2) {
        d <- colon[colon$etype == etype, ]
        by_group(paste("colon", etype), as.integer(d$rx), function(where, i) compare_survival(where, d$time[i], d$status[i], level = level, band = band))
    }
    by_group("rotterdam, recurrence", rotterdam$chemo, function(where, i) compare_survival(where, rotterdam$rtime[i], rotterdam$recur[i], level = level, band = band))
    by_group("rotterdam, death", rotterdam$hormon, function(where, i) compare_survival(where, rotterdam$dtime[i], rotterdam$death[i], level = level, band = band))
    # half days; who was there from the start did not enter late
    by_group("heart", as.integer(heart$transplant), function(where, i)
        compare_survival(where, round(2 * heart$stop[i]), heart$event[i],
                         ifelse(heart$start[i] == 0, -1, round(2 * heart$start[i])), level = level, band = band))
    etime <- with(mgus2, ifelse(pstat == 0, futime, ptime))
    status <- with(mgus2, ifelse(pstat == 0, 2 * death, 1))
    by_group("mgus2", as.integer(mgus2$sex), function(where, i) compare_competing(where, etime[i], status[i], level = level, band = band))
    by_group("mgus2, death first", as.integer(mgus2$sex), function(where, i) compare_competing(where, etime[i], (3 - status[i]) * (status[i] > 0), level = level, band = band))
}

# Small random cases: ties, events at 0, curves that end in an event, everybody censored but one.
for (case in seq_len(CASES)) {
    n <- sample(c(2:8, 30), 1)
    time <- sample(0:sample(3:25, 1), n, replace = TRUE)
    status <- rbinom(n, 1, sample(c(0.3, 0.6, 1), 1))
    status[1] <- 1
    entry <- NULL
    if (case %% 3 == 0) {
        entry <- ifelse(runif(n) < 0.5, floor(runif(n) * time), -1)
        entry[entry >= time] <- -1
    }
    for (band in BANDS)
        compare_survival(paste("random", case), time, status, entry, band = band)
    if (case %% 3 == 1) {
        time <- time + 1			# the multi-state curve begins after its first time
        status <- status * sample(1:2, n, replace = TRUE)
        if (any(status == 1) && any(status == 2))
            for (band in BANDS)
                compare_competing(paste("random", case), time, status, band = band)
    }
}

settle()

for (what in names(worst))
    cat(sprintf("# %-36s worst relative difference %.1e\n", what, worst[what]))
cat(sprintf("survival: R %s, survival %s: %d numbers compared, %d disagree, worst relative difference %.1e\n",
            getRversion(), packageVersion("survival"), compared, wrong, max(worst)))
quit(status = as.integer(wrong > 0))
