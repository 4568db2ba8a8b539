/* configure.c - make one change of a configuration, and note which rows of the
 * store follow from it. */
#include "agentd/state/configure.h"

static struct in_addr address_of(uint32_t number)
{
	return (struct in_addr){ htonl(number) };
}

static struct span span_of(const struct row_octets *octets)
{
	return (struct span){ octets->at, octets->size };
}

static void note_peer(struct row_log *rows, const struct peer_row *row)
{
	struct row_octets key, value;

	peer_row_key(row, &key);
	peer_row_value(row, &value);
	row_log_append(rows, ROW_PUT, ROW_PEER, span_of(&key), span_of(&value));
}

void association_note(struct row_log *rows, enum row_operation operation,
                      const struct association_row *row)
{
	struct row_octets key, value = { 0 };

	association_row_key(row, &key);
	if (operation == ROW_PUT)
		association_row_value(row, &value);
	row_log_append(rows, operation, ROW_ASSOCIATION, span_of(&key), span_of(&value));
	mip_wipe(&value, sizeof(value));
}

static bool is_spi(const Hearth__AddAssociation *add)
{
	if (add->use == ASSOCIATION_AAA && add->algorithm == MIP_CHAP)
		return add->spi == MIP_SPI_CHAP;
	return add->spi >= MIP_SPI_MIN && add->algorithm != MIP_CHAP;
}

static bool is_label(const char *text)
{
	return !text || strlen(text) < LABEL_MAX;
}

/* A mobile node has an address of its own, or a name and a pool. */
static bool is_identity(const Hearth__AddAssociation *add)
{
	struct span nai = { add->nai.data, add->has_nai ? add->nai.len : 0 };

	if (add->kind == HEARTH__PEER_KIND__FOREIGN_AGENT)
		return add->address && !nai.size && !add->pool && !add->policy;
	if (nai.size && !mip_nai_is_valid(nai))
		return false;
	return (add->address || nai.size) && !(add->address && add->pool);
}

static enum ha_error check_add(const Hearth__AddAssociation *add)
{
	if ((add->kind != HEARTH__PEER_KIND__MOBILE_NODE &&
	     add->kind != HEARTH__PEER_KIND__FOREIGN_AGENT) ||
	    add->bindings > BINDING_LIMIT_MAX || !is_spi(add) ||
	    (add->has_key && add->key.len > MIP_KEY_SIZE_MAX) || add->tolerance_s > UINT16_MAX ||
	    !is_identity(add) || !is_label(add->pool) || !is_label(add->policy) ||
	    add->use > ASSOCIATION_AAA || add->replay > REPLAY_NONCE)
		return HA_E_RANGE;
	if (add->keeps_key && !(add->replace && add->has_sealed && add->created))
		return HA_E_RANGE; /* the key could be another one's by now */
	if (add->use == ASSOCIATION_AAA && add->kind != HEARTH__PEER_KIND__MOBILE_NODE)
		return HA_E_RANGE;
	if (add->algorithm > UINT8_MAX) /* would become another one when cut to its octet */
		return HA_E_UNSUPPORTED;
	return HA_OK;
}

struct identity identity_of(unsigned kind, uint32_t realm, uint32_t address,
                            const ProtobufCBinaryData *nai, bool has_nai)
{
	struct identity identity = {
		.kind = (enum peer_kind)kind,
		.realm = realm,
		.address = address_of(address),
		.nai = { nai->data, has_nai ? nai->len : 0 },
	};

	identity.name = name_digest_of(realm, identity.nai);
	return identity;
}

/* Who has an address of a pool is no matter of configuration: a log that is
 * replayed meets other leases (lease.c). */
static uint32_t find_owner(struct state *state, const struct identity *identity)
{
	uint32_t slot = peer_find(state, identity->kind, identity->realm, identity->address);

	return slot == SLOT_NONE || state->peers[slot].pool == LABEL_NONE ? slot : SLOT_NONE;
}

