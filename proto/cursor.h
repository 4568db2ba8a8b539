/* cursor.h - the only code in the project that touches octets of a message.
 *
 * Errors stick: after the first failure every get returns zero and every put
 * is a no-op, so a codec reads top to bottom and checks once, at the end.
 * Readers and writers are different types: a const buffer cannot be written.
 *
 * May include: agentd/base. */
#ifndef PROTO_CURSOR_H
#define PROTO_CURSOR_H

#include <endian.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "agentd/base/error.h"

/* Borrowed octets: they belong to the buffer they point into. */
struct span {
	const uint8_t *at;
	size_t size;
};

struct reader {
	const uint8_t *at;
	const uint8_t *end;
	enum ha_error error;
};

struct writer {
	uint8_t *begin;
	uint8_t *at;
	uint8_t *end;
	enum ha_error error;
};

static inline struct reader reader_over(const void *octets, size_t size)
{
	return (struct reader){ .at = octets, .end = (const uint8_t *)octets + size };
}

static inline struct writer writer_over(void *octets, size_t size)
{
	return (struct writer){ .begin = octets, .at = octets, .end = (uint8_t *)octets + size };
}

static inline size_t reader_left(const struct reader *r)
{
	return (size_t)(r->end - r->at);
}

static inline size_t writer_used(const struct writer *w)
{
	return (size_t)(w->at - w->begin);
}

/* What was written so far, borrowed from the writer's buffer. */
static inline struct span writer_span(const struct writer *w)
{
	return (struct span){ .at = w->begin, .size = writer_used(w) };
}

/* First error wins; later ones are consequences of it. */
static inline void reader_fail(struct reader *r, enum ha_error error)
{
	if (r->error == HA_OK)
		r->error = error;
}

static inline void writer_fail(struct writer *w, enum ha_error error)
{
	if (w->error == HA_OK)
		w->error = error;
}

/* Borrow the next `size` octets in place. NULL once the reader has failed. */
static inline const uint8_t *reader_take(struct reader *r, size_t size)
{
	if (r->error == HA_OK && reader_left(r) < size)
		r->error = HA_E_TRUNCATED;
	if (r->error != HA_OK)
		return NULL;
	r->at += size;
	return r->at - size;
}

static inline uint8_t get_u8(struct reader *r)
{
	const uint8_t *b = reader_take(r, 1);
	return b ? b[0] : 0;
}

static inline uint16_t get_u16(struct reader *r)
{
	const uint8_t *b = reader_take(r, 2);

	if (!b)
		return 0;
	return (uint16_t)(b[0] << 8 | b[1]);
}

static inline uint32_t get_u32(struct reader *r)
{
	const uint8_t *b = reader_take(r, 4);
	uint32_t value;

	if (!b)
		return 0;
	memcpy(&value, b, sizeof(value));
	return be32toh(value);
}

static inline uint64_t get_u64(struct reader *r)
{
	const uint8_t *b = reader_take(r, 8);
	uint64_t value;

	if (!b)
		return 0;
	memcpy(&value, b, sizeof(value));
	return be64toh(value);
}

static inline struct in_addr get_address(struct reader *r)
{
	struct in_addr address = { 0 };
	const uint8_t *b = reader_take(r, sizeof(address));

	if (b)
		memcpy(&address, b, sizeof(address));
	return address;
}

/* Copy the next `size` octets out. `out` is zeroed once the reader has failed. */
static inline void get_octets(struct reader *r, void *out, size_t size)
{
	const uint8_t *b = reader_take(r, size);

	if (b)
		memcpy(out, b, size);
	else
		memset(out, 0, size);
}

/* A reader confined to the next `size` octets: an extension cannot read its
 * neighbour. The parent moves past them whether or not the child is read. */
static inline struct reader reader_sub(struct reader *r, size_t size)
{
	const uint8_t *b = reader_take(r, size);
	struct reader sub = { .at = b, .end = b ? b + size : NULL, .error = r->error };
	return sub;
}

/* Success only if nothing failed and nothing is left over. */
static inline enum ha_error reader_finish(struct reader *r)
{
	if (r->error == HA_OK && r->at != r->end)
		r->error = HA_E_TRAILING;
	return r->error;
}

static inline uint8_t *writer_reserve(struct writer *w, size_t size)
{
	if (w->error == HA_OK && (size_t)(w->end - w->at) < size)
		w->error = HA_E_NOSPACE;
	if (w->error != HA_OK)
		return NULL;
	w->at += size;
	return w->at - size;
}

static inline void put_u8(struct writer *w, uint8_t value)
{
	uint8_t *b = writer_reserve(w, 1);
	if (b)
		b[0] = value;
}

static inline void put_u16(struct writer *w, uint16_t value)
{
	uint8_t *b = writer_reserve(w, 2);
	if (b) {
		b[0] = (uint8_t)(value >> 8);
		b[1] = (uint8_t)value;
	}
}

static inline void put_u32(struct writer *w, uint32_t value)
{
	put_u16(w, (uint16_t)(value >> 16));
	put_u16(w, (uint16_t)value);
}

static inline void put_u64(struct writer *w, uint64_t value)
{
	put_u32(w, (uint32_t)(value >> 32));
	put_u32(w, (uint32_t)value);
}

static inline void put_address(struct writer *w, struct in_addr address)
{
	uint8_t *b = writer_reserve(w, sizeof(address));
	if (b)
		memcpy(b, &address, sizeof(address));
}

static inline void put_octets(struct writer *w, const void *octets, size_t size)
{
	uint8_t *b = writer_reserve(w, size);
	if (b && size)
		memcpy(b, octets, size);
}

#endif
