/* row_log.c - a growing buffer of row operations. */
#include "agentd/state/row_log.h"

#include <stdlib.h>

#define HEADER 6u /* operation, kind, key size, value size */

static bool reserve(struct row_log *log, size_t more)
{
	size_t capacity = log->capacity ? log->capacity : 4096;
	uint8_t *octets;

	while (capacity < log->size + more)
		capacity *= 2;
	if (capacity == log->capacity)
		return true;
	octets = malloc(capacity);
	if (!octets) {
		log->error = HA_E_NOMEM;
		return false;
	}
	if (log->size)
		memcpy(octets, log->octets, log->size);
	if (log->octets)
		explicit_bzero(log->octets, log->size); /* realloc would leave keys behind */
	free(log->octets);
	log->octets = octets;
	log->capacity = capacity;
	return true;
}

void row_log_append(struct row_log *log, enum row_operation operation, enum row_kind kind,
                    struct span key, struct span value)
{
	size_t size = HEADER + key.size + value.size;
	struct writer w;

	if (log->error != HA_OK || !reserve(log, size))
		return;
	w = writer_over(log->octets + log->size, size);
	put_u8(&w, (uint8_t)operation);
	put_u8(&w, (uint8_t)kind);
	put_u16(&w, (uint16_t)key.size);
	put_u16(&w, (uint16_t)value.size);
	put_octets(&w, key.at, key.size);
	put_octets(&w, value.at, value.size);
	log->size += size;
}

bool row_log_next(const struct row_log *log, size_t *at, struct row_change *out)
{
	struct reader in;

	if (*at >= log->size)
		return false;
	in = reader_over(log->octets + *at, log->size - *at);
	out->operation = get_u8(&in);
	out->kind = get_u8(&in);
	out->key.size = get_u16(&in);
	out->value.size = get_u16(&in);
	out->key.at = reader_take(&in, out->key.size);
	out->value.at = reader_take(&in, out->value.size);
	*at = log->size - reader_left(&in);
	return in.error == HA_OK;
}

void row_log_free(struct row_log *log)
{
	if (log->octets)
		explicit_bzero(log->octets, log->capacity);
	free(log->octets);
	*log = (struct row_log){ 0 };
}