uint32_t identity_find(struct state *state, const struct identity *identity)
{
	if (!identity->nai.size)
		return find_owner(state, identity);
	return identity->kind == PEER_MOBILE_NODE ? name_find(state, &identity->name) : SLOT_NONE;
}

void text_copy(char *out, size_t size, struct span text)
{
	size_t length = text.size < size ? text.size : size - 1;

	if (length)
		memcpy(out, text.at, length);
	out[length] = '\0';
}

struct span text_span(const char *text)
{
	return (struct span){ (const uint8_t *)(text ? text : ""), text ? strlen(text) : 0 };
}

static enum ha_error make_peer(struct state *state, uint64_t index,
                               const Hearth__AddAssociation *add, const struct identity *identity,
                               struct row_log *rows, uint32_t *slot)
{
	struct peer_row row = {
		.kind = identity->kind,
		.realm = add->realm,
		.address = identity->address,
		.id = state->next_id,
		.created = index,
	};
	enum ha_error error;

	if (row.kind == PEER_MOBILE_NODE)
		row.bindings = add->bindings ? (uint8_t)add->bindings : 1;
	text_copy(row.nai, sizeof(row.nai), identity->nai);
	text_copy(row.pool, sizeof(row.pool), text_span(add->pool));
	error = peer_add(state, &row, slot);
	if (error == HA_OK)
		note_peer(rows, &row);
	return error;
}

static void forget_peer(struct state *state, uint32_t slot, struct row_log *rows)
{
	const struct peer *peer = &state->peers[slot];
	struct replay_row replay = { .peer = peer->id };
	struct row_octets key;

	if (peer->pool == LABEL_NONE)
		peer_row_key_of_address(peer->kind, peer->realm, peer->address, &key);
	else
		peer_row_key_of_name(peer->kind, peer->realm, &peer->name, &key);
	row_log_append(rows, ROW_DELETE, ROW_PEER, span_of(&key), (struct span){ 0 });
	replay_row_key(&replay, &key); /* which is also how its associations' keys begin */
	row_log_append(rows, ROW_DELETE, ROW_REPLAY, span_of(&key), (struct span){ 0 });
	row_log_append(rows, ROW_DELETE, ROW_NODE, span_of(&key), (struct span){ 0 });
	row_log_append(rows, ROW_CLEAR, ROW_ASSOCIATION, span_of(&key), (struct span){ 0 });
	if (peer->kind == PEER_MOBILE_NODE && peer->address.s_addr) {
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
		.use = (uint8_t)add->use,
		.replay = (uint8_t)add->replay,
		.created = index,
	};
	enum ha_error error = sealed_of_command(state, slot, add, &row.sealed);

	if (error == HA_OK)
		error = association_add(state, slot, &row);
	if (error == HA_OK)
		association_note(rows, ROW_PUT, &row);
	return error;
}

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
enum ha_error room_check(struct state *state, const struct state_capacity *allowed,
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
	need.associations = !peer || association_find(state, peer, add->spi,
	                                              (enum association_use)add->use) == SLOT_NONE;
	if (add->kind == HEARTH__PEER_KIND__MOBILE_NODE && !peer)
		need.bindings = add->bindings ? add->bindings : 1;
	return need;
}

/* What a line says of a node that is there already must be so. */
static enum ha_error check_known(struct state *state, const struct peer *peer,
                                 const Hearth__AddAssociation *add, const struct identity *identity)
{
	if (peer->kind != PEER_MOBILE_NODE)
		return HA_OK;
	if (add->set_bindings && add->bindings != peer->limit)
		return HA_E_OTHER_LIMIT;
	if (identity->address.s_addr &&
	    (peer->pool != LABEL_NONE || peer->address.s_addr != identity->address.s_addr))
		return HA_E_OTHER_IDENTITY;
	if (add->pool && (peer->pool == LABEL_NONE ||
	                  strcmp(state->pools.pools[peer->pool].name, add->pool) != 0))
		return HA_E_OTHER_IDENTITY;
	if (add->policy && strcmp(policy_name(state, peer->policy), add->policy) != 0)
		return HA_E_OTHER_IDENTITY;
	return HA_OK;
}

