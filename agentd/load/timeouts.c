/* timeouts.c - a ring of requests on their way. */
#include "agentd/load/timeouts.h"

#include <stdlib.h>

#define MASK (TIMEOUTS_SIZE - 1)

enum ha_error timeouts_init(struct timeouts *out)
{
	*out = (struct timeouts){ .entries = calloc(TIMEOUTS_SIZE, sizeof(*out->entries)) };
	return out->entries ? HA_OK : HA_E_NOMEM;
}

void timeouts_free(struct timeouts *timeouts)
{
	free(timeouts->entries);
	*timeouts = (struct timeouts){ 0 };
}

bool timeouts_full(const struct timeouts *timeouts)
{
	return timeouts->tail - timeouts->head == TIMEOUTS_SIZE;
}

void timeouts_add(struct timeouts *timeouts, uint32_t node, uint32_t low)
{
	timeouts->entries[timeouts->tail++ & MASK] = (struct timeouts_entry){ .node = node,
		                                                              .low = low };
}

bool timeouts_oldest(struct timeouts *timeouts, const struct load_node *nodes, uint32_t *out)
{
	while (timeouts->head != timeouts->tail) {
		const struct timeouts_entry *entry = &timeouts->entries[timeouts->head & MASK];
		const struct load_node *node = &nodes[entry->node];

		if (node->tries > 0 && (uint32_t)node->identification == entry->low) {
			*out = entry->node;
			return true;
		}
		timeouts->head++;
	}
	return false;
}

void timeouts_drop(struct timeouts *timeouts)
{
	if (timeouts->head != timeouts->tail)
		timeouts->head++;
}
