/* octets.h - reading and writing the little-endian octets that members exchange
 * and keep. Errors stick: after the first one every get returns zero and every
 * put is a no-op, so a codec reads top to bottom and checks once, at the end.
 *
 * May include: agentd/base. */
#ifndef REPLICATION_OCTETS_H
#define REPLICATION_OCTETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Borrowed octets on their way in; `bad` once something was missing or wrong. */
struct octets_in {
	const uint8_t *at;
	const uint8_t *end;
	bool bad;
};

struct octets_out {
	uint8_t *begin;
	uint8_t *at;
	uint8_t *end;
	bool full;
};

static inline struct octets_in octets_in_over(const void *octets, size_t size)
{
	return (struct octets_in){ .at = octets, .end = (const uint8_t *)octets + size };
}

static inline struct octets_out octets_out_over(void *octets, size_t size)
{
	return (struct octets_out){ .begin = octets,
		                    .at = octets,
		                    .end = (uint8_t *)octets + size };
}

static inline size_t octets_left(const struct octets_in *in)
{
	return (size_t)(in->end - in->at);
}

static inline size_t octets_used(const struct octets_out *out)
{
	return (size_t)(out->at - out->begin);
}

/* Borrow the next `size` octets in place; NULL when they are not there. */
static inline const uint8_t *take_octets(struct octets_in *in, size_t size)
{
	if (in->bad || octets_left(in) < size) {
		in->bad = true;
		return NULL;
	}
	in->at += size;
	return in->at - size;
}

/* A number of `width` octets, at most 8. */
static inline uint64_t take_number(struct octets_in *in, size_t width)
{
	const uint8_t *b = take_octets(in, width);
	uint64_t value = 0;

	for (size_t i = 0; b && i < width; i++)
		value |= (uint64_t)b[i] << (8 * i);
	return value;
}

static inline uint8_t take_u8(struct octets_in *in)
{
	return (uint8_t)take_number(in, 1);
}

static inline uint16_t take_u16(struct octets_in *in)
{
	return (uint16_t)take_number(in, 2);
}

static inline uint32_t take_u32(struct octets_in *in)
{
	return (uint32_t)take_number(in, 4);
}

static inline uint64_t take_u64(struct octets_in *in)
{
	return take_number(in, 8);
}

static inline void put_octets(struct octets_out *out, const void *octets, size_t size)
{
	if (out->full || (size_t)(out->end - out->at) < size) {
		out->full = true;
		return;
	}
	if (size > 0)
		memcpy(out->at, octets, size);
	out->at += size;
}

static inline void put_number(struct octets_out *out, uint64_t value, size_t width)
{
	uint8_t b[8];

	for (size_t i = 0; i < width; i++)
		b[i] = (uint8_t)(value >> (8 * i));
	put_octets(out, b, width);
}

#endif
