/* trial.c - a command that is made as a whole or not at all is made on a copy first:
 * of the peers that it names, with their associations, and of all settings, pools,
 * policies and totals. What it says there is what it will say of the state, because
 * the same functions say it, and nothing else of the state can change their mind:
 * configuration depends on configuration only. So nothing ever has to be undone.
 *
 * Bindings and leases are not copied: no change is refused because of them. */
#include "agentd/state/configure.h"

struct trial {
	struct state *state; /* that is copied from */
	struct state *copy;
	uint32_t *slots; /* of peers that are copied */
	size_t count;
};

/* ---- whom it can touch ---- */

static void add_slot(struct trial *t, uint32_t slot)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->slots[i] == slot)
			return;
	if (slot != SLOT_NONE)
		t->slots[t->count++] = slot;
}

static bool has_slot(const struct trial *t, uint32_t slot)
{
	size_t i = 0;

	while (i < t->count && t->slots[i] != slot)
		i++;
	return i < t->count;
}

/* Who has the name, and who the address: two peers, if the change is refused for it. */
static void add_named(struct trial *t, unsigned kind, uint32_t realm, uint32_t address,
                      const ProtobufCBinaryData *nai, bool has_nai)
{
	struct identity identity = identity_of(kind, realm, address, nai, has_nai);

	add_slot(t, identity_find(t->state, &identity));
	identity.nai = (struct span){ 0 };
	if (address)
		add_slot(t, identity_find(t->state, &identity));
}

static void add_subject(struct trial *t, const Hearth__Change *change)
{
	const Hearth__AddAssociation *add = change->add_association;
	const Hearth__RemoveAssociation *remove = change->remove_association;
	const Hearth__SetNode *set = change->set_node;

	switch (change->change_case) {
	case HEARTH__CHANGE__CHANGE_ADD_ASSOCIATION:
		add_named(t, add->kind, add->realm, add->address, &add->nai, add->has_nai);
		return;
	case HEARTH__CHANGE__CHANGE_REMOVE_ASSOCIATION:
		add_named(t, remove->kind, remove->realm, remove->address, &remove->nai,
		          remove->has_nai);
		return;
	case HEARTH__CHANGE__CHANGE_SET_NODE:
		add_named(t, PEER_MOBILE_NODE, set->realm, set->address, &set->nai, set->has_nai);
		return;
	default:
		return;
	}
}

/* An address of its own that a pool must not have. Of those whom the command does not
 * name one is enough: it stays where it is. */
static void add_owner(struct trial *t, const Hearth__Change *change)
{
	const Hearth__Setting *setting = change->setting;
	struct address_range range;
	uint32_t slot = 0;

	if (change->change_case != HEARTH__CHANGE__CHANGE_SETTING || setting->unset ||
	    strncmp(setting->name, POOL_SETTING, strlen(POOL_SETTING)) != 0 ||
	    address_range_parse(setting->value, &range) != HA_OK)
		return;
	while ((slot = owner_next(t->state, &range, slot)) != SLOT_NONE && has_slot(t, slot))
		slot++;
	add_slot(t, slot);
}

static void find_subjects(struct trial *t, const Hearth__Configure *configure)
{
	for (size_t i = 0; i < configure->n_changes; i++)
		add_subject(t, configure->changes[i]);
	for (size_t i = 0; i < configure->n_changes; i++)
		add_owner(t, configure->changes[i]);
}

/* ---- the copy ---- */

static struct state_capacity room_of(const struct trial *t, size_t changes)
{
	const struct state *state = t->state;
	struct state_capacity room = { .peers = (uint32_t)(t->count + changes),
		                       .associations = (uint32_t)changes };

	for (size_t i = 0; i < t->count; i++)
		for (uint32_t at = state->peers[t->slots[i]].associations; at != SLOT_NONE;
		     at = state->associations[at].next)
			room.associations++;
	return room;
}

