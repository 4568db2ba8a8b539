/* lost.c - who has lost an address of a pool and is not stored as such yet.
 *
 * The rows that the next holder of an address writes take the place of those of the
 * one before. If the store had them without the other's newer ones, a replay of the
 * log could not tell any more what became of the other's bindings in between: what
 * ended them names the address, where it would find the next holder. So whoever lost
 * an address is written in the same transaction as who has it now, or before.
 *
 * A chain through the table: a slot is in it once. */
#include "agentd/state/internal.h"

static void push(struct state *state, uint32_t slot)
{
	pthread_mutex_lock(&state->dirty_lock);
	state->services[slot].next_lost = state->lost;
	state->lost = slot;
	pthread_mutex_unlock(&state->dirty_lock);
}

static uint32_t pop(struct state *state)
{
	uint32_t slot;

	pthread_mutex_lock(&state->dirty_lock);
	slot = state->lost;
	if (slot != SLOT_NONE)
		state->lost = state->services[slot].next_lost;
	pthread_mutex_unlock(&state->dirty_lock);
	return slot;
}

void lost_mark(struct state *state, uint32_t slot)
{
	if (state->peers[slot].lost || !state->peers[slot].address.s_addr)
		return;
	state->peers[slot].lost = true;
	push(state, slot);
}

bool state_take_lost(struct state *state, uint32_t *slot)
{
	*slot = pop(state);
	if (*slot == SLOT_NONE)
		return false;
	peer_lock(state, *slot);
	state->peers[*slot].lost = false;
	peer_unlock(state, *slot);
	return true;
}

void state_return_lost(struct state *state, const uint32_t *slots, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		peer_lock(state, slots[i]);
		if (!state->peers[slots[i]].lost) {
			state->peers[slots[i]].lost = true;
			push(state, slots[i]);
		}
		peer_unlock(state, slots[i]);
	}
}
