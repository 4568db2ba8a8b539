/* backup.h - a copy of the store in one file that tells whether it is whole.
 *
 *   0   image: pages as store_copy writes them, N octets
 *   N   trailer, BACKUP_TRAILER octets; integers are little-endian
 *          0 magic u64               8 format u32       12 octets of the trailer u32
 *         16 octets of the image u64                    24 checksum of the image u64
 *         32 taken, Unix ms u64
 *         40 version of the program, 32 octets of text filled up with zeros
 *         72 checksum u64 of the 72 octets before it
 *
 * The image stands first, so that it can be read where it lies. A trailer of a
 * format to come has the same size, magic and format in the same place.
 *
 * The checksums find accidents, not forgers: a backup is guarded like the keys
 * in it.
 *
 * May include: replication, agentd/base. */
#ifndef REPLICATION_BACKUP_H
#define REPLICATION_BACKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/base/error.h"

#define BACKUP_TRAILER 80u
#define BACKUP_VERSION_MAX 32u

struct backup_info {
	uint64_t image_octets;
	uint64_t taken_ms; /* Unix time; what was acknowledged before it is in the image */
	char version[BACKUP_VERSION_MAX]; /* of the program that made it */
};

/* Does this file end as a backup does, whole or not? What does not is nothing of
 * ours to replace. */
bool backup_recognize(int file);

/* Copy the store in `directory` to an empty file and make it durable. Of *info
 * taken_ms and version are given, image_octets is filled in.
 *
 * The errors of store_copy, with a sentence. */
enum ha_error backup_write(const char *directory, int file, struct backup_info *info, char *report,
                           size_t size);

/* Is this file, whole, what backup_write made? `path` is for the report.
 *
 * HA_E_FOREIGN  no backup; or its end is missing, which looks the same
 * HA_E_DAMAGED  its octets are not those that were written
 * HA_E_NEWER    of a newer format
 * HA_E_IO       it cannot be read */
enum ha_error backup_check(int file, const char *path, struct backup_info *out, char *report,
                           size_t size);

/* The same, and the image goes to an empty file and is durable there. That file
 * is worth nothing unless HA_OK is returned. HA_E_NODISK too. */
enum ha_error backup_extract(int file, const char *path, int to, struct backup_info *out,
                             char *report, size_t size);

#endif
