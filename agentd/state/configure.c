/* configure.c - apply a configuration, change by change, and note which rows of
 * the store follow from it. */
#include "agentd/state/internal.h"

#include "proto/cluster.pb-c.h"

static struct in_addr address_of(uint32_t number)
{
	return (struct in_addr){ htonl(number) };
}

static struct span span_of(const struct row_octets *octets)
{
	return (struct span){ octets->at, octets->size };
}

static void note_peer(struct row_log *rows, enum row_operation operation,
                      const struct peer_row *row)
{
	struct row_octets key, value = { 0 };

	peer_row_key(row, &key);
	if (operation == ROW_PUT)
		peer_row_value(row, &value);
	row_log_append(rows, operation, ROW_PEER, span_of(&key), span_of(&value));
}

static void note_association(struct row_log *rows, enum row_operation operation,
                             const struct association_row *row)
{
	struct row_octets key, value = { 0 };

	association_row_key(row, &key);
	if (operation == ROW_PUT)
		association_row_value(row, &value);
	row_log_append(rows, operation, ROW_ASSOCIATION, span_of(&key), span_of(&value));
	mip_wipe(&value, sizeof(value));
}

static enum ha_error check_add(const Hearth__AddAssociation *add)
{
	if ((add->kind != HEARTH__PEER_KIND__MOBILE_NODE &&
	     add->kind != HEARTH__PEER_KIND__FOREIGN_AGENT) ||
	    add->bindings > BINDING_LIMIT_MAX || add->spi < MIP_SPI_MIN ||
	    add->key.len > MIP_KEY_SIZE_MAX || add->tolerance_s > UINT16_MAX || add->address == 0)
		return HA_E_RANGE;
	if (add->algorithm > UINT8_MAX) /* would become another one when cut to its octet */
		return HA_E_UNSUPPORTED;
	return HA_OK;
}

static enum ha_error make_peer(struct state *state, uint64_t index,
                               const Hearth__AddAssociation *add, struct row_log *rows,
                               uint32_t *slot)
{
	struct peer_row row = {
		.kind = (enum peer_kind)add->kind,
		.realm = add->realm,
		.address = address_of(add->address),
		.id = state->next_id,
		.created = index,
	};
	enum ha_error error;

	if (row.kind == PEER_MOBILE_NODE)
		row.bindings = add->bindings ? (uint8_t)add->bindings : 1;
	error = peer_add(state, &row, slot);
	if (error == HA_OK)
		note_peer(rows, ROW_PUT, &row);
	return error;
}

static void forget_peer(struct state *state, uint32_t slot, struct row_log *rows)
{
	const struct peer *peer = &state->peers[slot];
	struct peer_row row = {
		.kind = peer->kind,
		.realm = peer->realm,
		.address = peer->address,
	};
	struct replay_row replay = { .peer = peer->id };
	struct row_octets key;

	note_peer(rows, ROW_DELETE, &row);
	replay_row_key(&replay, &key); /* which is also how its associations' keys begin */
	row_log_append(rows, ROW_DELETE, ROW_REPLAY, span_of(&key), (struct span){ 0 });
	row_log_append(rows, ROW_CLEAR, ROW_ASSOCIATION, span_of(&key), (struct span){ 0 });
	if (peer->kind == PEER_MOBILE_NODE) {
		binding_row_prefix(peer->realm, peer->address, &key);
		row_log_append(rows, ROW_CLEAR, ROW_BINDING, span_of(&key), (struct span){ 0 });
	}
	peer_remove(state, slot);
}

static enum ha_error put_association(struct state *state, uint64_t index, uint32_t slot,
                                     const Hearth__AddAssociation *add, struct row_log *rows)
{
	struct association_row row = {
		.peer = state->peers[slot].id,
		.spi = add->spi,
		.algorithm = (uint8_t)add->algorithm,
		.tolerance_s = (uint16_t)add->tolerance_s,
		.key_size = (uint8_t)add->key.len,
		.created = index,
	};
	enum ha_error error;

	if (add->key.len)
		memcpy(row.key, add->key.data, add->key.len);
	error = association_add(state, slot, &row);
	if (error == HA_OK)
		note_association(rows, ROW_PUT, &row);
	mip_wipe(&row, sizeof(row));
	return error;
}

/* Room that a change needs, beyond what is used. */
struct need {
	uint32_t peers;
	uint32_t associations;
	uint32_t bindings;
};

static bool has_room(const struct state *state, const struct state_capacity *capacity,
                     const struct need *need)
{
	int64_t peers = (int64_t)state->mobile_nodes + state->foreign_agents + need->peers;
	int64_t associations = (int64_t)state->association_count + need->associations;
	int64_t bindings = (int64_t)state->committed + need->bindings;

	return peers <= capacity->peers && associations <= capacity->associations &&
	       bindings <= capacity->bindings;
}

/* The room of who put it in order decides, so that all decide alike. */
static enum ha_error check_room(struct state *state, const struct state_capacity *allowed,
                                const struct need *need)
{
	if (!has_room(state, allowed, need))
		return HA_E_CAPACITY;
	if (!has_room(state, &state->capacity, need))
		state->too_small = true;
	return state->too_small ? HA_E_CAPACITY : HA_OK;
}