static bool is_in_a_pool(const struct state *state, const struct identity *identity)
{
	for (unsigned i = 0; i < POOLS_MAX; i++)
		if (address_pool_has(&state->pools.pools[i], identity->realm, identity->address))
			return true;
	return false;
}

static bool is_pool(const struct state *state, const char *name, uint32_t realm)
{
	unsigned i = address_pool_find(&state->pools, name);

	return i < POOLS_MAX && state->pools.pools[i].range.realm == realm;
}

static enum ha_error check_new(struct state *state, uint64_t index,
                               const Hearth__AddAssociation *add, const struct identity *identity)
{
	if (add->kind == HEARTH__PEER_KIND__MOBILE_NODE && !add->address && !add->pool)
		return HA_E_NOTFOUND; /* a name alone says nothing of a new node */
	if (add->policy && !policy_exists(state, add->policy))
		return HA_E_NO_POLICY;
	if (add->pool && !is_pool(state, add->pool, add->realm))
		return HA_E_NO_POOL;
	if (!add->address)
		return HA_OK;
	if (find_owner(state, identity) != SLOT_NONE)
		return HA_E_OTHER_IDENTITY;
	if (identity->kind != PEER_MOBILE_NODE)
		return HA_OK;
	if (is_in_a_pool(state, identity))
		return HA_E_TAKEN;
	lease_evict(state, identity->realm, identity->address, 0, index);
	return HA_OK;
}

static enum ha_error add_peer(struct state *state, uint64_t index,
                              const Hearth__AddAssociation *add, const struct identity *identity,
                              struct row_log *rows, uint32_t *slot)
{
	enum ha_error error = make_peer(state, index, add, identity, rows, slot);

	if (error != HA_OK)
		return error;
	error = node_set_policy(state, *slot, add->policy, rows);
	if (error != HA_OK)
		forget_peer(state, *slot, rows);
	return error;
}

/* Is what it adds to, or takes the place of, as it was seen? */
static enum ha_error check_seen(struct state *state, uint32_t slot,
                                const Hearth__AddAssociation *add, bool there)
{
	uint32_t at = SLOT_NONE;

	if (there)
		at = association_find(state, &state->peers[slot], add->spi,
		                      (enum association_use)add->use);
	if (there && !add->replace)
		return HA_E_EXISTS;
	if (add->known_peer && slot == SLOT_NONE)
		return HA_E_NOTFOUND;
	if (!add->has_created)
		return HA_OK;
	if (!there)
		return add->created ? HA_E_NOTFOUND : HA_OK;
	return state->associations[at].created == add->created ? HA_OK : HA_E_CONFLICT;
}

static enum ha_error apply_add(struct state *state, uint64_t index,
                               const struct state_capacity *allowed,
                               const Hearth__AddAssociation *add, struct row_log *rows)
{
	enum ha_error error = check_add(add);
	struct identity identity;
	struct need need;
	uint32_t slot;

	if (error != HA_OK)
		return error;
	identity = identity_of(add->kind, add->realm, add->address, &add->nai, add->has_nai);
	slot = identity_find(state, &identity);
	need = need_of(state, slot, add);
	error = check_seen(state, slot, add, !need.associations);
	if (error == HA_OK)
		error = slot == SLOT_NONE ? check_new(state, index, add, &identity)
		                          : check_known(state, &state->peers[slot], add, &identity);
	if (error == HA_OK)
		error = room_check(state, allowed, &need);
	if (error == HA_OK && need.peers)
		error = add_peer(state, index, add, &identity, rows, &slot);
	if (error != HA_OK)
		return error;
	error = put_association(state, index, slot, add, rows);
	if (error != HA_OK && need.peers)
		forget_peer(state, slot, rows); /* never a peer that nobody can be */
	return error;
}

