/*
 * varint.h
 *		Whole numbers in as few bytes as they need: 7 bits a byte, lowest first,
 *		the high bit says that more follows (LEB128). Plain C.
 *
 * Only the shortest encoding of a number is accepted, so that equal numbers
 * are equal bytes.
 */
#ifndef EM_VARINT_H
#define EM_VARINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VARINT_MAX_BYTES 10

static inline size_t
varint_size(uint64_t value)
{
	/* bits / 7, rounded up, for 1 to 64 bits */
	return ((63 - __builtin_clzll(value | 1)) * 9 + 73) / 64;
}

static inline uint8_t *
varint_write(uint8_t *out, uint64_t value)
{
	while (value >= 0x80)
	{
		*out++ = (uint8_t) (value | 0x80);
		value >>= 7;
	}
	*out++ = (uint8_t) value;
	return out;
}

/* Returns what follows, or NULL when truncated, overlong or above 64 bits. */
static inline const uint8_t *
varint_read(const uint8_t *in, const uint8_t *end, uint64_t *value)
{
	uint64_t	result = 0;
	int			shift = 0;

	for (;;)
	{
		uint8_t		byte;

		if (in >= end)
			return NULL;
		byte = *in++;
		if (shift == 63 && byte > 1)
			return NULL;
		result |= (uint64_t) (byte & 0x7F) << shift;
		if (byte < 0x80)
		{
			if (byte == 0 && shift > 0)
				return NULL;
			*value = result;
			return in;
		}
		shift += 7;
		if (shift > 63)
			return NULL;
	}
}

static inline uint64_t
zigzag_encode(int64_t value)
{
	return ((uint64_t) value << 1) ^ (value < 0 ? UINT64_MAX : 0);
}

static inline int64_t
zigzag_decode(uint64_t value)
{
	return (int64_t) (value >> 1) ^ -(int64_t) (value & 1);
}

#endif							/* EM_VARINT_H */
