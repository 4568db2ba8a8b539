/* record.c - entries to octets and back, and the file they are in. */
#include "agentd/load/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agentd/load/exchange.h"
#include "proto/cursor.h"

static void encode(const struct load_record *record, uint8_t out[RECORD_SIZE])
{
	struct writer w = writer_over(out, RECORD_SIZE);

	put_u8(&w, record->what);
	put_u8(&w, record->code);
	put_u8(&w, record->effect);
	put_u8(&w, 0);
	put_u16(&w, record->lifetime_s);
	put_u16(&w, 0);
	put_address(&w, record->home);
	put_address(&w, record->care_of);
	put_u64(&w, record->identification);
	put_u64(&w, record->value);
}

static enum ha_error decode(const uint8_t octets[RECORD_SIZE], struct load_record *out)
{
	struct reader r = reader_over(octets, RECORD_SIZE);

	out->what = get_u8(&r);
	out->code = get_u8(&r);
	out->effect = get_u8(&r);
	get_u8(&r);
	out->lifetime_s = get_u16(&r);
	get_u16(&r);
	out->home = get_address(&r);
	out->care_of = get_address(&r);
	out->identification = get_u64(&r);
	out->value = get_u64(&r);
	if (out->what < RECORD_SENT || out->what > RECORD_OBSERVED || out->effect > LOAD_ADD)
		return HA_E_DAMAGED;
	return reader_finish(&r);
}

void record_none(struct record_file *out)
{
	out->fd = -1;
	out->held = 0;
}

static enum ha_error cut_torn_end(int fd)
{
	struct stat status;

	if (fstat(fd, &status) != 0)
		return ha_error_of_errno(errno);
	if (status.st_size % RECORD_SIZE == 0)
		return HA_OK;
	if (ftruncate(fd, status.st_size - status.st_size % RECORD_SIZE) != 0)
		return ha_error_of_errno(errno);
	return HA_OK;
}

enum ha_error record_open(struct record_file *out, const char *path)
{
	enum ha_error error;

	record_none(out);
	out->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (out->fd < 0)
		return ha_error_of_errno(errno);
	error = cut_torn_end(out->fd);
	if (error != HA_OK)
		record_close(out);
	return error;
}

enum ha_error record_close(struct record_file *file)
{
	enum ha_error error = record_flush(file);

	if (file->fd >= 0)
		close(file->fd);
	record_none(file);
	return error;
}

enum ha_error record_add(struct record_file *file, const struct load_record *record)
{
	if (file->fd < 0)
		return HA_OK;
	encode(record, file->octets + file->held * RECORD_SIZE);
	if (++file->held < RECORD_BATCH)
		return HA_OK;
	return record_flush(file);
}

enum ha_error record_flush(struct record_file *file)
{
	const uint8_t *at = file->octets;
	size_t left = file->held * RECORD_SIZE;

	file->held = 0;
	while (left > 0) {
		ssize_t n = write(file->fd, at, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ha_error_of_errno(errno);
		at += n;
		left -= (size_t)n;
	}
	return HA_OK;
}

static enum ha_error load_entries(FILE *stream, size_t size, struct load_record **out,
                                  size_t *count)
{
	uint8_t octets[RECORD_SIZE];
	struct load_record *records = calloc(size + 1, sizeof(*records));
	enum ha_error error = records ? HA_OK : HA_E_NOMEM;
	size_t n = 0;

	while (error == HA_OK && n < size && fread(octets, sizeof(octets), 1, stream) == 1)
		error = decode(octets, &records[n++]);
	if (error == HA_OK && ferror(stream))
		error = HA_E_IO;
	if (error != HA_OK) {
		free(records);
		return error;
	}
	*out = records;
	*count = n;
	return HA_OK;
}

enum ha_error record_load(const char *path, struct load_record **out, size_t *count)
{
	FILE *stream = fopen(path, "re");
	struct stat status;
	enum ha_error error;

	*out = NULL;
	*count = 0;
	if (!stream)
		return ha_error_of_errno(errno);
	if (fstat(fileno(stream), &status) != 0)
		error = ha_error_of_errno(errno);
	else
		error = load_entries(stream, (size_t)status.st_size / RECORD_SIZE, out, count);
	fclose(stream);
	return error;
}
