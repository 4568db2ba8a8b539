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

/* Known to powercut.py by these numbers. */
enum entry_kind {
	ENTRY_OPEN = 1,        /* file, name; detail: 1 = created by this, 2 = directory */
	ENTRY_WRITE_BEGIN = 2, /* number, file, offset, data */
	ENTRY_WRITE_END = 3,   /* number; offset: octets written; detail: 1 = durable with it */
	ENTRY_SYNC_BEGIN = 4,  /* number, file; 0 = everything */
	ENTRY_SYNC_END = 5,    /* number */
	ENTRY_TRUNCATE = 6,    /* file, offset = new size */
	ENTRY_ALLOCATE = 7,    /* file, offset = end of the range */
	ENTRY_RENAME = 8,      /* name: from, zero octet, to */
	ENTRY_UNLINK = 9,      /* name */
	ENTRY_MKDIR = 10,      /* name */
	ENTRY_RMDIR = 11,      /* name */
	ENTRY_LINK = 12,       /* name: from, zero octet, to */
	ENTRY_UNSUPPORTED = 13, /* name: what */
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
 * mix. `name` has entry.name_size octets. Keeps errno. */
void recorder_enter(struct entry entry, const char *name, const struct iovec *data, int pieces);
void recorder_enter_named(uint8_t kind, const char *name, size_t size);
void recorder_unsupported(const char *what);

uint64_t recorder_number(void); /* never the same again */
bool recorder_active(void);

/* The watched file of a descriptor; NULL when it is none. */
struct watched *recorder_watched(int fd);

/* The part of an absolute path below the directory; NULL when it is not. */
const char *recorder_below(const char *path);
/* Absolute path, PATH_SIZE octets; false when it cannot be told. */
bool recorder_path_of_fd(int fd, char *out);

#endif
