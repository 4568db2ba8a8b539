/* rows.c - keys and values of the store's rows, field by field. A value begins
 * with the format of its row; fields are only ever appended, under a new one. */
#include "agentd/state/rows.h"

#include "agentd/base/address.h"

#define ROW_FORMAT 1u

static struct writer begin_value(struct row_octets *out)
{
	struct writer w = writer_over(out->at, sizeof(out->at));

	put_u8(&w, ROW_FORMAT);
	return w;
}

/* Rows are far smaller than ROW_VALUE_MAX: the writer cannot have failed. */
static void finish(struct row_octets *out, const struct writer *w)
{
	out->size = writer_used(w);
}

static struct reader begin_decode(struct span value, enum ha_error *error)
{
	struct reader in = reader_over(value.at, value.size);
	uint8_t format = get_u8(&in);

	if (in.error == HA_OK && format > ROW_FORMAT)
		reader_fail(&in, HA_E_NEWER);
	if (in.error == HA_OK && format == 0)
		reader_fail(&in, HA_E_MALFORMED);
	*error = in.error;
	return in;
}

static enum ha_error finish_decode(struct reader *key, struct reader *value)
{
	enum ha_error error = reader_finish(key);

	return error == HA_OK ? reader_finish(value) : error;
}

void peer_row_key(const struct peer_row *row, struct row_octets *out)
{
	struct writer w = writer_over(out->at, sizeof(out->at));

	put_u8(&w, (uint8_t)row->kind);
	put_u32(&w, row->realm);
	put_u8(&w, FAMILY_IPV4);
	put_address(&w, row->address);
	finish(out, &w);
}

void peer_row_value(const struct peer_row *row, struct row_octets *out)
{
	struct writer w = begin_value(out);

	put_u64(&w, row->id);
	put_u8(&w, row->bindings);
	put_u64(&w, row->created);
	put_u32(&w, row->group);
	finish(out, &w);
}

static bool is_peer_kind(uint8_t kind)
{
	return kind == PEER_MOBILE_NODE || kind == PEER_FOREIGN_AGENT;
}

enum ha_error peer_row_decode(struct span key, struct span value, struct peer_row *out)
{
	enum ha_error error;
	struct reader k = reader_over(key.at, key.size);
	struct reader v = begin_decode(value, &error);
	uint8_t kind = get_u8(&k);

	*out = (struct peer_row){ .kind = kind };
	out->realm = get_u32(&k);
	if (get_u8(&k) != FAMILY_IPV4 || !is_peer_kind(kind))
		reader_fail(&k, HA_E_MALFORMED);
	out->address = get_address(&k);
	out->id = get_u64(&v);
	out->bindings = get_u8(&v);
	out->created = get_u64(&v);
	out->group = get_u32(&v);
	if (out->bindings > BINDING_LIMIT_MAX)
		reader_fail(&v, HA_E_MALFORMED);
	error = finish_decode(&k, &v);
	if (error != HA_OK)
		*out = (struct peer_row){ 0 };
	return error;
}

void association_row_key(const struct association_row *row, struct row_octets *out)
{
	struct writer w = writer_over(out->at, sizeof(out->at));

	put_u64(&w, row->peer);
	put_u32(&w, row->spi);
	finish(out, &w);
}

void association_row_value(const struct association_row *row, struct row_octets *out)
{
	struct writer w = begin_value(out);

	put_u8(&w, row->algorithm);
	put_u16(&w, row->tolerance_s);
	put_u64(&w, row->created);
	put_u8(&w, row->key_size);
	put_octets(&w, row->key, row->key_size);
	finish(out, &w);
}

enum ha_error association_row_decode(struct span key, struct span value,
                                     struct association_row *out)
{
	enum ha_error error;
	struct reader k = reader_over(key.at, key.size);
	struct reader v = begin_decode(value, &error);

	*out = (struct association_row){ 0 };
	out->peer = get_u64(&k);
	out->spi = get_u32(&k);
	out->algorithm = get_u8(&v);
	out->tolerance_s = get_u16(&v);
	out->created = get_u64(&v);
	out->key_size = get_u8(&v);
	if (out->key_size > sizeof(out->key))
		reader_fail(&v, HA_E_MALFORMED);
	else
		get_octets(&v, out->key, out->key_size);
	error = finish_decode(&k, &v);
	if (error != HA_OK)
		*out = (struct association_row){ 0 };
	return error;
}

void replay_row_key(const struct replay_row *row, struct row_octets *out)
{
	struct writer w = writer_over(out->at, sizeof(out->at));

	put_u64(&w, row->peer);
	finish(out, &w);
}

void replay_row_value(const struct replay_row *row, struct row_octets *out)
{
	struct writer w = begin_value(out);

	put_u64(&w, row->identification);
	put_u64(&w, row->digest);
	put_u64(&w, row->version);
	finish(out, &w);
}

enum ha_error replay_row_decode(struct span key, struct span value, struct replay_row *out)
{
	enum ha_error error;
	struct reader k = reader_over(key.at, key.size);
	struct reader v = begin_decode(value, &error);

	*out = (struct replay_row){ 0 };
	out->peer = get_u64(&k);
	out->identification = get_u64(&v);
	out->digest = get_u64(&v);
	out->version = get_u64(&v);
	error = finish_decode(&k, &v);
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
	finish(out, &w);
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
	finish(out, &w);
}

void binding_row_value(const struct binding_row *row, struct row_octets *out)
{
	const struct binding *b = &row->binding;
	struct writer w = begin_value(out);

	put_u64(&w, b->identification);
	put_u8(&w, b->flags);
	put_u8(&w, b->encapsulation);
	put_u16(&w, b->granted_s);
	put_u64(&w, b->granted_ms);
	put_u64(&w, b->expires_ms);
	put_address(&w, b->source);
	put_u16(&w, b->source_port);
	put_u64(&w, row->node);
	put_u64(&w, row->replay);
	put_u64(&w, row->digest);
	put_u64(&w, row->version);
	put_u32(&w, row->group);
	finish(out, &w);
}

enum ha_error binding_row_decode(struct span key, struct span value, struct binding_row *out)
{
	enum ha_error error;
	struct reader k = reader_over(key.at, key.size);
	struct reader v = begin_decode(value, &error);
	struct binding *b = &out->binding;

	*out = (struct binding_row){ .realm = get_u32(&k) };
	if (get_u8(&k) != FAMILY_IPV4)
		reader_fail(&k, HA_E_MALFORMED);
	out->home = get_address(&k);
	b->care_of = get_address(&k);
	b->endpoint = get_address(&k);
	b->endpoint_port = get_u16(&k);
	b->identification = get_u64(&v);
	b->flags = get_u8(&v);
	b->encapsulation = get_u8(&v);
	b->granted_s = get_u16(&v);
	b->granted_ms = get_u64(&v);
	b->expires_ms = get_u64(&v);
	b->source = get_address(&v);
	b->source_port = get_u16(&v);
	out->node = get_u64(&v);
	out->replay = get_u64(&v);
	out->digest = get_u64(&v);
	out->version = get_u64(&v);
	out->group = get_u32(&v);
	error = finish_decode(&k, &v);
	if (error != HA_OK)
		*out = (struct binding_row){ 0 };
	return error;
}
