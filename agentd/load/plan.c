/* plan.c - modes and the order of nodes.
 *
 * Nodes come with a large stride coprime to their number: every one comes once
 * per round, neighbours in time are not neighbours in memory, and nothing has
 * to be remembered. */
#include "agentd/load/plan.h"

#include <string.h>

#define TRIES 16u

const struct load_mode load_modes[] = {
	{ .name = "register",
	  .once = true,
	  .help = "bind every node to its first care-of address" },
	{ .name = "refresh", .help = "register again with the same care-of address" },
	{ .name = "move", .move = 100, .help = "register with another care-of address each time" },
	{ .name = "deregister", .deregister = 100, .once = true, .help = "deregister every node" },
	{ .name = "mix",
	  .move = 25,
	  .add = 20,
	  .deregister = 25,
	  .scattered = true,
	  .help = "all of these, nodes and requests at random" },
	{ .name = NULL },
};

const struct load_mode *load_mode_find(const char *name)
{
	for (const struct load_mode *mode = load_modes; mode->name; mode++)
		if (strcmp(mode->name, name) == 0)
			return mode;
	return NULL;
}

uint64_t load_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 2685821657736338717ull;
}

static uint32_t greatest_common_divisor(uint32_t a, uint32_t b)
{
	while (b != 0) {
		uint32_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* Near the golden section of the circle, so that steps do not cluster. */
static uint32_t stride_for(uint32_t nodes)
{
	uint32_t stride = (uint32_t)((uint64_t)nodes * 618034u / 1000000u) | 1u;

	while (greatest_common_divisor(stride, nodes) != 1)
		stride++;
	return stride;
}

void load_plan_init(struct load_plan *out, const struct load_mode *mode, uint32_t nodes,
                    uint64_t seed)
{
	*out = (struct load_plan){ .mode = mode,
		                   .nodes = nodes,
		                   .stride = stride_for(nodes),
		                   .random = seed * 0x9e3779b97f4a7c15ull + 1 };
	if (out->random == 0)
		out->random = 1;
}

static uint32_t step(struct load_plan *plan)
{
	uint32_t node = plan->next;

	if (plan->mode->scattered)
		return (uint32_t)((load_random(&plan->random) >> 32) * plan->nodes >> 32);
	plan->next = (uint32_t)(((uint64_t)plan->next + plan->stride) % plan->nodes);
	return node;
}

bool load_plan_node(struct load_plan *plan, const struct load_node *nodes, uint32_t *out)
{
	for (unsigned i = 0; i < TRIES; i++) {
		*out = step(plan);
		if (nodes[*out].tries == 0)
			return true;
	}
	return false;
}

static void deregister(struct load_node *node, uint64_t random)
{
	node->effect = random & 1 ? LOAD_UNBIND : LOAD_UNBIND_ALL;
	/* Where nodes also add, the care-of address may be an earlier one. */
	if (random & 2 && node->effect == LOAD_UNBIND)
		node->offset = (node->offset - 1) & LOAD_CARE_OF_MASK;
}

void load_plan_effect(struct load_plan *plan, struct load_node *node)
{
	const struct load_mode *mode = plan->mode;
	uint64_t random = load_random(&plan->random) >> 16;
	unsigned hundredth = (unsigned)((random >> 16) % 100u);
	unsigned elsewhere = (unsigned)mode->deregister + mode->move + mode->add;

	node->effect = hundredth < elsewhere && hundredth >= elsewhere - mode->add ? LOAD_ADD
	                                                                           : LOAD_BIND;
	if (hundredth < mode->deregister)
		deregister(node, mode->add ? random : random & ~UINT64_C(2));
	else if (hundredth < elsewhere)
		node->offset = (node->offset + 1) & LOAD_CARE_OF_MASK;
}
