/* upgrade.c - keys that an earlier program left unsealed in the store are sealed
 * before the log is opened. Each transaction is complete in itself: a start
 * that is cut off is done again from where it was. */
#include "agentd/flow/internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "agentd/base/log.h"

#define BATCH 1024u

/* Rows to be written, and where to go on. */
struct upgrade {
	struct agent *agent;
	struct row_octets cursor;
	bool ended;
	size_t count;
	struct row_octets keys[BATCH], values[BATCH];
};

static struct store_bytes bytes_of(const struct row_octets *octets)
{
	return (struct store_bytes){ octets->at, octets->size };
}

static enum ha_error seal_row(struct upgrade *u, const struct store_row *raw)
{
	struct association_row row;
	enum ha_error error = association_row_decode(
		(struct span){ raw->key.at, raw->key.size },
		(struct span){ raw->value.at, raw->value.size }, &row);

	association_row_key(&row, &u->cursor);
	if (error == HA_OK && row.sealed.size == 0) {
		error = state_seal_loaded(u->agent->state, &row);
		u->keys[u->count] = u->cursor;
		association_row_value(&row, &u->values[u->count++]);
	}
	mip_wipe(&row, sizeof(row));
	return error;
}

static enum ha_error collect(struct upgrade *u)
{
	struct store_reader reader;
	struct store_row row;
	enum ha_error error = store_read_open(u->agent->store, &reader);

	u->count = 0;
	if (error == HA_OK)
		error = store_seek(&reader, STORE_ASSOCIATIONS, bytes_of(&u->cursor),
		                   u->cursor.size > 0, &row);
	while (error == HA_OK && u->count < BATCH) {
		error = seal_row(u, &row);
		if (error == HA_OK)
			error = store_next(&reader, STORE_ASSOCIATIONS, &row);
	}
	store_read_close(&reader);
	u->ended = error == HA_E_NOTFOUND;
	return u->ended ? HA_OK : error;
}

static enum ha_error write(struct upgrade *u)
{
	struct store_write w = store_begin(u->agent->store);

	for (size_t i = 0; i < u->count; i++)
		store_put(&w, STORE_ASSOCIATIONS, bytes_of(&u->keys[i]), bytes_of(&u->values[i]));
	return store_commit(&w);
}

static uint32_t unsealed(struct agent *agent)
{
	struct state_sealed sealed[STATE_SEALED_MAX];
	size_t count = state_sealed(agent->state, sealed);

	for (size_t i = 0; i < count; i++)
		if (sealed[i].key == 0)
			return sealed[i].associations;
	return 0;
}

enum ha_error upgrade_run(struct agent *agent, char *report, size_t size)
{
	uint32_t count = unsealed(agent);
	struct upgrade *u = count ? calloc(1, sizeof(*u)) : NULL;
	enum ha_error error = u ? HA_OK : HA_E_NOMEM;

	if (count == 0)
		return HA_OK;
	if (u)
		u->agent = agent;
	while (error == HA_OK && !u->ended) {
		error = collect(u);
		if (error == HA_OK)
			error = write(u);
	}
	free(u);
	if (error == HA_OK)
		log_notice("the keys of %u associations stood unsealed in the store, from an "
		           "earlier program, and are sealed now; what the disk still holds of them "
		           "is in operations.md, \"Keys at rest\"",
		           count);
	else
		snprintf(report, size, "keys that stand unsealed in the store cannot be sealed: %s",
		         ha_strerror(error));
	return error;
}
