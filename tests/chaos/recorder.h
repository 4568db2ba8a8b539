/* recorder.h - what the parts of the recorder share; recorder.c says what it is.
 *
 * May include: nothing of ours. */
#ifndef TESTS_CHAOS_RECORDER_H
#define TESTS_CHAOS_RECORDER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#define PATH_SIZE 4096
#define PIECES_MAX 1024 /* of one vectored write, the kernel's limit */

/* Known to powercut.py by these numbers. All but ENTRY_OPEN and what comes after
 * it are entered before the call, and ENTRY_DONE with the same number after it:
 * a kill in between leaves it open whether the call happened. */
enum entry_kind {
	ENTRY_DONE = 1,         /* number; detail: enum entry_result; offset: octets written */
	ENTRY_CREATE = 2,       /* name; detail: 1 = to be truncated if it is there */
	ENTRY_WRITE = 3,        /* file, offset, data */
	ENTRY_SYNC = 4,         /* file; 0 = everything */
	ENTRY_TRUNCATE = 5,     /* file, offset = new size */
	ENTRY_ALLOCATE = 6,     /* file, offset = end of the range */
	ENTRY_RENAME = 7,       /* name: from, zero octet, to */
	ENTRY_UNLINK = 8,       /* name; of a directory too */
	ENTRY_MKDIR = 9,        /* name */
	ENTRY_LINK = 10,        /* name: from, zero octet, to */
	ENTRY_OPEN = 11,        /* file, name; detail: 1 = a directory */
	ENTRY_UNSUPPORTED = 12, /* name: what */
};

enum entry_result {
	RESULT_FAILED = 0,
	RESULT_HAPPENED = 1,
	RESULT_DURABLE = 2, /* a write through O_DSYNC */
};

#define ENTRY_MAGIC 0x48524a31u

struct entry {
	uint32_t magic;
	uint8_t kind;
	uint8_t detail;
	uint16_t name_size;
	uint64_t number;
	uint64_t file;
	uint64_t offset;
	uint64_t data_size;
};

/* Of a descriptor. file 0: not watched. */
struct watched {
	_Atomic uint64_t file;
	_Atomic int flags;
};

/* Write one entry to the journal, by one system call: entries of threads do not
 * mix. `name` has entry.name_size octets. Keeps errno. Returns its number, which
 * is never the same again. */
uint64_t recorder_enter(struct entry entry, const char *name, const struct iovec *data, int pieces);
uint64_t recorder_enter_named(uint8_t kind, uint8_t detail, const char *name, size_t size);
void recorder_done(uint64_t number, enum entry_result result, uint64_t octets);
void recorder_unsupported(const char *what);

bool recorder_active(void);

/* The watched file of a descriptor; NULL when it is none. */
struct watched *recorder_watched(int fd);

/* The part of an absolute path below the directory; NULL when it is not. */
const char *recorder_below(const char *path);
/* Absolute path, PATH_SIZE octets; false when it cannot be told. Links in the
 * last part of a name are not followed. */
bool recorder_path_of_fd(int fd, char *out);
bool recorder_path_of_name(int at, const char *name, char *out);

#endif
