/* completions.h - what became of proposals, from the applying thread to the
 * network thread that made them: one producer, one consumer, no lock. There
 * are never more of them than proposals under way, so it cannot overflow.
 *
 * May include: agentd/base. */
#ifndef AGENTD_FLOW_COMPLETIONS_H
#define AGENTD_FLOW_COMPLETIONS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "agentd/base/error.h"

#define COMPLETIONS_MAX 8192u /* a power of two */

struct completion {
	uint32_t pending; /* slot of the proposal */
	enum ha_error error;
};

struct completions {
	int event;   /* eventfd: readable when there may be some */
	bool posted; /* producer only: since the last signal */
	_Atomic uint32_t head;
	_Atomic uint32_t tail;
	struct completion ring[COMPLETIONS_MAX];
};

enum ha_error completions_open(struct completions *completions);
void completions_close(struct completions *completions);

/* Producer: put one; tell the consumer once per batch. */
void completions_post(struct completions *completions, struct completion completion);
void completions_signal(struct completions *completions);

/* Consumer: forget the signal; take one, false when there is none. */
void completions_clear(struct completions *completions);
bool completions_take(struct completions *completions, struct completion *out);

/* Anybody: wake the consumer without a completion. */
void completions_wake(struct completions *completions);

#endif
