/* fake_disk.h - a disk in memory behind struct journal_io: it forgets what was
 * not synced, fails when told to, and fills up.
 *
 * Sectors have 512 octets. A power cut keeps any subset of the sectors that
 * were written and not synced, and any number of the first changes of names
 * that were not synced. A sync that fails leaves its sectors clean and lost:
 * they read as written until the power goes, as a page cache does it.
 *
 * May include: replication/journal_io.h. */
#ifndef TESTS_UNIT_FAKE_DISK_H
#define TESTS_UNIT_FAKE_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "replication/journal_io.h"

struct fake_disk;

/* For files of up to `file_octets`, all together up to `capacity` (-ENOSPC). */
struct fake_disk *fake_disk_new(uint32_t file_octets, uint64_t capacity);
void fake_disk_free(struct fake_disk *disk);
const struct journal_io *fake_disk_io(struct fake_disk *disk);
void fake_disk_set_capacity(struct fake_disk *disk, uint64_t capacity);

/* The n-th operation from now (1 = the next one) answers -error; all later
 * ones too if `forever`. 0: none. Closing never fails and does not count. */
void fake_disk_fail(struct fake_disk *disk, uint64_t nth, int error, bool forever);
/* Did it happen? */
bool fake_disk_failed(const struct fake_disk *disk);

/* The power goes. `seed` chooses what survives. Locks and faults are gone. */
void fake_disk_cut(struct fake_disk *disk, uint64_t seed);
/* Only the process goes: locks are released, nothing is lost. */
void fake_disk_restart(struct fake_disk *disk);

/* Contents of a file, borrowed, to be changed in place; NULL if there is none. */
uint8_t *fake_disk_file(struct fake_disk *disk, const char *name, uint32_t *size);
void fake_disk_resize(struct fake_disk *disk, const char *name, uint32_t size);
/* Make (or replace) a durable file. */
void fake_disk_put(struct fake_disk *disk, const char *name, const void *octets, uint32_t size);
void fake_disk_remove(struct fake_disk *disk, const char *name);

/* A small generator for tests: the same numbers from the same seed. */
uint64_t fake_random(uint64_t *state);

#endif
