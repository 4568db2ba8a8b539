/* load_keys.c - the keys of the store's associations at start: opened by all
 * processors, put into the tables by one. */
#include "agentd/state/internal.h"

#include <unistd.h>

#include "agentd/base/arena.h"

#define THREADS_MAX 8u
#define SHARE_MIN 256u /* associations that are worth a thread */

struct opened {
	uint32_t slot; /* of the peer */
	enum ha_error error;
	struct mip_key_state key;
};

struct share {
	struct state *state;
	const struct association_row *rows;
	struct opened *opened;
	size_t count;
	pthread_t thread;
	bool started;
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
static void *open_share(void *argument)
{
	struct share *share = argument;

	for (size_t i = 0; i < share->count; i++)
		open_one(share->state, &share->rows[i], &share->opened[i]);
	return NULL;
}

static size_t shares_of(size_t count)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	size_t shares = count / SHARE_MIN + 1;

	if (processors > 0 && shares > (size_t)processors)
		shares = (size_t)processors;
	return shares < THREADS_MAX ? shares : THREADS_MAX;
}

static void open_all(struct state *state, const struct association_row *rows, struct opened *opened,
                     size_t count)
{
	struct share shares[THREADS_MAX];
	size_t share_count = shares_of(count);

	for (size_t i = 0; i < share_count; i++) {
		struct share *share = &shares[i];
		size_t first = count * i / share_count, end = count * (i + 1) / share_count;

		*share = (struct share){ .state = state,
			                 .rows = rows + first,
			                 .opened = opened + first,
			                 .count = end - first };
		share->started = i > 0 &&
		                 pthread_create(&share->thread, NULL, open_share, share) == 0;
	}
	for (size_t i = 0; i < share_count; i++)
		if (!shares[i].started)
			open_share(&shares[i]);
	for (size_t i = 0; i < share_count; i++)
		if (shares[i].started)
			pthread_join(shares[i].thread, NULL);
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
		open_all(state, rows, opened, count);
	while (error == HA_OK && *loaded < count) {
		error = put(state, &rows[*loaded], &opened[*loaded]);
		*loaded += error == HA_OK;
	}
	arena_unmap(opened, octets);
	return error;
}
