/* snapshot_format.c - see snapshot_format.h for the figure. */
#include "replication/snapshot_format.h"

#include <string.h>
#include <xxhash.h>

#define MAGIC 0x504e5348u /* "HSNP" as octets */
#define CHECKSUM_AT 40u

/* What each kind of message may have for a body. */
static const struct {
	size_t least, most;
} bodies[SNAPSHOT_KINDS] = {
	[SNAPSHOT_OPEN] = { 0, STORE_KEY_MAX },
	[SNAPSHOT_CHUNK] = { 1, SNAPSHOT_BODY_MAX },
	[SNAPSHOT_END] = { 8, 8 * SNAPSHOT_TABLES_MAX },
};

static uint64_t checksum(const uint8_t *octets, size_t size)
{
	uint64_t of_header = XXH3_64bits(octets, CHECKSUM_AT);

	return XXH3_64bits_withSeed(octets + SNAPSHOT_HEADER, size - SNAPSHOT_HEADER, of_header);
}

size_t snapshot_encode(uint8_t *at, const struct snapshot_message *message)
{
	struct octets_out out = octets_out_over(at, SNAPSHOT_HEADER);
	size_t size = SNAPSHOT_HEADER + message->body_size;

	put_number(&out, MAGIC, 4);
	put_number(&out, SNAPSHOT_FORMAT, 2);
	put_number(&out, message->kind, 1);
	put_number(&out, message->table, 1);
	put_number(&out, message->snapshot, 8);
	put_number(&out, message->stream, 4);
	put_number(&out, message->rows, 4);
	put_number(&out, message->number, 8);
	put_number(&out, message->body_size, 4);
	put_number(&out, message->group, 4);
	if (message->body_size > 0 && message->body != at + SNAPSHOT_HEADER)
		memcpy(at + SNAPSHOT_HEADER, message->body, message->body_size);
	put_number(&out, checksum(at, size), 8);
	return size;
}

static bool is_possible(const struct snapshot_message *message)
{
	return message->kind > 0 && message->kind < SNAPSHOT_KINDS &&
	       message->body_size >= bodies[message->kind].least &&
	       message->body_size <= bodies[message->kind].most;
}

enum ha_error snapshot_decode(const void *octets, size_t size, struct snapshot_message *out)
{
	struct octets_in in = octets_in_over(octets, size);
	struct snapshot_message message = { 0 };
	uint64_t sum;

	if (size < SNAPSHOT_HEADER || size > SNAPSHOT_MESSAGE_MAX || take_u32(&in) != MAGIC)
		return HA_E_MALFORMED;
	if (take_u16(&in) != SNAPSHOT_FORMAT)
		return HA_E_NEWER;
	message.kind = (enum snapshot_kind)take_u8(&in);
	message.table = take_u8(&in);
	message.snapshot = take_u64(&in);
	message.stream = take_u32(&in);
	message.rows = take_u32(&in);
	message.number = take_u64(&in);
	message.body_size = take_u32(&in);
	message.group = take_u32(&in);
	sum = take_u64(&in);
	if (sum != checksum(octets, size))
		return HA_E_DAMAGED;
	message.body = in.at;
	if (octets_left(&in) != message.body_size || !is_possible(&message))
		return HA_E_MALFORMED;
	*out = message;
	return HA_OK;
}

bool snapshot_put_row(struct octets_out *body, const struct store_row *row)
{
	if (3 + row->key.size + row->value.size > (size_t)(body->end - body->at))
		return false;
	put_number(body, row->key.size, 1);
	put_number(body, row->value.size, 2);
	put_octets(body, row->key.at, row->key.size);
	put_octets(body, row->value.at, row->value.size);
	return true;
}

enum ha_error snapshot_take_row(struct octets_in *body, struct store_row *out)
{
	size_t key_size, value_size;
	struct store_row row;

	if (octets_left(body) == 0)
		return body->bad ? HA_E_MALFORMED : HA_E_NOTFOUND;
	key_size = take_u8(body);
	value_size = take_u16(body);
	row.key = (struct store_bytes){ take_octets(body, key_size), key_size };
	row.value = (struct store_bytes){ take_octets(body, value_size), value_size };
	if (key_size == 0 || key_size > STORE_KEY_MAX || value_size > STORE_VALUE_MAX)
		body->bad = true;
	if (body->bad)
		return HA_E_MALFORMED;
	*out = row;
	return HA_OK;
}

size_t snapshot_put_counts(uint8_t *body, const uint64_t rows[STORE_TABLE_COUNT])
{
	struct octets_out out = octets_out_over(body, 8 * STORE_TABLE_COUNT);

	for (size_t i = 0; i < STORE_TABLE_COUNT; i++)
		put_number(&out, rows[i], 8);
	return octets_used(&out);
}

enum ha_error snapshot_take_counts(const struct snapshot_message *message,
                                   uint64_t rows[STORE_TABLE_COUNT])
{
	struct octets_in in = octets_in_over(message->body, message->body_size);

	if (message->body_size % 8 != 0)
		return HA_E_MALFORMED;
	for (size_t i = 0; i < STORE_TABLE_COUNT; i++)
		rows[i] = octets_left(&in) > 0 ? take_u64(&in) : 0;
	while (octets_left(&in) > 0)
		if (take_u64(&in) != 0)
			return HA_E_NEWER;
	return HA_OK;
}