static struct need need_of(struct state *state, uint32_t slot, const Hearth__AddAssociation *add)
{
	struct need need = { 0 };
	const struct peer *peer = slot == SLOT_NONE ? NULL : &state->peers[slot];

	need.peers = !peer;
	need.associations = !peer || association_find(state, peer, add->spi) == SLOT_NONE;
	if (add->kind == HEARTH__PEER_KIND__MOBILE_NODE && !peer)
		need.bindings = add->bindings ? add->bindings : 1;
	return need;
}

/* A limit cannot change under bindings: rows of bindings and of peers are not
 * of one index after a crash. Removing and adding the peer does it. */
static bool has_other_limit(const struct peer *peer, const Hearth__AddAssociation *add)
{
	return peer->kind == PEER_MOBILE_NODE && add->set_bindings && add->bindings != peer->limit;
}

static enum ha_error apply_add(struct state *state, uint64_t index,
                               const struct state_capacity *allowed,
                               const Hearth__AddAssociation *add, struct row_log *rows)
{
	enum ha_error error = check_add(add);
	struct need need;
	uint32_t slot;

	if (error != HA_OK)
		return error;
	slot = peer_find(state, (enum peer_kind)add->kind, add->realm, address_of(add->address));
	need = need_of(state, slot, add);
	if (!need.associations && !add->replace)
		return HA_E_EXISTS;
	if (slot != SLOT_NONE && has_other_limit(&state->peers[slot], add))
		return HA_E_OTHER_LIMIT;
	error = check_room(state, allowed, &need);
	if (error == HA_OK && need.peers)
		error = make_peer(state, index, add, rows, &slot);
	if (error != HA_OK)
		return error;
	error = put_association(state, index, slot, add, rows);
	if (error != HA_OK && need.peers)
		forget_peer(state, slot, rows); /* never a peer that nobody can be */
	return error;
}

static enum ha_error apply_remove(struct state *state, const Hearth__RemoveAssociation *remove,
                                  struct row_log *rows)
{
	uint32_t slot = peer_find(state, (enum peer_kind)remove->kind, remove->realm,
	                          address_of(remove->address));
	struct association_row row = { .spi = remove->spi };

	if (slot == SLOT_NONE)
		return HA_E_NOTFOUND;
	if (!remove->has_spi) {
		forget_peer(state, slot, rows);
		return HA_OK;
	}
	if (association_find(state, &state->peers[slot], remove->spi) == SLOT_NONE)
		return HA_E_NOTFOUND;
	row.peer = state->peers[slot].id;
	association_remove(state, slot, remove->spi);
	note_association(rows, ROW_DELETE, &row);
	if (state->peers[slot].associations == SLOT_NONE)
		forget_peer(state, slot, rows);
	return HA_OK;
}

static enum ha_error apply_setting(struct state *state, const Hearth__Setting *setting,
                                   struct row_log *rows)
{
	enum ha_error error = setting_put(state, setting->name, setting->value);

	if (error == HA_OK)
		row_log_append(
			rows, ROW_PUT, ROW_SETTING,
			(struct span){ (const uint8_t *)setting->name, strlen(setting->name) },
			(struct span){ (const uint8_t *)setting->value, strlen(setting->value) });
	return error;
}

static enum ha_error apply_change(struct state *state, uint64_t index,
                                  const struct state_capacity *allowed,
                                  const Hearth__Change *change, struct row_log *rows)
{
	switch (change->change_case) {
	case HEARTH__CHANGE__CHANGE_ADD_ASSOCIATION:
		return apply_add(state, index, allowed, change->add_association, rows);
	case HEARTH__CHANGE__CHANGE_REMOVE_ASSOCIATION:
		return apply_remove(state, change->remove_association, rows);
	case HEARTH__CHANGE__CHANGE_SETTING:
		return apply_setting(state, change->setting, rows);
	default:
		return HA_E_UNSUPPORTED;
	}
}

static struct state_capacity allowed_by(const struct state *state,
                                        const struct Hearth__Configure *configure)
{
	if (!configure->has_peers)
		return state->capacity;
	return (struct state_capacity){ configure->peers, configure->associations,
		                        configure->bindings };
}

enum ha_error configure_apply(struct state *state, uint64_t index,
                              const struct Hearth__Configure *configure, struct state_outcome *out)
{
	struct state_capacity allowed = allowed_by(state, configure);

	if (index <= state->configured)
		return HA_OK; /* the store had it when it was loaded */
	out->results = calloc(configure->n_changes + 1, sizeof(*out->results));
	if (!out->results)
		return HA_E_NOMEM;
	out->result_count = configure->n_changes;
	for (size_t i = 0; i < configure->n_changes; i++)
		out->results[i] = apply_change(state, index, &allowed, configure->changes[i],
		                               &out->rows);
	out->next_id = state->next_id;
	return state->too_small ? HA_E_CAPACITY : out->rows.error;
}
