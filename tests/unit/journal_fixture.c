/* journal_fixture.c - see journal_fixture.h. */
#include "tests/unit/journal_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMANDS_MAX 64u

static uint8_t filler(uint64_t serial, size_t i)
{
	return (uint8_t)(serial * 131 + i * 7);
}

static void fill(uint8_t *octets, size_t size, uint64_t serial)
{
	memcpy(octets, &serial, sizeof(serial));
	for (size_t i = sizeof(serial); i < size; i++)
		octets[i] = filler(serial, i);
}

static bool is_filled(const uint8_t *octets, size_t size, uint64_t serial)
{
	uint64_t stored = 0;
	if (size < sizeof(stored))
		return false;
	memcpy(&stored, octets, sizeof(stored));
	bool equal = stored == serial;
	for (size_t i = sizeof(serial); i < size && equal; i++)
		equal = octets[i] == filler(serial, i);
	return equal;
}

static void check_entry(struct fixture *f, const struct journal_entry *entry)
{
	const bool right = entry->serial == f->seen + 1 && entry->serial <= f->accepted &&
	                   entry->index == entry->serial && entry->term == 1 &&
	                   entry->kind == JOURNAL_COMMAND &&
	                   is_filled(entry->command, entry->size, f->serial[entry->serial]) &&
	                   entry->group == (uint32_t)(f->serial[entry->serial] % 5);
	f->wrong += !right;
	f->seen = entry->serial;
}

static void on_replay(void *context, const struct journal_entry *entries, size_t count)
{
	struct fixture *f = context;
	for (size_t i = 0; i < count; i++) {
		check_entry(f, &entries[i]);
		f->wrong += entries[i].ticket != 0;
	}
}

static void on_durable(void *context, struct journal_batch *batch)
{
	struct fixture *f = context;
	struct journal_cursor cursor = journal_batch_cursor(batch);
	struct journal_entry entry;
	while (journal_cursor_next(&cursor, &entry) == HA_OK) {
		check_entry(f, &entry);
		f->wrong += entry.ticket != f->serial[entry.serial];
	}
	f->promised = f->seen;
	journal_release(f->journal, batch);
}

static void on_failed(void *context, enum ha_error why, const char *what)
{
	struct fixture *f = context;
	f->failures++;
	f->why = why;
	snprintf(f->report, sizeof(f->report), "%s", what);
}

void fixture_begin(struct fixture *f, uint32_t segments_max, uint64_t capacity)
{
	memset(f, 0, sizeof(*f));
	f->disk = fake_disk_new(4 * FIXTURE_SEGMENT, capacity);
	f->options = (struct journal_options){
		.directory = "log",
		.store_id = FIXTURE_STORE,
		.segment_octets = FIXTURE_SEGMENT,
		.segments_max = segments_max,
		.io = fake_disk_io(f->disk),
	};
	f->next_serial = 1;
}

void fixture_end(struct fixture *f)
{
	fixture_close(f);
	fake_disk_free(f->disk);
}

bool fixture_open(struct fixture *f)
{
	const struct journal_client client = {
		.context = f,
		.replay = on_replay,
		.durable = on_durable,
		.failed = on_failed,
	};
	f->failures = 0;
	f->report[0] = '\0';
	f->seen = f->options.applied;
	f->journal = journal_open(&f->options, &client, &f->why, f->report, sizeof(f->report));
	if (!f->journal)
		return false;
	struct journal_status status;
	journal_status(f->journal, &status);
	/* What was replayed counts as acknowledged; what is gone never was. */
	f->accepted = status.stored_serial;
	f->wrong += f->seen != status.stored_serial || f->seen < f->promised;
	f->promised = f->seen;
	return true;
}

void fixture_close(struct fixture *f)
{
	journal_close(f->journal);
	f->journal = NULL;
}

enum ha_error fixture_append(struct fixture *f, size_t count, size_t size)
{
	struct journal_entry entries[COMMANDS_MAX];
	uint8_t *octets = malloc(count * size);
	uint64_t first = 0;
	if (!octets || count > COMMANDS_MAX || f->accepted + count >= FIXTURE_ENTRIES)
		abort();
	for (size_t i = 0; i < count; i++) {
		const uint64_t serial = f->next_serial + i;
		fill(octets + i * size, size, serial);
		entries[i] = (struct journal_entry){
			.term = 1,
			.group = (uint32_t)(serial % 5),
			.ticket = serial,
			.command = octets + i * size,
			.size = size,
		};
	}
	const enum ha_error error = journal_append(f->journal, entries, count, &first);
	free(octets);
	if (error != HA_OK)
		return error;
	f->wrong += first != f->accepted + 1;
	for (size_t i = 0; i < count; i++)
		f->serial[++f->accepted] = f->next_serial++;
	return HA_OK;
}

bool fixture_store(struct fixture *f, size_t count, size_t size)
{
	return fixture_append(f, count, size) == HA_OK && journal_write_next(f->journal) &&
	       f->promised == f->accepted;
}

bool fixture_reopen(struct fixture *f)
{
	fixture_close(f);
	return fixture_open(f);
}

bool fixture_refused(struct fixture *f, enum ha_error why)
{
	fixture_close(f);
	return !fixture_open(f) && f->why == why && strlen(f->report) > 20;
}

struct journal_status fixture_status(struct fixture *f)
{
	struct journal_status status;
	journal_status(f->journal, &status);
	return status;
}

bool fixture_fill_to_third(struct fixture *f)
{
	while (f->journal->tail < 3) {
		if (!fixture_store(f, 2, 1500))
			return false;
		while (journal_keep(f->journal))
			;
	}
	return true;
}
