/* rotation.h - a thread that seals what the store holds again, under the key
 * that seals now.
 *
 * May include: agentd/base, agentd/flow/agent.h. */
#ifndef AGENTD_FLOW_ROTATION_H
#define AGENTD_FLOW_ROTATION_H

#include <stdbool.h>

#include "agentd/flow/agent.h"

struct rotation;

struct rotation *rotation_new(struct agent *agent); /* NULL: no memory */

enum ha_error rotation_start(struct rotation *rotation);

/* Go on with what was interrupted, if anything was. */
void rotation_go_on(struct rotation *rotation);

/* Begin, or begin again behind the one under way. HA_E_NOTFOUND: nothing is
 * sealed under another key. */
enum ha_error rotation_ask(struct rotation *rotation);
bool rotation_is_active(const struct rotation *rotation);

/* Put nothing more in order. The thread ends when its last batch is done or
 * abandoned. */
void rotation_stop(struct rotation *rotation);
void rotation_free(struct rotation *rotation); /* accepts NULL; awaits the thread */

#endif
