/* backup.c - see backup.h for the layout. */
#include "replication/backup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "replication/store.h"

#define MAGIC 0x70756b6361424148u /* "HABackup" */
#define FORMAT 1u
#define CHECKSUM_SEED 0x4261636b7570u
#define CHUNK (1u << 20)

enum field {
	FIELD_MAGIC = 0,
	FIELD_FORMAT = 8,
	FIELD_SIZE = 12,
	FIELD_IMAGE = 16,
	FIELD_IMAGE_CHECKSUM = 24,
	FIELD_TAKEN = 32,
	FIELD_VERSION = 40,
	FIELD_CHECKSUM = 72,
};

static void put_number(uint8_t *at, size_t size, uint64_t value)
{
	for (size_t i = 0; i < size; i++)
		at[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t get_number(const uint8_t *at, size_t size)
{
	uint64_t value = 0;

	for (size_t i = size; i-- > 0;)
		value = value << 8 | at[i];
	return value;
}

static enum ha_error refuse(enum ha_error why, char *report, size_t size, const char *path,
                            const char *text)
{
	snprintf(report, size, "%s: %s", path, text);
	return why;
}

static enum ha_error refuse_errno(int number, char *report, size_t size, const char *path,
                                  const char *what)
{
	snprintf(report, size, "%s cannot be %s: %s", path, what, strerror(number));
	return ha_error_of_errno(number);
}

/* ---- octets ---- */

static int write_all(int file, const uint8_t *at, size_t size)
{
	while (size > 0) {
		const ssize_t n = write(file, at, size);

		if (n < 0 && errno != EINTR)
			return errno;
		if (n > 0) {
			at += n;
			size -= (size_t)n;
		}
	}
	return 0;
}

/* ENODATA: the file ends before. */
static int read_all(int file, uint8_t *at, size_t size, uint64_t offset)
{
	while (size > 0) {
		const ssize_t n = pread(file, at, size, (off_t)offset);

		if (n < 0 && errno != EINTR)
			return errno;
		if (n == 0)
			return ENODATA;
		if (n > 0) {
			at += n;
			size -= (size_t)n;
			offset += (uint64_t)n;
		}
	}
	return 0;
}

/* The image once through the checksum, and to a file if `to` is one. An error
 * of the reading side is negative, one of the writing side positive. */
static int pass_image(int from, uint64_t octets, int to, uint64_t *checksum)
{
	XXH3_state_t *hash = XXH3_createState();
	uint8_t *chunk = malloc(CHUNK);
	int error = hash && chunk ? 0 : -ENOMEM;

	if (!error)
		XXH3_64bits_reset_withSeed(hash, CHECKSUM_SEED);
	for (uint64_t done = 0; !error && done < octets;) {
		const size_t size = octets - done < CHUNK ? (size_t)(octets - done) : CHUNK;

		error = -read_all(from, chunk, size, done);
		if (error)
			break;
		XXH3_64bits_update(hash, chunk, size);
		if (to >= 0)
			error = write_all(to, chunk, size);
		done += size;
	}
	if (!error)
		*checksum = XXH3_64bits_digest(hash);
	free(chunk);
	XXH3_freeState(hash);
	return error;
}

/* ---- the trailer ---- */

static void encode(const struct backup_info *info, uint64_t image_checksum,
                   uint8_t out[BACKUP_TRAILER])
{
	memset(out, 0, BACKUP_TRAILER);
	put_number(out + FIELD_MAGIC, 8, MAGIC);
	put_number(out + FIELD_FORMAT, 4, FORMAT);
	put_number(out + FIELD_SIZE, 4, BACKUP_TRAILER);
	put_number(out + FIELD_IMAGE, 8, info->image_octets);
	put_number(out + FIELD_IMAGE_CHECKSUM, 8, image_checksum);
	put_number(out + FIELD_TAKEN, 8, info->taken_ms);
	memcpy(out + FIELD_VERSION, info->version, strnlen(info->version, BACKUP_VERSION_MAX));
	put_number(out + FIELD_CHECKSUM, 8,
	           XXH3_64bits_withSeed(out, FIELD_CHECKSUM, CHECKSUM_SEED));
}

static enum ha_error decode(const uint8_t in[BACKUP_TRAILER], struct backup_info *out,
                            uint64_t *image_checksum)
{
	if (get_number(in + FIELD_MAGIC, 8) != MAGIC)
		return HA_E_FOREIGN;
	if (get_number(in + FIELD_FORMAT, 4) > FORMAT)
		return HA_E_NEWER;
	if (get_number(in + FIELD_CHECKSUM, 8) !=
	    XXH3_64bits_withSeed(in, FIELD_CHECKSUM, CHECKSUM_SEED))
		return HA_E_DAMAGED;
	*out = (struct backup_info){
		.image_octets = get_number(in + FIELD_IMAGE, 8),
		.taken_ms = get_number(in + FIELD_TAKEN, 8),
	};
	memcpy(out->version, in + FIELD_VERSION, BACKUP_VERSION_MAX);
	out->version[BACKUP_VERSION_MAX - 1] = '\0';
	*image_checksum = get_number(in + FIELD_IMAGE_CHECKSUM, 8);
	return HA_OK;
}

static enum ha_error judge_trailer(enum ha_error why, const char *path, char *report, size_t size)
{
	switch (why) {
	case HA_OK:
		return HA_OK;
	case HA_E_NEWER:
		return refuse(why, report, size, path,
		              "this backup was made by a newer version: use that one");
	case HA_E_FOREIGN:
		return refuse(why, report, size, path, "this is no backup, or its end is missing");
	default:
		return refuse(why, report, size, path, "this backup is damaged at its end");
	}
}

static enum ha_error read_trailer(int file, const char *path, struct backup_info *out,
                                  uint64_t *image_checksum, char *report, size_t size)
{
	uint8_t trailer[BACKUP_TRAILER];
	struct stat about;
	int error;
	enum ha_error why;

	if (fstat(file, &about) != 0)
		return refuse_errno(errno, report, size, path, "examined");
	if (!S_ISREG(about.st_mode) || about.st_size < (off_t)BACKUP_TRAILER)
		return judge_trailer(HA_E_FOREIGN, path, report, size);
	error = read_all(file, trailer, sizeof(trailer), (uint64_t)about.st_size - BACKUP_TRAILER);
	if (error)
		return refuse_errno(error, report, size, path, "read");
	why = decode(trailer, out, image_checksum);
	if (why == HA_OK && out->image_octets != (uint64_t)about.st_size - BACKUP_TRAILER)
		why = HA_E_DAMAGED;
	return judge_trailer(why, path, report, size);
}

/* ---- the face ---- */

bool backup_recognize(int file)
{
	uint8_t magic[8];
	struct stat about;

	return fstat(file, &about) == 0 && S_ISREG(about.st_mode) &&
	       about.st_size >= (off_t)BACKUP_TRAILER &&
	       read_all(file, magic, sizeof(magic),
	                (uint64_t)about.st_size - BACKUP_TRAILER + FIELD_MAGIC) == 0 &&
	       get_number(magic, sizeof(magic)) == MAGIC;
}

static enum ha_error finish(int file, struct backup_info *info, char *report, size_t size)
{
	static const char what[] = "the copy";
	uint8_t trailer[BACKUP_TRAILER];
	uint64_t checksum;
	const off_t end = lseek(file, 0, SEEK_END);
	int error;

	if (end < 0)
		return refuse_errno(errno, report, size, what, "measured");
	info->image_octets = (uint64_t)end;
	/* Only what the disk has can be read back for sure. */
	if (fsync(file) != 0)
		return refuse_errno(errno, report, size, what, "written");
	error = pass_image(file, info->image_octets, -1, &checksum);
	if (error)
		return refuse_errno(-error, report, size, what, "read back");
	encode(info, checksum, trailer);
	error = write_all(file, trailer, sizeof(trailer));
	if (!error && fsync(file) != 0)
		error = errno;
	return error ? refuse_errno(error, report, size, what, "written") : HA_OK;
}

enum ha_error backup_write(const char *directory, int file, struct backup_info *info, char *report,
                           size_t size)
{
	enum ha_error why = store_copy(directory, file, report, size);

	return why == HA_OK ? finish(file, info, report, size) : why;
}

enum ha_error backup_check(int file, const char *path, struct backup_info *out, char *report,
                           size_t size)
{
	return backup_extract(file, path, -1, out, report, size);
}

enum ha_error backup_extract(int file, const char *path, int to, struct backup_info *out,
                             char *report, size_t size)
{
	uint64_t expected = 0, found = 0;
	enum ha_error why = read_trailer(file, path, out, &expected, report, size);
	int error;

	if (why != HA_OK)
		return why;
	error = pass_image(file, out->image_octets, to, &found);
	if (error < 0)
		return refuse_errno(-error, report, size, path, "read");
	if (!error && found != expected)
		return refuse(HA_E_DAMAGED, report, size, path,
		              "this backup is damaged: it is not what was written");
	if (!error && to >= 0 && fsync(to) != 0)
		error = errno;
	return error ? refuse_errno(error, report, size, "the store", "written") : HA_OK;
}
