/* secret.h - a key for agentctl: from a file that only its owner can open, or
 * from standard input, without echo where that is a terminal.
 *
 * May include: proto, agentd/base. */
#ifndef AGENTD_PROGRAMS_SECRET_H
#define AGENTD_PROGRAMS_SECRET_H

#include <stddef.h>

#include "agentd/base/error.h"

#define SECRET_MAX 256u

struct secret {
	char text[SECRET_MAX];
	size_t size;
	char report[240];
};

/* `path` NULL is standard input. One line; spaces around it do not count.
 * HA_E_IO, HA_E_PERMISSION, HA_E_RANGE with secret->report, which never
 * repeats what was read. The caller wipes it. */
enum ha_error secret_read(struct secret *secret, const char *path);
void secret_wipe(struct secret *secret);

#endif
