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
#include <string.h>

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

	/* most numbers */
	if (in < end && *in < 0x80)
	{
		*value = *in;
		return in + 1;
	}
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

/*
 * varint_read() of up to eight bytes, without a branch for each: NULL as well when there are more,
 * or when fewer than eight bytes are left of the input.
 */
static inline const uint8_t *
varint_read_word(const uint8_t *in, const uint8_t *end, uint64_t *value)
{
	uint64_t	word;
	uint64_t	last;
	int			bytes;

	if (end - in < 8)
		return NULL;
	memcpy(&word, in, 8);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	/* the first byte whose high bit is clear is the last one */
	last = ~word & UINT64_C(0x8080808080808080);
	if (last == 0)
		return NULL;
	bytes = __builtin_ctzll(last) / 8 + 1;
	if (bytes > 1 && in[bytes - 1] == 0)
		return NULL;
	word &= UINT64_C(0x7F7F7F7F7F7F7F7F) >> (64 - 8 * bytes);
	word = (word & UINT64_C(0x007F007F007F007F)) | ((word & UINT64_C(0x7F007F007F007F00)) >> 1);
	word = (word & UINT64_C(0x00003FFF00003FFF)) | ((word & UINT64_C(0x3FFF00003FFF0000)) >> 2);
	*value = (word & UINT64_C(0x0FFFFFFF)) | ((word & UINT64_C(0x0FFFFFFF00000000)) >> 4);
	return in + bytes;
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
