/* keys.h - the cluster's keys of this node: from their file into the ring that
 * seals what goes to the disk.
 *
 * May include: everything below layer 4. */
#ifndef AGENTD_FLOW_KEYS_H
#define AGENTD_FLOW_KEYS_H

#include "agentd/flow/agent.h"

/* Read the key file, or make it where nothing is sealed yet. With the store
 * open and nothing loaded. On failure a sentence in `report`. */
enum ha_error keys_open(struct agent *agent, char *report, size_t size);

/* Read the file again. A file with an error, or without a key that is needed,
 * changes nothing, and the log says why. */
void keys_reload(struct agent *agent);

/* Say it when something is sealed under a key that is not in the file: the next
 * start would fail. */
void keys_watch(struct agent *agent);

/* Where the file is. */
void keys_path(const struct config *config, char *out, size_t size);

/* Say what is wrong with something sealed that did not open, of error HA_E_NO_KEY
 * or HA_E_OTHER_KEY; `what` is the subject, `id` the number of its key. */
void keys_explain(const struct agent *agent, enum ha_error error, const char *what, uint32_t id,
                  char *report, size_t size);

#endif
