/* batch_undo.c - a whole command taken back, by its rows of the audit trail; and what
 * those cannot tell, keys, by rows of the store that were kept from before. */
#include <stdlib.h>
#include <string.h>

#include "agentd/flow/internal.h"
#include "agentd/flow/own_key.h"
#include "agentd/state/audit.h"
#include "agentd/state/undo.h"

struct batch_undo {
	size_t count;
	struct kept {
		bool is;
		struct own_row own;
	} kept[];
};

/* ---- before ---- */

static bool is_setting(const struct change *change)
{
	return change->kind == CHANGE_SET || change->kind == CHANGE_UNSET;
}

static bool is_association(const struct change *change)
{
	return change->kind == CHANGE_ADD_ASSOCIATION || change->kind == CHANGE_REMOVE_ASSOCIATION;
}

/* Two names of a peer, or its name and its address, lead to one row of the store. */
static bool is_same_peer(const struct row_octets *a, const struct row_octets *b)
{
	return a->size == b->size && memcmp(a->at, b->at, a->size) == 0;
}

/* Changes of a batch, and where the peers are that they are about. */
struct looked_at {
	const struct change *changes;
	struct row_octets *places;
};

static bool is_about_the_same(const struct looked_at *all, size_t i, size_t j)
{
	const struct change *a = &all->changes[i], *b = &all->changes[j];

	if (is_setting(a) && is_setting(b))
		return strcmp(a->name, b->name) == 0;
	if (is_association(a) && is_association(b)) {
		bool removes = a->kind == CHANGE_REMOVE_ASSOCIATION &&
		               b->kind == CHANGE_REMOVE_ASSOCIATION;

		/* Of two that go, one could be the last. */
		return is_same_peer(&all->places[i], &all->places[j]) &&
		       (removes || (a->spi == b->spi && a->use == b->use));
	}
	return a->kind == CHANGE_SET_NODE && b->kind == CHANGE_SET_NODE &&
	       is_same_peer(&all->places[i], &all->places[j]);
}

static bool is_repeated(const struct looked_at *all, size_t i)
{
	for (size_t other = 0; other < i; other++)
		if (is_about_the_same(all, other, i))
			return true;
	return false;
}

/* The count of changes, or the number of the first that is about what another one is. */
static enum ha_error find_repeated(struct agent *agent, const struct change *changes, size_t count,
                                   size_t *repeated)
{
	struct looked_at all = { changes, calloc(count + 1, sizeof(*all.places)) };

	if (!all.places)
		return HA_E_NOMEM;
	for (size_t i = 0; i < count; i++)
		if (!is_setting(&changes[i]))
			state_place_of_change(agent->state, &changes[i], &all.places[i]);
	for (*repeated = 0; *repeated < count && !is_repeated(&all, *repeated); ++*repeated)
		;
	free(all.places);
	return HA_OK;
}

/* Is a key lost by it? */
static bool destroys(const struct change *change)
{
	if (change->kind == CHANGE_REMOVE_ASSOCIATION)
		return true;
	return change->kind == CHANGE_ADD_ASSOCIATION && change->replace && !change->keep_key &&
	       !(change->guard.set && change->guard.version == 0);
}

static enum ha_error prepare_one(struct agent *agent, const struct change *change,
                                 struct kept *kept)
{
	enum ha_error error;

	if (!is_setting(change) && !is_association(change) && change->kind != CHANGE_SET_NODE)
		return HA_E_UNSUPPORTED;
	if (!destroys(change))
		return HA_OK;
	error = own_row_find(agent, change, &kept->own);
	kept->is = error == HA_OK;
	if (error == HA_E_RANGE)
		return HA_E_UNSUPPORTED;
	if (kept->is && change->kind == CHANGE_REMOVE_ASSOCIATION && kept->own.only)
		return HA_E_UNSUPPORTED;
	return error;
}

