/* keyring_file.h - for keyring_*.c only: the keys in the text of a key file.
 *
 * May include: agentd/base. */
#ifndef AGENTD_BASE_KEYRING_FILE_H
#define AGENTD_BASE_KEYRING_FILE_H

#include "agentd/base/key_file.h"

/* A new ring of the keys in it; errors of keyring_parse. */
enum ha_error keyring_of_text(const char *path, const struct key_text *text, struct keyring **out,
                              struct keyring_error *error);

#endif
