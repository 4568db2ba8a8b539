/* looker.h - for agentd/flow only: a thread that looks at something every so often, until it is
 * stopped.
 *
 * May include: agentd/base. */
#ifndef AGENTD_FLOW_LOOKER_H
#define AGENTD_FLOW_LOOKER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "agentd/base/error.h"

struct looker {
	pthread_t thread;
	bool running;
	pthread_mutex_t lock; /* of the next */
	bool stopping;
	pthread_cond_t wake;
};

void looker_init(struct looker *looker);
/* Run that, which looks and rests by turns. Again after a stop is fine. HA_E_... of pthread_create. */
enum ha_error looker_start(struct looker *looker, void *(*run)(void *context), void *context);
/* On its thread. false: it is time to end. */
bool looker_rest(struct looker *looker, uint64_t ms);
/* Returns when the thread has ended. Of one that is not started, nothing. */
void looker_stop(struct looker *looker);
void looker_free(struct looker *looker);

#endif
