/* keyring_file.h - for keyring_*.c only: the text of a key file in memory like
 * the keys', and whose the file is.
 *
 * May include: agentd/base. */
#ifndef AGENTD_BASE_KEYRING_FILE_H
#define AGENTD_BASE_KEYRING_FILE_H

#include <sys/stat.h>

#include "agentd/base/keyring.h"

#define KEYRING_FILE_MAX (1u << 16) /* octets */

struct keyring_text {
	char *at; /* arena of KEYRING_FILE_MAX, or NULL */
	size_t size;
	struct stat status;
};

/* Read a file that nobody else can open. `any_owner`: root may tend a file of
 * another user. HA_E_NOTFOUND, HA_E_PERMISSION, HA_E_RANGE (too long), HA_E_IO,
 * HA_E_NOMEM. The caller frees *out, also after a failure. */
enum ha_error keyring_text_read(const char *path, bool any_owner, struct keyring_text *out,
                                struct keyring_error *error);
void keyring_text_free(struct keyring_text *text); /* wipes */

/* A new ring of the keys in it; errors of keyring_parse. */
enum ha_error keyring_text_ring(const char *path, const struct keyring_text *text,
                                struct keyring **out, struct keyring_error *error);

/* Set the sentence and return `why`. */
#define keyring_refuse(error, why, ...)                                                            \
	ha_refuse((error)->text, sizeof((error)->text), why, __VA_ARGS__)

#endif
