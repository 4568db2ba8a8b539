/* apply.c - commands that change bindings: registrations, what ends, what is
 * dropped, where a UDP tunnel goes. Decided on what was known then, and checked
 * again here on what is so now (docs/architecture.md). */
#include "agentd/state/internal.h"

#include "agentd/base/clock.h"
#include "agentd/state/command.h"
#include "proto/cluster.pb-c.h"

static bool has_ended(const struct binding *binding, const void *argument)
{
	return binding->expires_ms <= *(const uint64_t *)argument;
}

static bool has_care_of(const struct binding *binding, const void *argument)
{
	return binding->care_of.s_addr == *(const in_addr_t *)argument;
}

static bool is_another(const struct binding *binding, const void *argument)
{
	return !has_care_of(binding, argument);
}

static bool is_named(const struct binding *binding, const void *argument)
{
	return revocation_names(argument, binding);
}

static bool is_any(const struct binding *binding, const void *argument)
{
	(void)binding;
	(void)argument;
	return true;
}

static struct binding binding_of(const Hearth__Bind *bind, uint64_t identification,
                                 uint64_t time_ms)
{
	return (struct binding){
		.care_of.s_addr = htonl(bind->care_of),
		.endpoint.s_addr = htonl(bind->endpoint),
		.source.s_addr = htonl(bind->source),
		.endpoint_port = (uint16_t)bind->endpoint_port,
		.source_port = (uint16_t)bind->source_port,
		.granted_s = (uint16_t)bind->granted_s,
		.flags = (uint8_t)bind->flags,
		.encapsulation = (uint8_t)bind->encapsulation,
		.features = (uint16_t)bind->features,
		.keepalive_s = (uint16_t)bind->keepalive_s,
		.agent_stamp = bind->agent_stamp,
		.identification = identification,
		.granted_ms = time_ms,
		.expires_ms = bind->expires_ms,
	};
}

/* Bindings that the node left, as a request from `source` says. */
static void leave(struct state *state, uint32_t slot, binding_predicate *drop, in_addr_t care_of,
                  uint32_t source)
{
	state->farewell.cause = FAREWELL_MOVED;
	state->farewell.knowing.s_addr = htonl(source);
	bindings_remove(state, slot, drop, &care_of);
	state->farewell.cause = FAREWELL_SILENT;
}

static enum ha_error apply_bind(struct state *state, uint32_t slot, uint64_t index,
                                const Hearth__Register *registration, uint64_t time_ms)
{
	struct binding binding = binding_of(registration->bind, registration->identification,
	                                    time_ms);
	const struct peer *peer = &state->peers[slot];

	/* A care-of address is bound once: another endpoint replaces it. */
	if (!registration->bind->keep_others)
		leave(state, slot, is_another, binding.care_of.s_addr, registration->bind->source);
	if (binding_find(state, peer, &binding) == SLOT_NONE) {
		bindings_remove(state, slot, has_care_of, &binding.care_of.s_addr);
		if (registration->limit && peer->binding_count >= registration->limit)
			return HA_E_LIMIT;
	}
	return binding_put(state, slot, &binding, index);
}

static void apply_unbind(struct state *state, uint32_t slot, const Hearth__Unbind *unbind)
{
	leave(state, slot, unbind->has_care_of ? has_care_of : is_any, htonl(unbind->care_of),
	      unbind->source);
}

/* Under nonces a request counts if nothing was accepted since it was decided;
 * timestamps grow. */
static bool is_replayed(const struct peer *peer, const Hearth__Register *registration)
{
	if (registration->has_after)
		return peer->replay.nonced != registration->after;
	return !clock_ntp_is_later(registration->identification, peer->replay.identification);
}

static void note_accepted(struct state *state, uint32_t slot, const Hearth__Register *registration,
                          uint64_t time_ms)
{
	struct replay_state *replay = &state->peers[slot].replay;

	if (registration->has_after)
		replay->nonced = registration->identification;
	else
		replay->identification = registration->identification;
	replay->digest = registration->digest;
	replay->spi = registration->spi;
	replay->used_ms = time_ms;
	association_note_use(state, slot, registration->spi, time_ms);
	service_accepted(state, slot);
}

/* With the peer's lock held. `address`: whether it can be had. In a log that is
 * replayed somebody who came later may have it, and the bindings there may be
 * gone. What was accepted then counts as accepted, so that it is not again. */
static enum ha_error apply_to_peer(struct state *state, uint32_t slot, uint64_t index,
                                   const Hearth__Register *registration, uint64_t time_ms,
                                   enum ha_error address)
{
	struct peer *peer = &state->peers[slot];
	enum ha_error error = HA_OK;

	bindings_remove(state, slot, has_ended, &time_ms);
	if (registration->effect_case == HEARTH__REGISTER__EFFECT_UNBIND)
		apply_unbind(state, slot, registration->unbind);
	else if (address == HA_OK)
		error = apply_bind(state, slot, index, registration, time_ms);
	if (error == HA_OK || peer->pool != LABEL_NONE)
		note_accepted(state, slot, registration, time_ms);
	peer->in_flight = false;
	peer->version = index;
	dirty_mark(state, slot);
	return error == HA_OK ? address : error;
}

