/* fuzz_snapshot.c - an arbitrary message about a snapshot, as it came, and with the
 * checksum that it should have. What decodes must be within its bounds: rows and
 * counts are walked to their end, and what is decoded encodes to the same octets. */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "replication/snapshot_format.h"

#define CHECKSUM_AT 40u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t octets[SNAPSHOT_MESSAGE_MAX + 1];
static uint8_t again[SNAPSHOT_MESSAGE_MAX];

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void walk_rows(const struct snapshot_message *message)
{
	struct octets_in body = octets_in_over(message->body, message->body_size);
	struct store_row row;
	uint8_t sum = 0;

	while (snapshot_take_row(&body, &row) == HA_OK) {
		require(row.key.size > 0 && row.key.size <= STORE_KEY_MAX);
		require(row.value.size <= STORE_VALUE_MAX);
		for (size_t i = 0; i < row.value.size; i++)
			sum ^= ((const uint8_t *)row.value.at)[i];
	}
	(void)sum; /* only that it can be read */
}

static void look(size_t size)
{
	struct snapshot_message message;
	uint64_t rows[STORE_TABLE_COUNT];

	if (snapshot_decode(octets, size, &message) != HA_OK)
		return;
	require(message.body_size + SNAPSHOT_HEADER == size);
	if (message.kind == SNAPSHOT_CHUNK)
		walk_rows(&message);
	if (message.kind == SNAPSHOT_END)
		(void)snapshot_take_counts(&message, rows);
	require(snapshot_encode(again, &message) == size);
}

/* Without it nearly every attempt would end at the checksum. */
static void seal(size_t size)
{
	uint64_t of_header = XXH3_64bits(octets, CHECKSUM_AT);
	uint64_t sum = XXH3_64bits_withSeed(octets + SNAPSHOT_HEADER, size - SNAPSHOT_HEADER,
	                                    of_header);

	for (size_t i = 0; i < sizeof(sum); i++)
		octets[CHECKSUM_AT + i] = (uint8_t)(sum >> (8 * i));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > sizeof(octets))
		return 0;
	memcpy(octets, data, size);
	look(size);
	if (size < SNAPSHOT_HEADER)
		return 0;
	seal(size);
	look(size);
	return 0;
}
