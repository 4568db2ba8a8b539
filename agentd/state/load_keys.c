/* load_keys.c - the keys of the store's associations at start: opened by all
 * processors, put into the tables by one. */
#include "agentd/state/internal.h"

#include "agentd/base/arena.h"
#include "agentd/base/parallel.h"

#define SHARE_MIN 256u /* associations that are worth a thread */

struct opened {
	uint32_t slot; /* of the peer */
	enum ha_error error;
	struct mip_key_state key;
};

struct opening {
	struct state *state;
	const struct association_row *rows;
	struct opened *opened;
};

static void open_one(struct state *state, const struct association_row *row, struct opened *out)
{
	out->error = loaded_slot(state, row->peer, &out->slot);
	if (out->error == HA_OK && out->slot == SLOT_NONE)
		out->error = HA_E_DAMAGED;
	if (out->error == HA_OK)
		out->error = sealed_open(state, out->slot, row, &out->key);
}

/* Reads the tables of peers, which nobody changes meanwhile. */
static void open_some(void *context, size_t first, size_t end)
{
	const struct opening *opening = context;

	for (size_t i = first; i < end; i++)
		open_one(opening->state, &opening->rows[i], &opening->opened[i]);
}

static enum ha_error put(struct state *state, const struct association_row *row,
                         const struct opened *opened)
{
	if (opened->error != HA_OK)
		return sealed_note_unopened(state, opened->error, &row->sealed);
	return association_put(state, opened->slot, row, &opened->key);
}

enum ha_error state_load_associations(struct state *state, const struct association_row *rows,
                                      size_t count, size_t *loaded)
{
	size_t octets = count * sizeof(struct opened);
	struct opened *opened;
	enum ha_error error = HA_OK;
	uint32_t slot;

	*loaded = 0;
	if (count == 0)
		return HA_OK;
	opened = arena_map(octets);
	if (!opened)
		return HA_E_NOMEM;
	error = loaded_slot(state, rows[0].peer, &slot); /* makes the index that all look into */
	if (error == HA_OK)
		parallel_do(count, SHARE_MIN, open_some, &(struct opening){ state, rows, opened });
	while (error == HA_OK && *loaded < count) {
		error = put(state, &rows[*loaded], &opened[*loaded]);
		*loaded += error == HA_OK;
	}
	arena_unmap(opened, octets);
	return error;
}
