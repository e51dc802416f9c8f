/*
 * backend.h
 *		The backend a fuzzer brings along (backend.c), as its targets see it.
 */
#ifndef FUZZ_BACKEND_H
#define FUZZ_BACKEND_H

/* Ends the run: libFuzzer saves the input. */
extern void finding(const char *what) __attribute__((noreturn));

/* Frees what was allocated since the last time. */
extern void backend_reset(void);

/* Runs a step; the SQLSTATE of its error, 0 for none. */
extern int	backend_try(void (*step) (void *), void *argument);

/* Are the functions called as those of an aggregate, which may change their state in place? */
extern bool in_aggregate;

#endif							/* FUZZ_BACKEND_H */
