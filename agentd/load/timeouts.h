/* timeouts.h - what was sent, in the order of sending, until it is answered or
 * given up. The time allowed is the same for all, so a ring is enough.
 *
 * May include: agentd/load/exchange.h. */
#ifndef AGENTD_LOAD_TIMEOUTS_H
#define AGENTD_LOAD_TIMEOUTS_H

#include <stdbool.h>
#include <stdint.h>

#include "agentd/base/error.h"
#include "agentd/load/exchange.h"

#define TIMEOUTS_SIZE (1u << 20) /* requests sent within the time allowed, at most */

struct timeouts {
	struct timeouts_entry {
		uint32_t node;
		uint32_t low; /* of the identification: tells whether it is still that request */
	} * entries;
	uint32_t head, tail; /* head: the oldest */
};

/* HA_E_NOMEM. */
enum ha_error timeouts_init(struct timeouts *out);
void timeouts_free(struct timeouts *timeouts);

bool timeouts_full(const struct timeouts *timeouts);
void timeouts_add(struct timeouts *timeouts, uint32_t node, uint32_t low);

/* The oldest request still pending; what was answered is dropped on the way.
 * false when there is none. */
bool timeouts_oldest(struct timeouts *timeouts, const struct load_node *nodes, uint32_t *out);
void timeouts_drop(struct timeouts *timeouts);

#endif
