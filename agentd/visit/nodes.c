/* nodes.c - one place for each keyed sum of link and link address. */
#include "agentd/visit/nodes.h"

#include <stdlib.h>

static size_t place_of(const struct nodes *nodes, unsigned interface,
                       const uint8_t link[FOREIGN_LINK_SIZE])
{
	uint64_t x = interface;

	for (size_t i = 0; i < FOREIGN_LINK_SIZE; i++) {
		x = (x << 8 | link[i]) ^ nodes->seed;
		x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
		x ^= x >> 31;
	}
	return (size_t)(x % NODES_PLACES);
}

static bool is_of(const struct node *node, unsigned interface,
                  const uint8_t link[FOREIGN_LINK_SIZE])
{
	return node->interface == interface && memcmp(node->link, link, FOREIGN_LINK_SIZE) == 0;
}

enum ha_error nodes_create(uint64_t seed, struct nodes **out)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return HA_E_NOMEM;
	(*out)->seed = seed;
	return HA_OK;
}

const struct node *nodes_find(const struct nodes *nodes, unsigned interface,
                              const uint8_t link[FOREIGN_LINK_SIZE])
{
	const struct node *node = &nodes->at[place_of(nodes, interface, link)];

	return is_of(node, interface, link) ? node : NULL;
}

struct node *nodes_place(struct nodes *nodes, unsigned interface,
                         const uint8_t link[FOREIGN_LINK_SIZE])
{
	struct node *node = &nodes->at[place_of(nodes, interface, link)];

	if (!is_of(node, interface, link)) {
		*node = (struct node){ .interface = interface };
		memcpy(node->link, link, FOREIGN_LINK_SIZE);
	}
	return node;
}

bool node_was_denied(const struct node *node, uint64_t now_ms)
{
	return node && node->denied && now_ms < node->denied_ms + NODES_DENIAL_GAP_MS;
}

void node_answered(struct node *node, struct span challenge)
{
	node_note(&node->used, challenge);
	if (node->offered.size == challenge.size &&
	    memcmp(node->offered.octets, challenge.at, challenge.size) == 0)
		node->offered.size = 0;
}

void nodes_prove(struct nodes *nodes, uint64_t proof)
{
	nodes->proofs[proof % NODES_PLACES] = proof;
}

bool nodes_proved(const struct nodes *nodes, uint64_t proof)
{
	return proof && nodes->proofs[proof % NODES_PLACES] == proof;
}

void node_note(struct foreign_challenge_value *out, struct span challenge)
{
	out->size = 0;
	if (challenge.size == 0 || challenge.size > sizeof(out->octets))
		return;
	memcpy(out->octets, challenge.at, challenge.size);
	out->size = (uint8_t)challenge.size;
}