static struct in_addr home_of(uint64_t place)
{
	return (struct in_addr){ htonl((uint32_t)place) };
}

/* The node of a registration. Applying thread. */
static uint32_t slot_of(struct state *state, const Hearth__Register *registration)
{
	struct name_digest name;

	if (!registration->has_name)
		return peer_find(state, PEER_MOBILE_NODE, (uint32_t)(registration->place >> 32),
		                 home_of(registration->place));
	if (registration->name.len != sizeof(name.octets))
		return SLOT_NONE;
	memcpy(name.octets, registration->name.data, sizeof(name.octets));
	return name_find(state, &name);
}

/* With the peer's lock held. */
static enum ha_error check_current(const struct peer *peer, uint64_t index,
                                   const Hearth__Register *registration)
{
	if ((peer->pool != LABEL_NONE) != registration->has_name)
		return HA_E_NOTFOUND; /* its address comes from a pool, or it does not */
	return index > peer->version && is_replayed(peer, registration) ? HA_E_STALE : HA_OK;
}

/* The claim ends here if nothing comes of it, and otherwise together with the
 * change: in between somebody could claim a node that is about to be another. */
static enum ha_error find_current(struct state *state, uint64_t index,
                                  const Hearth__Register *registration, uint32_t *slot)
{
	struct peer *peer;
	enum ha_error error;

	*slot = slot_of(state, registration);
	if (*slot == SLOT_NONE)
		return HA_E_NOTFOUND;
	peer = &state->peers[*slot];
	__builtin_prefetch(&state->services[*slot], 1); /* wanted when it has been accepted */
	if (peer->id != registration->node)
		return HA_E_NOTFOUND; /* of an earlier incarnation, whose claim went with it */
	peer_lock(state, *slot);
	error = check_current(peer, index, registration);
	if (error != HA_OK || index <= peer->version)
		peer->in_flight = false;
	peer_unlock(state, *slot);
	return error;
}

/* *changed is the node, or SLOT_NONE: nothing came of it here. */
static enum ha_error apply_to_node(struct state *state, uint64_t index,
                                   const Hearth__Register *registration, uint64_t time_ms,
                                   uint32_t *changed)
{
	uint32_t slot;
	enum ha_error error = find_current(state, index, registration, &slot);
	enum ha_error address = HA_OK;

	*changed = SLOT_NONE;
	if (error == HA_E_NOTFOUND)
		return error;
	if (index <= state->peers[slot].version)
		return HA_OK; /* the rows that were loaded have it already */
	if (error != HA_OK)
		return error;
	if (registration->has_name && registration->effect_case == HEARTH__REGISTER__EFFECT_BIND)
		address = lease_take(state, slot, (uint32_t)(registration->place >> 32),
		                     home_of(registration->place), registration->sticky);
	peer_lock(state, slot);
	error = apply_to_peer(state, slot, index, registration, time_ms, address);
	peer_unlock(state, slot);
	*changed = slot;
	return error;
}

/* What it does to who else has the address does not depend on what becomes of
 * it: in a log that is replayed, its node may be newer than it, or gone.
 *
 * What was kept for it is judged while its node still has the lease: once that
 * was given back the address may be kept for somebody else. */
enum ha_error apply_registration(struct state *state, uint64_t index,
                                 const Hearth__Register *registration, uint64_t time_ms)
{
	uint32_t realm = (uint32_t)(registration->place >> 32);
	struct in_addr home = home_of(registration->place);
	enum ha_error error;
	uint32_t changed;

	if (registration->has_name && registration->effect_case == HEARTH__REGISTER__EFFECT_BIND)
		lease_evict(state, realm, home, registration->node, index);
	error = apply_to_node(state, index, registration, time_ms, &changed);
	if (registration->has_name)
		lease_resolve(state, realm, home);
	if (changed != SLOT_NONE)
		lease_settle(state, changed, index);
	return error;
}

static uint32_t slot_of_place(struct state *state, uint64_t place)
{
	return peer_find(state, PEER_MOBILE_NODE, (uint32_t)(place >> 32), home_of(place));
}

/* Bindings of one node go; with its lock held. */
static bool drop_some(struct state *state, uint32_t slot, uint64_t index, binding_predicate *drop,
                      const void *argument)
{
	struct peer *peer = &state->peers[slot];

	if (index <= peer->version || bindings_remove(state, slot, drop, argument) == 0)
		return false;
	peer->version = index;
	dirty_mark(state, slot);
	return true;
}

static void expire_at(struct state *state, uint64_t index, uint64_t place, uint64_t time_ms)
{
	uint32_t slot = slot_of_place(state, place);
	bool newer;

	if (slot == SLOT_NONE)
		return;
	peer_lock(state, slot);
	newer = index > state->peers[slot].version;
	drop_some(state, slot, index, has_ended, &time_ms);
	peer_unlock(state, slot);
	if (newer)
		lease_settle(state, slot, index);
}

