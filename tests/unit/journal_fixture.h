/* journal_fixture.h - a log on a fake disk, taken one step at a time without
 * threads, and a model of what it promised.
 *
 * Each entry carries a serial number and octets that follow from it. `serial`
 * knows for each index what was accepted there last; `promised` is the newest
 * index that was acknowledged. Every entry that comes back is held against it.
 *
 * May include: replication. */
#ifndef TESTS_UNIT_JOURNAL_FIXTURE_H
#define TESTS_UNIT_JOURNAL_FIXTURE_H

#include "replication/journal_internal.h"
#include "tests/unit/fake_disk.h"

#define FIXTURE_ENTRIES 20000u
#define FIXTURE_SEGMENT (16u * JOURNAL_BLOCK)
#define FIXTURE_PLENTY (1u << 30) /* of disk */
#define FIXTURE_STORE 0x1122334455667788u

struct fixture {
	struct fake_disk *disk;
	struct journal *journal; /* NULL when closed */
	struct journal_options options;
	uint64_t serial[FIXTURE_ENTRIES];
	uint64_t next_serial;
	uint64_t accepted; /* newest index */
	uint64_t promised;
	uint64_t seen;     /* newest index replayed or made durable in this life */
	uint64_t wrong;    /* entries that are not what was accepted, or out of order */
	unsigned failures; /* calls of failed() */
	enum ha_error why;
	char report[512];
};

void fixture_begin(struct fixture *f, uint32_t segments_max, uint64_t capacity);
/* Closes. */
void fixture_end(struct fixture *f);

/* Open, with what the model says is in the store. True if it did; f->why and
 * f->report otherwise. */
bool fixture_open(struct fixture *f);
void fixture_close(struct fixture *f);
bool fixture_reopen(struct fixture *f);
/* Close, and open again: is it refused for that reason, with a sentence? */
bool fixture_refused(struct fixture *f, enum ha_error why);
struct journal_status fixture_status(struct fixture *f);

/* `count` entries of `size` octets each (8 or more). */
enum ha_error fixture_append(struct fixture *f, size_t count, size_t size);

/* Append, write and flush as one batch; true if all went well. */
bool fixture_store(struct fixture *f, size_t count, size_t size);

/* Batches of one block each until the log stands in its third segment. */
bool fixture_fill_to_third(struct fixture *f);

#endif
