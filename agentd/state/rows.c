/* rows.c - keys and values of the store's rows, field by field. A value begins
 * with the format of its row; fields are only ever appended, under a new one. */
#include "agentd/state/row_format.h"

#include <string.h>

#include "agentd/base/address.h"

/* A short text, by its length. */
static void put_text(struct writer *w, const char *text)
{
	put_u8(w, (uint8_t)strlen(text));
	put_octets(w, text, strlen(text));
}

static void get_text(struct reader *in, char *out, size_t size)
{
	size_t length = get_u8(in);

	if (length >= size)
		reader_fail(in, HA_E_MALFORMED);
	if (in->error != HA_OK)
		length = 0;
	get_octets(in, out, length);
	out[length] = '\0';
	if (strlen(out) != length)
		reader_fail(in, HA_E_MALFORMED);
}

#define FAMILY_NAME 1u /* the tag of a key by name; addresses have FAMILY_IPV4 */

void peer_row_key_of_address(uint8_t kind, uint32_t realm, struct in_addr address,
                             struct row_octets *out)
{
	struct writer w = writer_over(out->at, sizeof(out->at));

	put_u8(&w, kind);
	put_u32(&w, realm);
	put_u8(&w, FAMILY_IPV4);
	put_address(&w, address);
	row_finish(out, &w);
}

void peer_row_key_of_name(uint8_t kind, uint32_t realm, const struct name_digest *name,
                          struct row_octets *out)
{
	struct writer w = writer_over(out->at, sizeof(out->at));

	put_u8(&w, kind);
	put_u32(&w, realm);
	put_u8(&w, FAMILY_NAME);
	put_octets(&w, name->octets, sizeof(name->octets));
	row_finish(out, &w);
}

void peer_row_key(const struct peer_row *row, struct row_octets *out)
{
	struct name_digest name = name_digest_of(
		row->realm, (struct span){ (const uint8_t *)row->nai, strlen(row->nai) });

	if (row->address.s_addr || !row->nai[0])
		peer_row_key_of_address((uint8_t)row->kind, row->realm, row->address, out);
	else
		peer_row_key_of_name((uint8_t)row->kind, row->realm, &name, out);
}

void peer_row_value(const struct peer_row *row, struct row_octets *out)
{
	struct writer w = row_begin(out);

	put_u64(&w, row->id);
	put_u8(&w, row->bindings);
	put_u64(&w, row->created);
	put_u32(&w, row->group);
	put_text(&w, row->nai);
	put_text(&w, row->pool);
	row_finish(out, &w);
}

static bool is_peer_kind(uint8_t kind)
{
	return kind == PEER_MOBILE_NODE || kind == PEER_FOREIGN_AGENT;
}

static void get_peer_value(struct row_reader *in, struct peer_row *out)
{
	out->id = get_u64(&in->value);
	out->bindings = get_u8(&in->value);
	out->created = get_u64(&in->value);
	out->group = get_u32(&in->value);
	if (in->format > 1) {
		get_text(&in->value, out->nai, sizeof(out->nai));
		get_text(&in->value, out->pool, sizeof(out->pool));
	}
	if (out->bindings > BINDING_LIMIT_MAX)
		reader_fail(&in->value, HA_E_MALFORMED);
}

static void get_peer_key(struct reader *in, struct peer_key *out)
{
	uint8_t kind = get_u8(in), family;

	*out = (struct peer_key){ .kind = kind, .realm = get_u32(in) };
	family = get_u8(in);
	out->by_name = family == FAMILY_NAME;
	if (!is_peer_kind(kind) || (family != FAMILY_IPV4 && family != FAMILY_NAME))
		reader_fail(in, HA_E_MALFORMED);
	else if (out->by_name)
		get_octets(in, out->name.octets, sizeof(out->name.octets));
	else
		out->address = get_address(in);
}

enum ha_error peer_row_key_decode(struct span key, struct peer_key *out)
{
	struct reader in = reader_over(key.at, key.size);

	get_peer_key(&in, out);
	return reader_finish(&in);
}

/* The key says which name it stands for only by its digest. */
static bool is_name_of(const struct peer_key *key, const struct peer_row *row)
{
	struct name_digest name = name_digest_of(
		row->realm, (struct span){ (const uint8_t *)row->nai, strlen(row->nai) });

	return row->nai[0] && name_digest_equal(&name, &key->name);
}

/* A name and a pool, or an address; a foreign agent has nothing but that. */
static bool is_identity(const struct peer_key *key, const struct peer_row *row)
{
	if (key->by_name)
		return row->kind == PEER_MOBILE_NODE && row->pool[0] && is_name_of(key, row);
	return row->address.s_addr && !row->pool[0] &&
	       (row->kind == PEER_MOBILE_NODE || !row->nai[0]);
}