/* In their order, with the peer's lock held. */
static uint32_t copy_associations(const struct trial *t, uint32_t first)
{
	struct state *copy = t->copy;
	uint32_t head = SLOT_NONE, *link = &head;

	for (uint32_t at = first; at != SLOT_NONE; at = t->state->associations[at].next) {
		uint32_t to = copy->association_pool.fresh++;

		copy->associations[to] = t->state->associations[at];
		*link = to;
		link = &copy->associations[to].next;
	}
	*link = SLOT_NONE;
	return head;
}

/* Without an address that a pool lent it. */
static void copy_peer(const struct trial *t, uint32_t from)
{
	uint32_t slot = t->copy->peer_pool.fresh++;
	struct peer *peer = &t->copy->peers[slot];

	peer_lock(t->state, from);
	*peer = t->state->peers[from];
	peer->associations = copy_associations(t, peer->associations);
	peer_unlock(t->state, from);
	peer->bindings = SLOT_NONE;
	peer->binding_count = 0;
	peer->leased = peer->sticky = peer->dirty = peer->lost = peer->in_flight = false;
	if (peer->pool != LABEL_NONE)
		peer->address.s_addr = 0;
	if (peer->address.s_addr)
		peer_index_insert(
			&t->copy->index,
			peer_index_hash(&t->copy->index, peer->kind, peer->realm, peer->address),
			slot);
	name_insert(t->copy, slot);
}

/* No address of a pool is taken: nobody has one here. Network threads reserve some
 * meanwhile. */
static void copy_pools(struct state *state, struct state *copy)
{
	pthread_mutex_lock(&state->pools_lock);
	copy->pools = state->pools;
	pthread_mutex_unlock(&state->pools_lock);
	for (unsigned i = 0; i < POOLS_MAX; i++) {
		copy->pools.pools[i].bits = NULL;
		copy->pools.pools[i].taken = 0;
	}
}

static void copy_labels(const struct labels *labels, struct labels *copy)
{
	unsigned count = labels->count;

	memcpy(copy->names, labels->names, sizeof(copy->names));
	for (unsigned i = 0; i < count; i++)
		copy->users[i] = labels->users[i];
	copy->count = count;
}

static void copy_seals(const struct state *state, struct state *copy)
{
	for (size_t i = 0; i < SEALED_KEYS_MAX; i++) {
		copy->sealed_keys[i].id = state->sealed_keys[i].id;
		copy->sealed_keys[i].associations = state->sealed_keys[i].associations;
		copy->sealed_keys[i].secrets = state->sealed_keys[i].secrets;
	}
}

static void copy_whole(struct state *state, struct state *copy)
{
	copy->capacity = state->capacity;
	copy->next_id = state->next_id;
	copy->configured = state->configured;
	copy->mobile_nodes = state->mobile_nodes;
	copy->foreign_agents = state->foreign_agents;
	copy->association_count = state->association_count;
	copy->committed = state->committed;
	copy->setting_count = state->setting_count;
	memcpy(copy->settings, state->settings, state->setting_count * sizeof(*state->settings));
	copy_pools(state, copy);
	copy_labels(&state->policies, &copy->policies);
	copy_seals(state, copy);
}

static enum ha_error copy_state(struct trial *t, size_t changes)
{
	const struct state_capacity room = room_of(t, changes);
	enum ha_error error;

	/* A change writes one setting at most. */
	t->copy = state_new_trial(&room, t->state->ring, t->state->setting_count + changes, &error);
	if (!t->copy)
		return error;
	copy_whole(t->state, t->copy);
	for (size_t i = 0; i < t->count; i++)
		copy_peer(t, t->slots[i]);
	return HA_OK;
}

enum ha_error trial_new(struct state *state, const Hearth__Configure *configure, struct state **out)
{
	struct trial t = { .state = state };
	enum ha_error error = HA_E_NOMEM;

	t.slots = calloc(3 * configure->n_changes + 1, sizeof(*t.slots));
	if (t.slots) {
		find_subjects(&t, configure);
		error = copy_state(&t, configure->n_changes);
	}
	free(t.slots);
	*out = t.copy;
	return error;
}
