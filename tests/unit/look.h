/* look.h - for tests: a peer by its address. */
#ifndef TESTS_UNIT_LOOK_H
#define TESTS_UNIT_LOOK_H

#include "agentd/state/state.h"

static inline bool look_at(struct state *state, enum peer_kind kind, uint32_t realm,
                           struct in_addr address, uint32_t spi, struct state_view *out)
{
	const struct state_question question = {
		.kind = kind,
		.realm = realm,
		.address = address,
		.spi = spi,
	};

	return state_look(state, &question, out);
}

#endif
