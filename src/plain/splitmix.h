/*
 * splitmix.h
 *		SplitMix64: random numbers that are the same on every machine.
 *
 * Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators".
 * The state is one number; every state is a good one.
 */
#ifndef EM_SPLITMIX_H
#define EM_SPLITMIX_H

#include <stdint.h>

static inline uint64_t
splitmix64_next(uint64_t *state)
{
	uint64_t	z = (*state += UINT64_C(0x9E3779B97F4A7C15));

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

/* A number from 0 to n - 1, n > 0: the high 64 bits of the product of the next number and n. */
static inline uint32_t
splitmix64_below(uint64_t *state, uint32_t n)
{
	uint64_t	next = splitmix64_next(state);

	return (uint32_t) (((next >> 32) * n + (((next & 0xFFFFFFFFu) * n) >> 32)) >> 32);
}

#endif							/* EM_SPLITMIX_H */
