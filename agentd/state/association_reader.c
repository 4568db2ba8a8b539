/* association_reader.c - a file of associations, line by line. What a line says
 * is association_file.c's matter. */
#include "agentd/state/association_file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define refuse(error, why, ...) ha_refuse((error)->text, sizeof((error)->text), why, __VA_ARGS__)

void association_reader_start(struct association_reader *reader, FILE *file)
{
	reader->file = file;
	reader->line = 0;
	setvbuf(file, reader->buffer, _IOFBF, sizeof(reader->buffer));
}

enum ha_error association_reader_open(struct association_reader *reader, const char *path,
                                      bool anyone, struct association_error *error)
{
	FILE *file = fopen(path, "re");
	struct stat status;

	reader->file = NULL;
	error->line = 0;
	if (file && fstat(fileno(file), &status) == 0 && S_ISDIR(status.st_mode)) {
		fclose(file);
		file = NULL;
		errno = EISDIR;
	}
	if (!file)
		return refuse(error, HA_E_IO, "%.160s cannot be opened: %s", path, strerror(errno));
	if (fstat(fileno(file), &status) == 0 && !anyone && S_ISREG(status.st_mode) &&
	    status.st_mode & 077) {
		fclose(file);
		return refuse(error, HA_E_PERMISSION,
		              "%.120s holds keys, but its mode %04o lets others open it; "
		              "chmod 600 mends that",
		              path, (unsigned)(status.st_mode & 07777));
	}
	association_reader_start(reader, file);
	return HA_OK;
}

static void skip_line(FILE *file)
{
	int c;

	do
		c = getc_unlocked(file);
	while (c != EOF && c != '\n');
}

enum ha_error association_reader_line(struct association_reader *reader, size_t *size,
                                      struct association_error *error)
{
	size_t length = 0;
	int c;

	reader->line++;
	error->line = reader->line;
	while ((c = getc_unlocked(reader->file)) != EOF && c != '\n') {
		if (length == ASSOCIATION_LINE_MAX) {
			skip_line(reader->file);
			return refuse(error, HA_E_RANGE, "longer than %u octets",
			              ASSOCIATION_LINE_MAX);
		}
		reader->text[length++] = (char)c;
	}
	if (c == EOF && ferror(reader->file))
		return refuse(error, HA_E_IO, "cannot be read: %s", strerror(errno));
	if (c == EOF && length == 0)
		return HA_E_NOTFOUND;
	reader->text[length] = '\0';
	*size = length;
	return HA_OK;
}

enum ha_error association_reader_next(struct association_reader *reader, struct change *out,
                                      size_t max, size_t *count, struct association_error *error)
{
	size_t size;

	for (*count = 0; *count < max;) {
		enum ha_error why = association_reader_line(reader, &size, error);

		if (why == HA_E_NOTFOUND)
			break;
		if (why == HA_OK) {
			why = association_parse(reader->text, size, &out[*count], error);
			if (why == HA_E_NOTFOUND)
				continue;
		}
		if (why != HA_OK)
			return why;
		(*count)++;
	}
	return HA_OK;
}

void association_reader_close(struct association_reader *reader)
{
	if (reader->file)
		fclose(reader->file);
	mip_wipe(reader, sizeof(*reader));
}
