/* hearth_associations.c - hearthAssociationTable: every association, with the algorithm that
 * it really has. Keys are wiped before a row gets here. */
#include <string.h>

#include "agentd/flow/inspect.h"
#include "mib/association.h"
#include "mib/groups.h"
#include "mib/objects.h"
#include "mib/peers.h"
#include "mib/writings.h"

/* Where the parts are in a key without the number of the group. */
enum {
	KIND_AT = 0,
	REALM_AT = 4,
	IDENTITY_AT = 8,
};

/* HearthUse. */
#define USE_NUMBER(use) ((use) + 1u)

struct row {
	struct mib_group *group;
	struct mib_peer_place place;
	struct peer_row peer;
	uint32_t spi;
	uint8_t use, replay, algorithm;
	uint16_t tolerance_s;
	uint64_t created;
};

_Static_assert(sizeof(struct row) <= MIB_ROW_MAX, "a row has to fit");

/* Where the associations of one peer are looked for. */
struct start {
	struct mib_peer_spi from;
	bool after;
};

/* What a key says behind the peer. Use 0 is before all of an SPI, above 2 behind them. */
static struct start start_of(const struct mib_key *key, const struct mib_peer_identity *identity,
                             bool after)
{
	size_t at = IDENTITY_AT + 1u + identity->size;
	uint32_t use = mib_key_number_at(key, at + 4u);
	struct start start = { { .spi = mib_key_number_at(key, at) }, after && use };

	if (use > USE_NUMBER(ASSOCIATION_HOME))
		start.from.use = use < UINT8_MAX ? (uint8_t)(use - 1u) : UINT8_MAX;
	return start;
}

static void make_key(const struct mib_peer_place *place, const struct association_row *association,
                     struct mib_key *found)
{
	mib_key_number(found, place->kind);
	mib_key_number(found, place->realm);
	mib_peer_identity_key(&place->identity, found);
	mib_key_number(found, association->spi);
	mib_key_number(found, USE_NUMBER(association->use));
}

static void make_row(struct mib_group *group, const struct mib_peer_place *place,
                     const struct peer_row *peer, const struct association_row *association,
                     struct row *out)
{
	*out = (struct row){
		.group = group,
		.place = *place,
		.peer = *peer,
		.spi = association->spi,
		.use = association->use,
		.replay = association->replay,
		.algorithm = association->algorithm,
		.tolerance_s = association->tolerance_s,
		.created = association->created,
	};
}

/* A peer has an association at least: the first one that is met, or the next. */
static bool find_in(struct mib_group *group, const struct mib_key *from, bool after,
                    struct mib_key *found, void *row)
{
	struct store_reader *reader = mib_group_reader(group);
	const uint32_t kind = mib_key_number_at(from, KIND_AT);
	const struct mib_peer_place asked = { (uint8_t)kind, mib_key_number_at(from, REALM_AT),
		                              mib_peer_identity_at(from, IDENTITY_AT) };
	struct mib_peer_place at = asked;
	struct association_row association;
	struct peer_row peer;
	bool behind = false;

	if (!reader || kind > UINT8_MAX)
		return false;
	for (; mib_peer_find(reader, &at, behind, &at, &peer); behind = true) {
		struct start start = { { 0 }, false };

		if (!behind && mib_peer_place_equal(&at, &asked))
			start = start_of(from, &asked.identity, after);
		if (!mib_peer_association(reader, peer.id, start.from, start.after, &association))
			continue;
		make_key(&at, &association, found);
		make_row(group, &at, &peer, &association, row);
		return true;
	}
	return false;
}

static bool find_association(struct mib_view *view, const struct mib_key *from, bool after,
                             struct mib_key *found, void *row)
{
	return mib_find_in_turn(view, from, after, found, row, find_in);
}

/* ---- columns ---- */

static const struct row *row_of(const struct mib_cell *cell)
{
	return cell->row;
}

static bool read_status(const struct mib_cell *cell, struct mib_value *out)
{
	(void)cell;
	return mib_integer(out, MIB_ROW_ACTIVE);
}

/* HearthAlgorithm has the numbers of the store. */
static bool read_algorithm(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_integer(out, row_of(cell)->algorithm);
}

static bool read_key(const struct mib_cell *cell, struct mib_value *out)
{
	(void)cell;
	return mib_octets(out, "", 0);
}

static bool read_replay(const struct mib_cell *cell, struct mib_value *out)
{
	const struct row *row = row_of(cell);

	return mib_integer(out,
	                   (int32_t)association_replay_of(row->peer.kind, row->use, row->replay));
}

static bool read_tolerance(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_unsigned(out, row_of(cell)->tolerance_s);
}

static bool read_name(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_text(out, row_of(cell)->peer.nai);
}

/* An address of its own is in the index (agentd/state/rows.h). */
static bool read_home_type(const struct mib_cell *cell, struct mib_value *out)
{
	(void)cell;
	return mib_integer(out, MIB_ADDRESS_UNKNOWN);
}

static bool read_home(const struct mib_cell *cell, struct mib_value *out)
{
	(void)cell;
	return mib_octets(out, "", 0);
}

static bool read_pool(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_text(out, row_of(cell)->peer.pool);
}

static bool read_last_used(const struct mib_cell *cell, struct mib_value *out)
{
	const struct row *row = row_of(cell);
	struct name_digest name;
	struct agent_whom whom = mib_peer_whom(&row->place, &row->peer, &name);

	return mib_date_or_none(out, agent_last_used(row->group->agent, row->peer.kind, &whom,
	                                             row->spi, (enum association_use)row->use));
}

static bool read_version(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_version(out, row_of(cell)->created);
}

static const struct mib_column columns[] = {
	{ 6, MIB_WRITE, read_status, NULL },     { 7, MIB_WRITE, read_algorithm, NULL },
	{ 8, MIB_WRITE, read_key, NULL },        { 9, MIB_WRITE, read_replay, NULL },
	{ 10, MIB_WRITE, read_tolerance, NULL }, { 11, MIB_WRITE, read_name, NULL },
	{ 12, MIB_WRITE, read_home_type, NULL }, { 13, MIB_WRITE, read_home, NULL },
	{ 14, MIB_WRITE, read_pool, NULL },      { 15, MIB_READ, read_last_used, NULL },
	{ 16, MIB_WRITE, read_version, NULL },
};

struct mib_table hearth_associations = {
	.name = "hearthAssociationEntry",
	MIB_ROOT(MIB_HEARTH_ROOT, 1, 5, 1, 1),
	.index = { 6,
	           { { .kind = MIB_PART_NUMBER },
	             { .kind = MIB_PART_NUMBER },
	             { .kind = MIB_PART_NUMBER },
	             { .kind = MIB_PART_STRING, .max = MIB_IDENTITY_MAX },
	             { .kind = MIB_PART_NUMBER },
	             { .kind = MIB_PART_NUMBER } } },
	MIB_COLUMNS(columns),
	.find = find_association,
	.writing = &write_associations,
};
