/* farewell.c - bindings that end early are noted in the outcome of the command
 * that ends them, so that somebody can tell their agents. Nothing of the state
 * depends on what is noted here. */
#include "agentd/state/internal.h"

#include "agentd/base/address.h"
#include "agentd/state/command.h"

static bool is_to_be_told(const struct farewell *farewell, const struct binding *binding)
{
	if (!farewell->out || !(binding->features & BINDING_REVOCABLE) ||
	    binding->expires_ms <= farewell->time_ms)
		return false;
	return farewell->cause == FAREWELL_TAKEN ||
	       (farewell->cause == FAREWELL_MOVED &&
	        !address_equal(binding->source, farewell->knowing));
}

/* Room for one more: 2 places, then 4, 8 and so on. */
static bool make_room(struct state_outcome *out)
{
	size_t count = out->ended_count;
	bool is_full = count == 0 || (count > 1 && (count & (count - 1)) == 0);
	struct state_ended *grown;

	if (count == STATE_ENDED_MAX || !is_full)
		return count < STATE_ENDED_MAX;
	grown = realloc(out->ended, (count ? count * 2 : 2) * sizeof(*grown));
	if (grown)
		out->ended = grown;
	return grown != NULL;
}

void farewell_say(struct state *state, const struct peer *peer, const struct binding *binding)
{
	const struct farewell *farewell = &state->farewell;

	if (!is_to_be_told(farewell, binding))
		return;
	if (!make_room(farewell->out)) {
		farewell->out->ended_lost++;
		return;
	}
	farewell->out->ended[farewell->out->ended_count++] = (struct state_ended){
		.place = place_of_home(peer->realm, peer->address),
		.binding = *binding,
		.moved = farewell->cause == FAREWELL_MOVED,
	};
}
