/* stored.h - rows of peers on their way into the store. Store thread.
 *
 * May include: agentd/state, replication. */
#ifndef AGENTD_FLOW_STORED_H
#define AGENTD_FLOW_STORED_H

#include "agentd/state/state.h"
#include "replication/store.h"

/* The bindings of a peer in the place of those that were stored, and what protects it
 * against replays. */
void stored_peer(struct store_write *w, const struct state_peer_rows *peer);

/* Who was written in a transaction because he lost an address (state_take_lost). */
struct stored_lost {
	uint32_t *slots;
	size_t count, room;
	bool wrote; /* by the last call */
};

/* All that there are by now. HA_E_NOMEM: the transaction must not be committed. */
enum ha_error stored_lost(struct state *state, struct store_write *w, struct stored_lost *lost);
/* What became of the transaction. */
void stored_lost_end(struct state *state, struct stored_lost *lost, enum ha_error error);

#endif