void apply_expiry(struct state *state, uint64_t index, const Hearth__Expire *expire,
                  uint64_t time_ms)
{
	for (size_t i = 0; i < expire->n_places; i++)
		expire_at(state, index, expire->places[i], time_ms);
}

static const struct binding *named_binding(const struct state *state, const struct peer *peer,
                                           const struct revocation_mark *mark)
{
	uint32_t at = peer->bindings;

	while (at != SLOT_NONE && !revocation_names(mark, &state->bindings[at].binding))
		at = state->bindings[at].next;
	return at == SLOT_NONE ? NULL : &state->bindings[at].binding;
}

/* With the peer's lock held. Judged again: a registration may have come between
 * decision and log. */
static enum ha_error take_revocation(struct state *state, struct peer *peer, uint32_t slot,
                                     const struct revocation_mark *mark)
{
	const struct binding *named = named_binding(state, peer, mark);

	switch (revocation_judge(mark, named, &peer->replay.revoked)) {
	case REVOCATION_ENDS:
		bindings_remove(state, slot, is_named, mark);
		break;
	case REVOCATION_REPEATS:
		break;
	case REVOCATION_OLD:
		return HA_E_STALE;
	case REVOCATION_UNAGREED:
	case REVOCATION_NOTHING:
		return HA_E_NOTFOUND;
	}
	peer->replay.revoked = *mark;
	return HA_OK;
}

static enum ha_error apply_revocation(struct state *state, uint64_t index, uint32_t slot,
                                      const Hearth__Drop *drop, uint64_t time_ms)
{
	const struct revocation_mark mark = {
		.agent.s_addr = htonl(drop->revocation->agent),
		.care_of.s_addr = htonl(drop->care_of),
		.identifier = drop->revocation->identifier,
	};
	struct peer *peer = &state->peers[slot];
	enum ha_error error = HA_OK;
	bool newer;

	peer_lock(state, slot);
	newer = index > peer->version;
	if (newer) {
		bool changed = bindings_remove(state, slot, has_ended, &time_ms) > 0;

		error = take_revocation(state, peer, slot, &mark);
		if (changed || error == HA_OK) {
			peer->version = index;
			dirty_mark(state, slot);
		}
	}
	peer_unlock(state, slot);
	if (newer)
		lease_settle(state, slot, index);
	return error;
}

/* With the peer's lock held: who brought them here may have to be told. */
static void note_dropped(const struct state *state, uint32_t slot, binding_predicate *drop,
                         const void *argument, struct state_outcome *out)
{
	uint32_t at = state->peers[slot].bindings;

	for (; at != SLOT_NONE; at = state->bindings[at].next)
		if (drop(&state->bindings[at].binding, argument))
			out->dropped[out->dropped_count++] = state->bindings[at].binding;
}

enum ha_error apply_drop(struct state *state, uint64_t index, const Hearth__Drop *drop,
                         struct state_outcome *out)
{
	binding_predicate *which = drop->has_care_of ? has_care_of : is_any;
	in_addr_t care_of = htonl(drop->care_of);
	uint32_t slot = slot_of_place(state, drop->place);
	bool dropped, newer;

	if (slot == SLOT_NONE)
		return HA_E_NOTFOUND;
	if (drop->revocation)
		return apply_revocation(state, index, slot, drop, out->time_ms);
	peer_lock(state, slot);
	newer = index > state->peers[slot].version;
	if (newer)
		note_dropped(state, slot, which, &care_of, out);
	state->farewell.cause = FAREWELL_TAKEN;
	dropped = drop_some(state, slot, index, which, &care_of);
	state->farewell.cause = FAREWELL_SILENT;
	peer_unlock(state, slot);
	if (!newer)
		return HA_OK; /* the rows that were loaded have it already */
	if (drop->release)
		dropped = lease_release(state, slot, index) || dropped;
	lease_settle(state, slot, index);
	return dropped ? HA_OK : HA_E_NOTFOUND;
}

static enum ha_error complete_at(struct state *state, uint64_t index, uint32_t slot,
                                 const Hearth__Complete *complete)
{
	const struct binding half = {
		.care_of.s_addr = htonl(complete->care_of),
		.endpoint.s_addr = htonl(complete->endpoint),
	};
	struct peer *peer = &state->peers[slot];
	enum ha_error error;

	if (index <= peer->version)
		return HA_OK; /* the rows that were loaded have it already */
	error = binding_complete(state, slot, &half, (uint16_t)complete->port, index);
	if (error != HA_OK)
		return error;
	peer->version = index;
	dirty_mark(state, slot);
	return HA_OK;
}

/* Between the keepalive and the log the node may have registered anew: what has a port,
 * or goes elsewhere, stays as it is. */
enum ha_error apply_completion(struct state *state, uint64_t index,
                               const Hearth__Complete *complete)
{
	uint32_t slot = slot_of_place(state, complete->place);
	enum ha_error error;

	if (complete->port == 0 || complete->port > UINT16_MAX)
		return HA_E_RANGE;
	if (slot == SLOT_NONE)
		return HA_E_NOTFOUND;
	peer_lock(state, slot);
	error = complete_at(state, index, slot, complete);
	peer_unlock(state, slot);
	return error;
}
