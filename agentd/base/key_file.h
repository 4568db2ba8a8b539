/* key_file.h - files that hold secret keys: read with suspicion into memory like
 * the keys', and made so that they are there whole or not at all. For
 * keyring_*.c, node_key.c and agentd/mobile/keys.c only.
 *
 * A file is a regular one that belongs to us or to root and that nobody else can
 * open. A sentence never repeats what stands in it.
 *
 * May include: agentd/base. */
#ifndef AGENTD_BASE_KEY_FILE_H
#define AGENTD_BASE_KEY_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "agentd/base/keyring.h"

#define KEY_FILE_MAX (1u << 16) /* octets */

struct key_text {
	char *at; /* arena of KEY_FILE_MAX, or NULL */
	size_t size;
	struct stat status;
};

/* Read a file that nobody else can open. `any_owner`: root may tend a file of
 * another user. HA_E_NOTFOUND, HA_E_PERMISSION, HA_E_RANGE (too long), HA_E_IO,
 * HA_E_NOMEM. The caller frees *out, also after a failure. */
enum ha_error key_file_read(const char *path, bool any_owner, struct key_text *out,
                            struct keyring_error *error);
void key_text_free(struct key_text *text); /* wipes */

/* A new file of these octets and then those of another file, with its owner
 * (NULL: there is none). On the disk when this returns; its name is not. Gone
 * again after a failure. HA_E_EXISTS, HA_E_PERMISSION, HA_E_NODISK, HA_E_IO. */
enum ha_error key_file_write(const char *path, const char *text, size_t size,
                             const struct key_text *rest, struct keyring_error *error);

/* The same under a name that comes with the whole contents or not at all, also
 * over a power cut; never in the place of another file. HA_E_RANGE (the name is
 * too long) too. */
enum ha_error key_file_create(const char *path, const char *text, size_t size,
                              struct keyring_error *error);

/* A name is on the disk only when its directory is flushed. */
bool key_file_flush_name(const char *path);

/* Set the sentence and return `why`. */
#define keyring_refuse(error, why, ...)                                                            \
	ha_refuse((error)->text, sizeof((error)->text), why, __VA_ARGS__)

#endif
