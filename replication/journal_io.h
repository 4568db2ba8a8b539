/* journal_io.h - every system call by which the log touches the disk, as a
 * table, so that tests can put a disk of their own behind it: one that fails
 * at the n-th operation, or loses what was not synced.
 *
 * All functions answer 0 or more on success and a negative errno on failure.
 * Files are named relative to the directory; handles are small integers that
 * mean something to the implementation only. Transfers may be partial;
 * journal_io_read and journal_io_write below are not.
 *
 * May include: nothing of ours. */
#ifndef REPLICATION_JOURNAL_IO_H
#define REPLICATION_JOURNAL_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* One name of the directory, borrowed for the call. Not 0 ends the listing
 * and is its result. */
typedef int journal_io_name(void *argument, const char *name);

enum journal_io_mode {
	JOURNAL_IO_EXISTING, /* for reading and writing; must exist */
	JOURNAL_IO_FRESH,    /* the same; created, or emptied if it exists */
	JOURNAL_IO_LOCK,     /* created if absent, and locked for this process:
	                      * -EWOULDBLOCK if another one holds it */
};

struct journal_io {
	void *context; /* given to each function */
	int (*open_directory)(void *context, const char *path);
	int (*list)(void *context, int directory, journal_io_name *each, void *argument);
	int (*open)(void *context, int directory, const char *name, enum journal_io_mode mode);
	int (*close)(void *context, int handle);
	int64_t (*size)(void *context, int file);
	ssize_t (*pread)(void *context, int file, void *octets, size_t size, uint64_t offset);
	ssize_t (*pwrite)(void *context, int file, const void *octets, size_t size,
	                  uint64_t offset);
	int (*sync_file)(void *context, int file);           /* contents and size */
	int (*sync_directory)(void *context, int directory); /* names */
	int (*rename)(void *context, int directory, const char *from, const char *to);
	int (*remove)(void *context, int directory, const char *name);
	int (*random)(void *context, uint64_t *out);
};

/* The operating system. Static. */
extern const struct journal_io journal_io_system;

/* Exactly `size` octets. A file that ends before is -ENODATA. */
int journal_io_read(const struct journal_io *io, int file, void *octets, size_t size,
                    uint64_t offset);
int journal_io_write(const struct journal_io *io, int file, const void *octets, size_t size,
                     uint64_t offset);

#endif