enum ha_error batch_undo_prepare(struct agent *agent, const struct change *changes, size_t count,
                                 struct batch_undo **out, size_t *refused)
{
	struct batch_undo *undo = calloc(1, sizeof(*undo) + count * sizeof(undo->kept[0]));
	size_t repeated = count;
	enum ha_error error = undo ? find_repeated(agent, changes, count, &repeated) : HA_E_NOMEM;

	*out = NULL;
	*refused = count;
	for (size_t i = 0; error == HA_OK && i < count; i++) {
		error = i == repeated ? HA_E_UNSUPPORTED
		                      : prepare_one(agent, &changes[i], &undo->kept[i]);
		if (error != HA_OK)
			*refused = i;
	}
	if (error != HA_OK) {
		free(undo);
		return error;
	}
	undo->count = count;
	*out = undo;
	return HA_OK;
}

void batch_undo_free(struct batch_undo *undo)
{
	free(undo);
}

/* ---- after ---- */

static enum ha_error read_row(struct store_reader *reader, uint64_t index, size_t number,
                              struct audit_row *out)
{
	const struct audit_row of = { .index = index, .number = (uint16_t)number };
	struct audit_octets key;
	struct store_bytes value;
	enum ha_error error;

	audit_row_key(&of, &key);
	error = store_get(reader, STORE_AUDIT, (struct store_bytes){ key.at, key.size }, &value);
	if (error != HA_OK)
		return error;
	return audit_row_decode((struct span){ key.at, key.size },
	                        (struct span){ value.at, value.size }, out);
}

/* The association that was there before is there again. */
static enum ha_error bring_back(struct agent *agent, const struct audit_row *row,
                                const struct own_row *own, struct change *out)
{
	*out = (struct change){
		.kind = CHANGE_ADD_ASSOCIATION,
		.peer = row->peer,
		.realm = row->realm,
		.address = row->address,
		.spi = row->spi,
		.use = row->use,
		.replay = own->row.replay,
		.tolerance_s = own->row.tolerance_s,
		.replace = row->kind == AUDIT_REPLACE,
		.known_peer = true,
		.guard = { .set = true, .version = row->kind == AUDIT_REPLACE ? row->index : 0 },
		.undoes = { row->index, row->number },
	};
	memcpy(out->nai, row->nai, sizeof(out->nai));
	return own_row_open(agent, own, out);
}

static enum ha_error compose_one(struct agent *agent, const struct audit_row *row,
                                 const struct kept *kept, struct change *out)
{
	if (row->kind != AUDIT_REPLACE && row->kind != AUDIT_REMOVE)
		return undo_compose(row, out);
	return kept->is ? bring_back(agent, row, &kept->own, out) : HA_E_UNSUPPORTED;
}

/* The last one first, for it may have needed those before it. What changed nothing needs
 * nothing. */
static enum ha_error compose(struct agent *agent, const struct batch_undo *undo, uint64_t index,
                             struct change *changes, size_t *count)
{
	struct store_reader reader = { 0 };
	enum ha_error error = store_read_open(agent->store, &reader);

	*count = 0;
	for (size_t i = undo->count; error == HA_OK && i-- > 0;) {
		struct audit_row row;

		error = read_row(&reader, index, i, &row);
		if (error != HA_OK)
			break;
		error = compose_one(agent, &row, &undo->kept[i], &changes[*count]);
		*count += error == HA_OK;
		if (error == HA_E_RANGE)
			error = HA_OK;
	}
	store_read_close(&reader);
	return error;
}

enum ha_error batch_undo(struct agent *agent, const char *who, const struct batch_undo *undo,
                         uint64_t index, batch_done *done, void *context)
{
	struct change *changes = calloc(undo->count + 1, sizeof(*changes));
	size_t count, refused;
	enum ha_error error = HA_E_NOMEM;

	if (!changes)
		return error;
	error = compose(agent, undo, index, changes, &count);
	if (error == HA_OK && count == 0)
		done(context, &(struct batch_outcome){ .error = HA_OK });
	else if (error == HA_OK)
		error = batch_configure(agent, who, changes, count, &refused, done, context);
	mip_wipe(changes, (undo->count + 1) * sizeof(*changes));
	free(changes);
	return error;
}
