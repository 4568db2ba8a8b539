/* hearth_nodes.c - hearthNodeTable: mobile nodes that may register. Who they are is read
 * from the store, what they have comes from memory, as in `agentctl nodes`. */
#include <string.h>

#include "agentd/flow/inspect.h"
#include "mib/groups.h"
#include "mib/objects.h"
#include "mib/peers.h"
#include "mib/writings.h"

/* Where the parts are in a key without the number of the group. */
enum {
	REALM_AT = 0,
	IDENTITY_AT = 4,
};

enum tenure {
	TENURE_OWN = 1,
	TENURE_NONE = 2,
	TENURE_LEASED = 3,
	TENURE_FORMER = 4,
};

struct row {
	struct peer_row peer;
	struct agent_node node;
};

_Static_assert(sizeof(struct row) <= MIB_ROW_MAX, "a row has to fit");

/* What memory knows; of a node that went since the snapshot was taken, what its row says,
 * so that no number of them makes a gap. */
static void look(struct agent *agent, const struct mib_peer_place *place, struct row *row)
{
	struct name_digest name;
	struct agent_whom whom = mib_peer_whom(place, &row->peer, &name);

	if (!agent_node(agent, &whom, &row->node))
		row->node = (struct agent_node){
			.home = row->peer.address,
			.pooled = whom.name != NULL,
			.limit = row->peer.bindings,
		};
}

static bool find_in(struct mib_group *group, const struct mib_key *from, bool after,
                    struct mib_key *found, void *out)
{
	struct store_reader *reader = mib_group_reader(group);
	struct mib_peer_place at = { PEER_MOBILE_NODE, mib_key_number_at(from, REALM_AT),
		                     mib_peer_identity_at(from, IDENTITY_AT) };
	struct row *row = out;

	if (!reader || !mib_peer_find(reader, &at, after, &at, &row->peer) ||
	    at.kind != PEER_MOBILE_NODE)
		return false;
	look(group->agent, &at, row);
	mib_key_number(found, at.realm);
	mib_peer_identity_key(&at.identity, found);
	return true;
}

static bool find_node(struct mib_view *view, const struct mib_key *from, bool after,
                      struct mib_key *found, void *row)
{
	return mib_find_in_turn(view, from, after, found, row, find_in);
}

/* ---- columns ---- */

static const struct row *row_of(const struct mib_cell *cell)
{
	return cell->row;
}

static bool read_number(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_counter64(out, row_of(cell)->peer.id);
}

static bool read_name(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_text(out, row_of(cell)->peer.nai);
}

static bool read_address_type(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_integer(out,
	                   row_of(cell)->node.home.s_addr ? MIB_ADDRESS_IPV4 : MIB_ADDRESS_UNKNOWN);
}

static bool read_address(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_inet_address(out, row_of(cell)->node.home);
}

static bool read_tenure(const struct mib_cell *cell, struct mib_value *out)
{
	const struct agent_node *node = &row_of(cell)->node;

	if (!node->pooled)
		return mib_integer(out, TENURE_OWN);
	if (!node->home.s_addr)
		return mib_integer(out, TENURE_NONE);
	return mib_integer(out, node->leased ? TENURE_LEASED : TENURE_FORMER);
}

static bool read_pool(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_text(out, row_of(cell)->peer.pool);
}

static bool read_policy(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_text(out, row_of(cell)->node.policy);
}

static bool read_limit(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_unsigned(out, row_of(cell)->node.limit);
}

static bool read_bindings(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_unsigned(out, row_of(cell)->node.bindings);
}

static const struct mib_column columns[] = {
	{ 3, MIB_READ, read_number, NULL },       { 4, MIB_READ, read_name, NULL },
	{ 5, MIB_READ, read_address_type, NULL }, { 6, MIB_READ, read_address, NULL },
	{ 7, MIB_READ, read_tenure, NULL },       { 8, MIB_READ, read_pool, NULL },
	{ 9, MIB_WRITE, read_policy, NULL },      { 10, MIB_WRITE, read_limit, NULL },
	{ 11, MIB_READ, read_bindings, NULL },
};

struct mib_table hearth_nodes = {
	.name = "hearthNodeEntry",
	MIB_ROOT(MIB_HEARTH_ROOT, 1, 6, 1, 1),
	.index = { 3,
	           { { .kind = MIB_PART_NUMBER },
	             { .kind = MIB_PART_NUMBER },
	             { .kind = MIB_PART_STRING, .max = MIB_IDENTITY_MAX } } },
	MIB_COLUMNS(columns),
	.find = find_node,
	.writing = &write_nodes,
};
