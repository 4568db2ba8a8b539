/* association_file.h - mobility security associations as lines of text:
 *
 *     # a comment
 *     mobile home=10.0.0.1 spi=256 algorithm=hmac-md5 key=<hex>
 *     mobile nai=ann@example.net pool=dial-in spi=256 algorithm=hmac-sha256 key=<hex> replay=nonce
 *     mobile nai=ann@example.net spi=2 algorithm=chap key=<hex> use=mn-aaa
 *     set pool.dial-in 10.64.0.1-10.64.255.254 sticky
 *     foreign-agent address=198.51.100.2 spi=512 algorithm=hmac-md5 key=<hex> [realm=N]
 *
 * Reads only; no store, no log. An error names the line and the field and what
 * is allowed, and never repeats a value: it might be a key in the wrong place.
 *
 * May include: proto, agentd/base, agentd/state/change.h. */
#ifndef AGENTD_STATE_ASSOCIATION_FILE_H
#define AGENTD_STATE_ASSOCIATION_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "agentd/base/error.h"
#include "agentd/state/change.h"

#define ASSOCIATION_LINE_MAX 512u /* octets, without the end of line */

struct association_error {
	uint64_t line;  /* 1 is the first; 0 = the file as a whole */
	char text[240]; /* without the line */
};

/* One line (size octets, no end of line needed) as a CHANGE_ADD_ASSOCIATION, or a
 * CHANGE_SET.
 *
 * HA_OK        *out is a change; the caller wipes it (mip_wipe) after use
 * HA_E_NOTFOUND  the line is blank or a comment
 * HA_E_SYNTAX, HA_E_RANGE  error->text says why; error->line is left alone
 * *out is zeroed on failure. */
enum ha_error association_parse(const char *line, size_t size, struct change *out,
                                struct association_error *error);

/* A file read line by line, in memory that does not grow with the file. */
struct association_reader {
	FILE *file;    /* owned */
	uint64_t line; /* the last one read */
	char text[ASSOCIATION_LINE_MAX + 2];
	char buffer[1u << 16]; /* of the file; wiped at the end */
};

/* Open a file of keys. `anyone`: do not ask for permissions that keep others
 * out; otherwise a file that its group or others can open is refused.
 * HA_E_IO, HA_E_PERMISSION, with *error. */
enum ha_error association_reader_open(struct association_reader *reader, const char *path,
                                      bool anyone, struct association_error *error);
/* The same over an open file, which becomes the reader's. */
void association_reader_start(struct association_reader *reader, FILE *file);

/* The next at most `max` changes. HA_OK with *count = 0 is the end of the
 * file. On a bad line HA_E_SYNTAX or HA_E_RANGE with *error, and on a failed
 * read HA_E_IO; *count good ones before it are in `out` then, and a further
 * call goes on after a bad line. The caller wipes `out` after use. */
enum ha_error association_reader_next(struct association_reader *reader, struct change *out,
                                      size_t max, size_t *count, struct association_error *error);

/* The next line as it stands, NUL-terminated in reader->text, without its end.
 * HA_E_NOTFOUND at the end of the file, HA_E_IO; HA_E_RANGE for a line that is
 * too long (it is skipped). */
enum ha_error association_reader_line(struct association_reader *reader, size_t *size,
                                      struct association_error *error);

/* Closes and wipes. Accepts a zeroed reader. */
void association_reader_close(struct association_reader *reader);

#endif
