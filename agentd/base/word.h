/* word.h - values of the configuration that are several words with single spaces between
 * them, read one after the other.
 *
 * May include: agentd/base. */
#ifndef AGENTD_BASE_WORD_H
#define AGENTD_BASE_WORD_H

#include <stdbool.h>
#include <stddef.h>

/* The next word of *text, copied to `out` with its end; *text stands behind it and behind the
 * space that another word follows. false, and nothing changes: there is none, or it has
 * `size` octets or more. */
bool word_take(const char **text, char *out, size_t size);

#endif
