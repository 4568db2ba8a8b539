/* import.h - agentctl association import: a file to agentd, some thousand lines
 * at a time.
 *
 * May include: agentd/control/client.h, agentd/state/association_file.h. */
#ifndef AGENTD_PROGRAMS_IMPORT_H
#define AGENTD_PROGRAMS_IMPORT_H

#include <stdbool.h>

#include "agentd/control/client.h"

struct import_options {
	const char *path;
	bool replace;
	bool json;
	uint32_t timeout_s; /* how long agentd may be too busy */
};

/* Refused lines go to standard error, or into the JSON; counts to standard
 * output. Returns the exit status: 0 when every line was done. */
int import_run(struct control_client *client, const struct import_options *options);

#endif