static enum ha_error remove_association(struct state *state, uint32_t slot,
                                        const Hearth__RemoveAssociation *remove,
                                        struct row_log *rows)
{
	enum association_use use = (enum association_use)remove->use;
	const struct peer *peer = &state->peers[slot];
	uint32_t association = association_find(state, peer, remove->spi, use);
	struct association_row row = { .peer = peer->id, .spi = remove->spi, .use = (uint8_t)use };

	if (association == SLOT_NONE)
		return HA_E_NOTFOUND;
	if (remove->has_created && remove->created != state->associations[association].created)
		return HA_E_CONFLICT;
	association_remove(state, slot, remove->spi, use);
	association_note(rows, ROW_DELETE, &row);
	if (peer->associations == SLOT_NONE)
		forget_peer(state, slot, rows);
	return HA_OK;
}

static enum ha_error apply_remove(struct state *state, const Hearth__RemoveAssociation *remove,
                                  struct row_log *rows)
{
	struct identity identity = identity_of(remove->kind, remove->realm, remove->address,
	                                       &remove->nai, remove->has_nai);
	uint32_t slot = identity_find(state, &identity);

	if (slot == SLOT_NONE)
		return HA_E_NOTFOUND;
	if (remove->has_spi)
		return remove_association(state, slot, remove, rows);
	forget_peer(state, slot, rows);
	return HA_OK;
}

static void note_setting(const Hearth__Setting *setting, uint64_t index, struct row_log *rows)
{
	struct setting_row row = { .version = index };
	struct row_octets key, value;

	text_copy(row.name, sizeof(row.name), text_span(setting->name));
	text_copy(row.value, sizeof(row.value), text_span(setting->value));
	setting_row_key(&row, &key);
	setting_row_value(&row, &value);
	if (setting->unset)
		value.size = 0;
	row_log_append(rows, setting->unset ? ROW_DELETE : ROW_PUT, ROW_SETTING, span_of(&key),
	               setting_is_secret(setting->name) && !setting->unset
	                       ? text_span(setting->value)
	                       : span_of(&value));
}

static enum ha_error apply_setting(struct state *state, uint64_t index,
                                   const Hearth__Setting *setting, struct row_log *rows)
{
	enum ha_error error;

	if (setting->has_version && setting->version != state_setting_version(state, setting->name))
		return HA_E_CONFLICT;
	error = setting->unset ? setting_remove(state, setting->name)
	                       : setting_put(state, setting->name, setting->value, index);
	if (error == HA_E_NOMEM)
		rows->error = error; /* others may have room: it must not be skipped */
	if (error == HA_OK)
		note_setting(setting, index, rows);
	return error;
}

enum ha_error change_apply(struct state *state, uint64_t index,
                           const struct state_capacity *allowed, const Hearth__Change *change,
                           struct row_log *rows)
{
	switch (change->change_case) {
	case HEARTH__CHANGE__CHANGE_ADD_ASSOCIATION:
		return apply_add(state, index, allowed, change->add_association, rows);
	case HEARTH__CHANGE__CHANGE_REMOVE_ASSOCIATION:
		return apply_remove(state, change->remove_association, rows);
	case HEARTH__CHANGE__CHANGE_SETTING:
		return apply_setting(state, index, change->setting, rows);
	case HEARTH__CHANGE__CHANGE_SET_NODE:
		return node_apply(state, allowed, change->set_node, rows);
	case HEARTH__CHANGE__CHANGE_RESEAL:
		return apply_reseal(state, change->reseal, rows);
	case HEARTH__CHANGE__CHANGE_SECRET:
		return apply_secret(state, change->secret, rows);
	default:
		return HA_E_UNSUPPORTED;
	}
}
