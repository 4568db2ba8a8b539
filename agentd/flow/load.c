/* load.c - the store's rows into the tables of the state, at start. */
#include "agentd/flow/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agentd/base/arena.h"
#include "agentd/flow/keys.h"

#define BATCH 16384u /* associations */

static const struct store_bytes start = { "", 0 };

static struct span span_of(struct store_bytes bytes)
{
	return (struct span){ bytes.at, bytes.size };
}

static enum ha_error load_peer(struct state *state, const struct store_row *row)
{
	struct peer_row peer;
	enum ha_error error = peer_row_decode(span_of(row->key), span_of(row->value), &peer);

	return error == HA_OK ? state_load_peer(state, &peer) : error;
}

static enum ha_error load_node(struct state *state, const struct store_row *row)
{
	struct node_row node;
	enum ha_error error = node_row_decode(span_of(row->key), span_of(row->value), &node);

	return error == HA_OK ? state_load_node(state, &node) : error;
}

static enum ha_error load_replay(struct state *state, const struct store_row *row)
{
	struct replay_row replay;
	enum ha_error error = replay_row_decode(span_of(row->key), span_of(row->value), &replay);

	return error == HA_OK ? state_load_replay(state, &replay) : error;
}

static enum ha_error load_binding(struct state *state, const struct store_row *row)
{
	struct binding_row binding;
	enum ha_error error = binding_row_decode(span_of(row->key), span_of(row->value), &binding);

	return error == HA_OK ? state_load_binding(state, &binding) : error;
}

static enum ha_error load_secret(struct state *state, const struct store_row *row)
{
	char name[STORE_KEY_MAX + 1];

	if (row->key.size > STORE_KEY_MAX)
		return HA_E_DAMAGED;
	memcpy(name, row->key.at, row->key.size);
	name[row->key.size] = '\0';
	return state_load_secret(state, name, span_of(row->value));
}

static enum ha_error load_setting(struct state *state, const struct store_row *row)
{
	struct span key = span_of(row->key);
	struct setting_row setting;
	enum ha_error error;

	if (key.size >= strlen(SECRET_PREFIX) &&
	    memcmp(key.at, SECRET_PREFIX, strlen(SECRET_PREFIX)) == 0)
		return load_secret(state, row);
	error = setting_row_decode(span_of(row->key), span_of(row->value), &setting);
	return error == HA_OK ? state_load_setting(state, &setting) : error;
}

typedef enum ha_error row_loader(struct state *, const struct store_row *);

static enum ha_error load_each(struct state *state, struct store_reader *reader,
                               enum store_table table, row_loader *load, uint64_t *count)
{
	struct store_row row;
	enum ha_error error = store_seek(reader, table, start, false, &row);

	while (error == HA_OK) {
		error = load(state, &row);
		if (error != HA_OK)
			return error;
		++*count;
		error = store_next(reader, table, &row);
	}
	return error == HA_E_NOTFOUND ? HA_OK : error;
}

/* The next rows, at most BATCH; what ended it otherwise, HA_E_NOTFOUND at the end. */
static enum ha_error read_batch(struct store_reader *reader, struct store_row *row,
                                struct association_row *batch, size_t *count)
{
	enum ha_error error = HA_OK;

	*count = 0;
	while (error == HA_OK && *count < BATCH) {
		error = association_row_decode(span_of(row->key), span_of(row->value),
		                               &batch[*count]);
		if (error == HA_OK) {
			++*count;
			error = store_next(reader, STORE_ASSOCIATIONS, row);
		}
	}
	return error;
}

/* Opening a key takes longer than all else of a start: many at a time. */
static enum ha_error load_associations(struct state *state, struct store_reader *reader,
                                       uint64_t *count)
{
	struct association_row *batch = arena_map(BATCH * sizeof(*batch));
	struct store_row row;
	enum ha_error error = batch ? store_seek(reader, STORE_ASSOCIATIONS, start, false, &row)
	                            : HA_E_NOMEM;

	while (error == HA_OK) {
		size_t read, loaded;
		enum ha_error end = read_batch(reader, &row, batch, &read);

		error = state_load_associations(state, batch, read, &loaded);
		*count += loaded;
		if (error == HA_OK)
			error = end;
	}
	arena_unmap(batch, BATCH * sizeof(*batch));
	return error == HA_E_NOTFOUND ? HA_OK : error;
}

/* In this order: peers name their pools, and all others name their peers. */
static const struct {
	enum store_table table;
	const char *what;
	row_loader *load; /* NULL: load_associations */
} tables[] = {
	{ STORE_SETTINGS, "setting", load_setting },
	{ STORE_PEERS, "peer", load_peer },
	{ STORE_NODES, "node", load_node },
	{ STORE_ASSOCIATIONS, "association", NULL },
	{ STORE_REPLAY, "replay state", load_replay },
	{ STORE_BINDINGS, "binding", load_binding },
};

static void explain_load(struct agent *agent, enum ha_error error, size_t which, uint64_t count,
                         char *report, size_t size)
{
	char row[96];

	snprintf(row, sizeof(row), "%s %" PRIu64 " of the store", tables[which].what, count + 1);
	if (error == HA_E_NO_KEY || error == HA_E_OTHER_KEY)
		keys_explain(agent, error, row, state_unopened_key(agent->state), report, size);
	else if (error == HA_E_CAPACITY)
		snprintf(report, size,
		         "the store holds more than the configured capacity (at %s %" PRIu64
		         "): raise the options of section capacity",
		         tables[which].what, count + 1);
	else
		snprintf(report, size,
		         "%s cannot be used: %s; restore the data directory from a backup", row,
		         ha_strerror(error));
}

enum ha_error load_run(struct agent *agent, struct store_reader *reader, char *report, size_t size)
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		uint64_t count = 0;
		enum ha_error error = tables[i].load
		                              ? load_each(agent->state, reader, tables[i].table,
		                                          tables[i].load, &count)
		                              : load_associations(agent->state, reader, &count);

		if (error != HA_OK) {
			explain_load(agent, error, i, count, report, size);
			return error;
		}
	}
	return HA_OK;
}
