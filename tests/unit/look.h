/* look.h - for tests: a peer by its address, and the end of a claim. */
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

static inline void let_go(struct state *state, const struct state_view *view)
{
	const struct state_hold hold = state_hold_of(view);

	state_release(state, &hold);
}

#endif
