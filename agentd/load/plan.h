/* plan.h - what is asked next: which node, and to what effect. A mode is a row
 * of a table. Pure but for *plan; random numbers come from its seed.
 *
 * May include: agentd/load/exchange.h. */
#ifndef AGENTD_LOAD_PLAN_H
#define AGENTD_LOAD_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "agentd/load/exchange.h"

/* Parts of a hundred requests; what is left refreshes: the care-of address
 * stays what it was. */
struct load_mode {
	const char *name;
	const char *help;
	uint8_t move;       /* to another care-of address */
	uint8_t add;        /* another care-of address beside those there are */
	uint8_t deregister; /* half of them one care-of address, half of them all */
	bool once;          /* without --count or --duration: every node once, then the end */
	bool scattered;     /* nodes at random; else every node before any comes again */
};

/* NULL for a name that is in no row. Rows end with a NULL name. */
const struct load_mode *load_mode_find(const char *name);
extern const struct load_mode load_modes[];

struct load_plan {
	const struct load_mode *mode;
	uint32_t nodes;
	uint32_t stride; /* coprime to nodes */
	uint32_t next;
	uint64_t random; /* never 0 */
};

void load_plan_init(struct load_plan *out, const struct load_mode *mode, uint32_t nodes,
                    uint64_t seed);

/* A node that waits for no answer; false when a few tries found none. */
bool load_plan_node(struct load_plan *plan, const struct load_node *nodes, uint32_t *out);

/* Set effect and care-of address of a node's next request. */
void load_plan_effect(struct load_plan *plan, struct load_node *node);

/* The next pseudo-random number (xorshift64*). */
uint64_t load_random(uint64_t *state);

#endif
