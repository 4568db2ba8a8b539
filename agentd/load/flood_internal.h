/* flood_internal.h - what a flood's builders know; nobody but flood*.c includes
 * this. */
#ifndef AGENTD_LOAD_FLOOD_INTERNAL_H
#define AGENTD_LOAD_FLOOD_INTERNAL_H

#include "agentd/load/exchange.h"
#include "agentd/load/flood.h"
#include "agentd/load/link.h"

#define REPLAYED_MAX 65536u

struct replayed {
	uint8_t size;
	uint8_t octets[LOAD_REQUEST_MAX];
};

struct flood {
	const struct load_settings *settings;
	const struct load_identity *identity;
	const struct flood_kind *kind;
	uint64_t random;           /* never 0 */
	uint64_t ntp;              /* of the next datagram */
	struct load_node *nodes;   /* of a kind that signs, else NULL */
	uint32_t next;             /* of these */
	struct replayed *replayed; /* of a kind that replays, else NULL */
	uint32_t replayed_count;
	struct link link;
	uint64_t refused;                                 /* datagrams, by the kernel */
	uint8_t long_one[LINK_BATCH][FLOOD_DATAGRAM_MAX]; /* what has no room in the link */
};

#endif
