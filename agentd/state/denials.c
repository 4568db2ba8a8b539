/* denials.c - denials of mobile nodes, of this process and since its start. Pages
 * of the table are taken when a node in them is denied first, so that it costs
 * next to nothing where denials are rare, and never more than a place for each node. */
#include "agentd/state/internal.h"

bool denials_new(struct state *state)
{
	state->denial_pages = state->capacity.peers / DENIALS_OF_PAGE + 1;
	state->denials = calloc(state->denial_pages, sizeof(*state->denials));
	state->denied.root = SLOT_NONE;
	pthread_mutex_init(&state->denied.lock, NULL);
	return state->denials != NULL;
}

void denials_free(struct state *state)
{
	for (size_t i = 0; state->denials && i < state->denial_pages; i++)
		free(atomic_load_explicit(&state->denials[i], memory_order_relaxed));
	free(state->denials);
}

/* NULL while no node of its page was denied. */
struct denial *denials_at(const struct state *state, uint32_t slot)
{
	struct denial *page = atomic_load_explicit(&state->denials[slot / DENIALS_OF_PAGE],
	                                           memory_order_acquire);

	return page ? &page[slot % DENIALS_OF_PAGE] : NULL;
}

/* The locks of nodes do not keep two threads from taking the same page at once. */
static struct denial *find_or_take(struct state *state, uint32_t slot)
{
	struct denial *expected = NULL, *page;

	if (denials_at(state, slot))
		return denials_at(state, slot);
	page = calloc(DENIALS_OF_PAGE, sizeof(*page));
	if (page && !atomic_compare_exchange_strong(&state->denials[slot / DENIALS_OF_PAGE],
	                                            &expected, page))
		free(page);
	return denials_at(state, slot);
}

void denials_forget(struct state *state, uint32_t slot)
{
	struct denial *denial = denials_at(state, slot);

	if (!denial)
		return;
	denial->code = 0;
	denied_follow(state, slot);
	*denial = (struct denial){ 0 };
}

void state_note_denial(struct state *state, const struct state_view *view, uint8_t code,
                       uint64_t now_ms)
{
	struct denial *denial;

	peer_lock(state, view->slot);
	denial = state->peers[view->slot].id == view->id ? find_or_take(state, view->slot) : NULL;
	if (denial) {
		denial->last_ms = now_ms;
		denial->count++;
		denial->code = code;
		denied_follow(state, view->slot);
	}
	peer_unlock(state, view->slot);
}

static uint64_t last_end_ms(const struct state *state, uint32_t slot)
{
	uint64_t last_ms = 0;

	for (uint32_t at = state->peers[slot].bindings; at != SLOT_NONE;
	     at = state->bindings[at].next)
		if (state->bindings[at].binding.expires_ms > last_ms)
			last_ms = state->bindings[at].binding.expires_ms;
	return last_ms;
}

/* With the peer's lock held. */
static void copy(const struct state *state, uint32_t slot, struct state_service *out)
{
	const struct denial *denial = denials_at(state, slot);
	const struct service service = service_copy(state, slot);

	*out = (struct state_service){
		.accepted = service.accepted,
		.accepted_ms = state->peers[slot].replay.used_ms,
		.served_ms = service.served_ms,
		.since_ms = service.since_ms,
		.until_ms = last_end_ms(state, slot),
	};
	if (!denial || !denial->code)
		return;
	out->denied = denial->count;
	out->denied_ms = denial->last_ms;
	out->denied_code = denial->code;
}

bool state_service(struct state *state, uint32_t realm, struct in_addr home,
                   const struct name_digest *name, struct state_service *out)
{
	uint32_t slot = name ? name_lock_found(state, name)
	                     : peer_lock_found(state, PEER_MOBILE_NODE, realm, home);

	if (slot == SLOT_NONE)
		return false;
	copy(state, slot, out);
	peer_unlock(state, slot);
	return true;
}
