/* fuzz_journal.c - an arbitrary segment file given to the recovery of the log.
 *
 * The first octet chooses how much of the file is made to fit: without that,
 * checksums would end nearly every attempt at the first header. What opens
 * must hold its promise: take an entry, and come back with all of them. */
#include <stdlib.h>
#include <string.h>

#include "agentd/base/log.h"
#include "replication/journal_internal.h"
#include "tests/unit/fake_disk.h"

#define SEGMENT JOURNAL_SEGMENT_MIN
#define STORE 1u
#define SEED 7u

enum repair {
	REPAIR_SEGMENT = 1, /* a valid header of the segment */
	REPAIR_BATCHES = 2, /* checksums of whatever stands at each block */
	REPAIR_CHAIN = 4,   /* and their numbers and marks */
	TWO_SEGMENTS = 8,   /* the second half of the input is the second file */
	FORMAT_1 = 16,      /* as an older program wrote it */
	WHOLE = 32,         /* the log of a cluster's member */
	FORMAT_2 = 64,      /* as the next one did */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct client {
	struct journal *journal;
	uint64_t last;
};

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void on_replay(void *context, const struct journal_entry *entries, size_t count)
{
	struct client *client = context;
	for (size_t i = 0; i < count; i++) {
		require(client->last == 0 || entries[i].serial == client->last + 1);
		client->last = entries[i].serial;
		uint8_t sum = 0;
		for (size_t k = 0; k < entries[i].size; k++)
			sum ^= ((const uint8_t *)entries[i].command)[k];
		(void)sum; /* only that it can be read */
	}
}

static void on_durable(void *context, struct journal_batch *batch)
{
	struct client *client = context;
	client->last = batch->header.first_serial;
	journal_release(client->journal, batch);
}

static void on_failed(void *context, enum ha_error why, const char *what)
{
	(void)context;
	(void)why;
	(void)what;
	abort(); /* this disk never fails */
}

static uint32_t get_u32(const uint8_t *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
	       (uint32_t)at[3] << 24;
}

static uint32_t format_of(uint8_t repair)
{
	if (repair & FORMAT_1)
		return 1;
	return repair & FORMAT_2 ? 2 : JOURNAL_FORMAT;
}

/* Seal what stands at each block as if it were a batch. */
static void repair_batches(uint8_t *file, uint8_t repair, struct journal_batch_header *chain)
{
	uint32_t at = JOURNAL_BLOCK;
	while (at < SEGMENT) {
		const uint32_t room = SEGMENT - at - JOURNAL_BATCH_HEADER;
		struct journal_batch_header header = {
			.format = format_of(repair),
			.number = get_u32(file + at + 16),
			.first_serial = get_u32(file + at + 24),
			.previous = get_u32(file + at + 32),
			.entries = get_u32(file + at + 40),
			.body_octets = get_u32(file + at + 44) % (room + 1),
		};
		if (header.entries == 0)
			break;
		if (repair & REPAIR_CHAIN) {
			header.number = chain->number + 1;
			header.previous = chain->mark;
		}
		journal_batch_seal(file + at, &header, SEED);
		*chain = header;
		at += journal_batch_span(header.body_octets);
	}
}

static void put_segment(struct fake_disk *disk, uint64_t sequence, const uint8_t *data, size_t size,
                        uint8_t repair, struct journal_batch_header *chain)
{
	static uint8_t file[SEGMENT];
	memset(file, 0, sizeof(file));
	memcpy(file, data, size < sizeof(file) ? size : sizeof(file));
	if (repair & REPAIR_SEGMENT) {
		/* The input begins with the first batch. */
		const size_t body = size < SEGMENT - JOURNAL_BLOCK ? size : SEGMENT - JOURNAL_BLOCK;
		const struct journal_segment_header header = {
			.format = format_of(repair),
			.octets = SEGMENT,
			.sequence = sequence,
			.seed = SEED,
			.store_id = STORE,
		};
		memset(file, 0, sizeof(file));
		memcpy(file + JOURNAL_BLOCK, data, body);
		journal_segment_encode(file, &header);
	}
	if (repair & REPAIR_BATCHES)
		repair_batches(file, repair, chain);
	fake_disk_put(disk, journal_segment_name(sequence).text, file, sizeof(file));
}

static bool open_log(struct client *client, struct fake_disk *disk, bool whole)
{
	const struct journal_client face = {
		.context = client, .replay = on_replay, .durable = on_durable, .failed = on_failed
	};
	const struct journal_options options = {
		.directory = "log",
		.store_id = STORE,
		.whole = whole,
		.segment_octets = SEGMENT,
		.segments_max = 4,
		.io = fake_disk_io(disk),
	};
	enum ha_error why = HA_OK;
	char report[200] = "";
	*client = (struct client){ 0 };
	client->journal = journal_open(&options, &face, &why, report, sizeof(report));
	require(client->journal || (why != HA_OK && report[0]));
	return client->journal != NULL;
}

static void use(struct fake_disk *disk, bool whole)
{
	struct client client;
	if (!open_log(&client, disk, whole))
		return;
	const struct journal_entry entry = { .term = 1, .ticket = 1, .command = "abc", .size = 3 };
	enum ha_error error = journal_append(client.journal, &entry, 1, NULL);
	if (error == HA_E_BUSY && journal_keep(client.journal))
		error = journal_append(client.journal, &entry, 1, NULL);
	if (error == HA_OK)
		require(journal_write_next(client.journal));
	const uint64_t last = client.last;
	journal_close(client.journal);
	require(open_log(&client, disk, whole) && client.last == last);
	journal_close(client.journal);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	log_configure(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	const uint8_t repair = *data++;
	size--;
	struct journal_batch_header chain = { 0 };
	struct fake_disk *disk = fake_disk_new(SEGMENT, 1u << 30);
	const size_t first = repair & TWO_SEGMENTS ? size / 2 : size;
	put_segment(disk, 1, data, first, repair, &chain);
	if (repair & TWO_SEGMENTS)
		put_segment(disk, 2, data + first, size - first, repair, &chain);
	use(disk, repair & WHOLE);
	fake_disk_free(disk);
	return 0;
}