enum ha_error peer_row_decode(struct span key, struct span value, struct peer_row *out)
{
	enum ha_error error;
	struct row_reader in = row_reader_of(key, value);
	struct peer_key said;

	get_peer_key(&in.key, &said);
	*out = (struct peer_row){
		.kind = said.kind,
		.realm = said.realm,
		.address = said.address,
	};
	get_peer_value(&in, out);
	if (in.value.error == HA_OK && !is_identity(&said, out))
		reader_fail(&in.key, HA_E_MALFORMED);
	error = row_reader_finish(&in);
	if (error != HA_OK)
		*out = (struct peer_row){ 0 };
	return error;
}

void node_row_key(const struct node_row *row, struct row_octets *out)
{
	struct writer w = writer_over(out->at, sizeof(out->at));

	put_u64(&w, row->peer);
	row_finish(out, &w);
}

void node_row_value(const struct node_row *row, struct row_octets *out)
{
	struct writer w = row_begin(out);

	put_u8(&w, row->bindings);
	put_u8(&w, row->reserved);
	put_text(&w, row->policy);
	row_finish(out, &w);
}

enum ha_error node_row_decode(struct span key, struct span value, struct node_row *out)
{
	enum ha_error error;
	struct row_reader in = row_reader_of(key, value);

	*out = (struct node_row){ .peer = get_u64(&in.key) };
	out->bindings = get_u8(&in.value);
	out->reserved = get_u8(&in.value);
	get_text(&in.value, out->policy, sizeof(out->policy));
	if (out->reserved > BINDING_LIMIT_MAX || out->bindings > out->reserved || !out->bindings)
		reader_fail(&in.value, HA_E_MALFORMED);
	error = row_reader_finish(&in);
	if (error != HA_OK)
		*out = (struct node_row){ 0 };
	return error;
}

/* The second format of replay and binding rows appends this. */
static void put_replay_more(struct writer *w, const struct replay_state *state)
{
	put_u64(w, state->nonced);
	put_u32(w, state->spi);
	put_u64(w, state->used_ms);
	put_address(w, state->revoked.agent);
	put_address(w, state->revoked.care_of);
	put_u32(w, state->revoked.identifier);
}

static void get_replay_more(struct reader *in, struct replay_state *out)
{
	out->nonced = get_u64(in);
	out->spi = get_u32(in);
	out->used_ms = get_u64(in);
	out->revoked.agent = get_address(in);
	out->revoked.care_of = get_address(in);
	out->revoked.identifier = get_u32(in);
}

/* The third format appends this. Where nothing is counted the second one is
 * written, which programs of before read. */
static uint8_t format_of(const struct service *service)
{
	return service->since_ms || service->served_ms || service->accepted ? ROW_FORMAT_COUNTED
	                                                                    : ROW_FORMAT;
}

static void put_service(struct writer *w, const struct service *service)
{
	if (format_of(service) < ROW_FORMAT_COUNTED)
		return;
	put_u64(w, service->since_ms);
	put_u64(w, service->served_ms);
	put_u32(w, service->accepted);
}

static void get_service(struct row_reader *in, struct service *out)
{
	if (in->format < ROW_FORMAT_COUNTED)
		return;
	out->since_ms = get_u64(&in->value);
	out->served_ms = get_u64(&in->value);
	out->accepted = get_u32(&in->value);
}

/* Of an address of a pool. */
enum lease {
	LEASE_NONE = 0,
	LEASE_RELEASED = 1, /* goes with the last binding */
	LEASE_STICKY = 2,
};

void replay_row_key(const struct replay_row *row, struct row_octets *out)
{
	struct writer w = writer_over(out->at, sizeof(out->at));

	put_u64(&w, row->peer);
	row_finish(out, &w);
}

void replay_row_value(const struct replay_row *row, struct row_octets *out)
{
	struct writer w = row_begin_format(out, format_of(&row->service));

	put_u64(&w, row->state.identification);
	put_u64(&w, row->state.digest);
	put_u64(&w, row->version);
	put_replay_more(&w, &row->state);
	put_address(&w, row->home);
	put_u8(&w, !row->leased ? LEASE_NONE : row->sticky ? LEASE_STICKY : LEASE_RELEASED);
	put_service(&w, &row->service);
	row_finish(out, &w);
}

