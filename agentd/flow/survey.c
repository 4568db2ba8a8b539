/* survey.c - one walk over all tables of a store. */
#include "agentd/flow/survey.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agentd/flow/internal.h"
#include "agentd/flow/meta.h"
#include "agentd/state/audit.h"
#include "agentd/state/rows.h"
#include "agentd/state/seal.h"

static void raise_to(uint64_t *number, uint64_t value)
{
	if (value > *number)
		*number = value;
}

static enum ha_error take_meta(struct span key, struct span value, struct survey *out)
{
	(void)key;
	(void)value;
	(void)out;
	return HA_OK; /* the numbers in it are read by name */
}

static enum ha_error take_peer(struct span key, struct span value, struct survey *out)
{
	struct peer_row row;
	enum ha_error error = peer_row_decode(key, value, &row);

	out->mobile_nodes += error == HA_OK && row.kind == PEER_MOBILE_NODE;
	out->foreign_agents += error == HA_OK && row.kind == PEER_FOREIGN_AGENT;
	raise_to(&out->index, row.created);
	return error;
}

static void take_key(uint32_t key, struct survey *out)
{
	for (size_t i = 0; i < out->cluster_key_count; i++)
		if (out->cluster_keys[i] == key)
			return;
	if (key && out->cluster_key_count < SURVEY_KEYS_MAX)
		out->cluster_keys[out->cluster_key_count++] = key;
}

static enum ha_error take_association(struct span key, struct span value, struct survey *out)
{
	struct association_row row;
	enum ha_error error = association_row_decode(key, value, &row);

	raise_to(&out->index, row.created);
	take_key(seal_blob_key(&row.sealed), out);
	mip_wipe(&row, sizeof(row));
	return error;
}

static enum ha_error take_replay(struct span key, struct span value, struct survey *out)
{
	struct replay_row row;
	enum ha_error error = replay_row_decode(key, value, &row);

	raise_to(&out->index, row.version);
	raise_to(&out->time_ms, row.state.used_ms);
	return error;
}

static enum ha_error take_binding(struct span key, struct span value, struct survey *out)
{
	struct binding_row row;
	enum ha_error error = binding_row_decode(key, value, &row);

	raise_to(&out->index, row.version);
	raise_to(&out->time_ms, row.binding.granted_ms);
	return error;
}

static enum ha_error take_node(struct span key, struct span value, struct survey *out)
{
	struct node_row row;

	(void)out;
	return node_row_decode(key, value, &row);
}

static enum ha_error take_setting(struct span key, struct span value, struct survey *out)
{
	static const char secret[] = SECRET_PREFIX; /* not for operators' eyes */
	struct setting_row row;
	size_t size = sizeof(secret) - 1;
	enum ha_error error;

	if (key.size >= size && memcmp(key.at, secret, size) == 0) {
		take_key(keyring_blob_key((struct keyring_octets){ value.at, value.size }), out);
		return HA_OK;
	}
	out->settings++;
	error = setting_row_decode(key, value, &row);
	raise_to(&out->index, row.version);
	return error;
}

static enum ha_error take_audit(struct span key, struct span value, struct survey *out)
{
	struct audit_row row;
	enum ha_error error = audit_row_decode(key, value, &row);

	raise_to(&out->index, row.index);
	return error;
}

static const struct {
	const char *what;
	enum ha_error (*take)(struct span key, struct span value, struct survey *out);
} tables[STORE_TABLE_COUNT] = {
	[STORE_META] = { "note", take_meta },
	[STORE_PEERS] = { "peer", take_peer },
	[STORE_ASSOCIATIONS] = { "association", take_association },
	[STORE_REPLAY] = { "replay state", take_replay },
	[STORE_BINDINGS] = { "binding", take_binding },
	[STORE_SETTINGS] = { "setting", take_setting },
	[STORE_NODES] = { "node", take_node },
	[STORE_AUDIT] = { "change of the audit trail", take_audit },
};

static enum ha_error walk(struct store_reader *reader, enum store_table table, struct survey *out)
{
	struct store_row row;
	enum ha_error error = store_seek(reader, table, (struct store_bytes){ "", 0 }, false, &row);

	while (error == HA_OK) {
		error = tables[table].take((struct span){ row.key.at, row.key.size },
		                           (struct span){ row.value.at, row.value.size }, out);
		if (error != HA_OK)
			return error == HA_E_NEWER ? error : HA_E_DAMAGED;
		out->rows[table]++;
		error = store_next(reader, table, &row);
	}
	return error == HA_E_NOTFOUND ? HA_OK : error;
}

static enum ha_error read_notes(struct store_reader *reader, struct survey *out)
{
	static const char *const indexes[] = { META_APPLIED, META_CONFIGURED };
	uint64_t number;
	enum ha_error error = HA_OK;

	for (size_t i = 0; i < 2 && error == HA_OK; i++) {
		error = meta_get_number(reader, indexes[i], &number);
		raise_to(&out->index, number);
	}
	if (error == HA_OK)
		error = meta_get_number(reader, META_TIME, &number);
	if (error == HA_OK)
		raise_to(&out->time_ms, number);
	return error;
}

enum ha_error survey_store(struct store *store, const char *name, struct survey *out, char *report,
                           size_t size)
{
	struct store_reader reader;
	enum ha_error error = store_read_open(store, &reader);

	*out = (struct survey){ 0 };
	if (error == HA_OK)
		error = read_notes(&reader, out);
	if (error != HA_OK)
		snprintf(report, size, "%s: the store's notes cannot be read: %s", name,
		         ha_strerror(error));
	for (unsigned table = 0; error == HA_OK && table < STORE_TABLE_COUNT; table++) {
		error = walk(&reader, (enum store_table)table, out);
		if (error != HA_OK)
			snprintf(report, size, "%s: %s %" PRIu64 " cannot be read: %s", name,
			         tables[table].what, out->rows[table] + 1, ha_strerror(error));
	}
	store_read_close(&reader);
	return error;
}