enum ha_error replay_row_decode(struct span key, struct span value, struct replay_row *out)
{
	enum ha_error error;
	struct row_reader in = row_reader_of_format(key, value, ROW_FORMAT_COUNTED);
	uint8_t lease;

	*out = (struct replay_row){ .peer = get_u64(&in.key) };
	out->state.identification = get_u64(&in.value);
	out->state.digest = get_u64(&in.value);
	out->version = get_u64(&in.value);
	if (in.format > 1) {
		get_replay_more(&in.value, &out->state);
		out->home = get_address(&in.value);
		lease = get_u8(&in.value);
		if (lease > LEASE_STICKY)
			reader_fail(&in.value, HA_E_MALFORMED);
		out->leased = lease != LEASE_NONE;
		out->sticky = lease == LEASE_STICKY;
	}
	get_service(&in, &out->service);
	error = row_reader_finish(&in);
	if (error != HA_OK)
		*out = (struct replay_row){ 0 };
	return error;
}

void binding_row_prefix(uint32_t realm, struct in_addr home, struct row_octets *out)
{
	struct writer w = writer_over(out->at, sizeof(out->at));

	put_u32(&w, realm);
	put_u8(&w, FAMILY_IPV4);
	put_address(&w, home);
	row_finish(out, &w);
}

void binding_row_key(const struct binding_row *row, struct row_octets *out)
{
	struct writer w = writer_over(out->at, sizeof(out->at));

	put_u32(&w, row->realm);
	put_u8(&w, FAMILY_IPV4);
	put_address(&w, row->home);
	put_address(&w, row->binding.care_of);
	put_address(&w, row->binding.endpoint);
	put_u16(&w, row->binding.endpoint_port);
	row_finish(out, &w);
}

#define PREFIXES_NONE 0u /* of a mobile network: their place is reserved */

void binding_row_value(const struct binding_row *row, struct row_octets *out)
{
	const struct binding *b = &row->binding;
	struct writer w = row_begin_format(out, format_of(&row->service));

	put_u64(&w, b->identification);
	put_u8(&w, b->flags);
	put_u8(&w, b->encapsulation);
	put_u16(&w, b->granted_s);
	put_u64(&w, b->granted_ms);
	put_u64(&w, b->expires_ms);
	put_address(&w, b->source);
	put_u16(&w, b->source_port);
	put_u64(&w, row->node);
	put_u64(&w, row->replay.identification);
	put_u64(&w, row->replay.digest);
	put_u64(&w, row->version);
	put_u32(&w, row->group);
	put_replay_more(&w, &row->replay);
	put_u16(&w, b->features);
	put_u16(&w, b->keepalive_s);
	put_u32(&w, b->agent_stamp);
	put_u8(&w, PREFIXES_NONE);
	put_service(&w, &row->service);
	row_finish(out, &w);
}

static void get_binding_key(struct reader *in, struct binding_row *out)
{
	out->realm = get_u32(in);
	if (get_u8(in) != FAMILY_IPV4)
		reader_fail(in, HA_E_MALFORMED);
	out->home = get_address(in);
	out->binding.care_of = get_address(in);
	out->binding.endpoint = get_address(in);
	out->binding.endpoint_port = get_u16(in);
}

static void get_binding_value(struct row_reader *in, struct binding_row *out)
{
	struct binding *b = &out->binding;
	struct reader *v = &in->value;

	b->identification = get_u64(v);
	b->flags = get_u8(v);
	b->encapsulation = get_u8(v);
	b->granted_s = get_u16(v);
	b->granted_ms = get_u64(v);
	b->expires_ms = get_u64(v);
	b->source = get_address(v);
	b->source_port = get_u16(v);
	out->node = get_u64(v);
	out->replay.identification = get_u64(v);
	out->replay.digest = get_u64(v);
	out->version = get_u64(v);
	out->group = get_u32(v);
	if (in->format == 1)
		return;
	get_replay_more(v, &out->replay);
	b->features = get_u16(v);
	b->keepalive_s = get_u16(v);
	b->agent_stamp = get_u32(v);
	if (get_u8(v) != PREFIXES_NONE)
		reader_fail(v, HA_E_NEWER);
	get_service(in, &out->service);
}

enum ha_error binding_row_decode(struct span key, struct span value, struct binding_row *out)
{
	enum ha_error error;
	struct row_reader in = row_reader_of_format(key, value, ROW_FORMAT_COUNTED);

	*out = (struct binding_row){ 0 };
	get_binding_key(&in.key, out);
	get_binding_value(&in, out);
	error = row_reader_finish(&in);
	if (error != HA_OK)
		*out = (struct binding_row){ 0 };
	return error;
}
