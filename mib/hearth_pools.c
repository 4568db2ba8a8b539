/* hearth_pools.c - hearthPoolTable: pools of home addresses and how full they are, from
 * memory. There are few. */
#include <string.h>

#include "agentd/base/address.h"
#include "agentd/flow/inspect.h"
#include "mib/groups.h"
#include "mib/objects.h"

static void key_of(const struct state_pool *pool, struct mib_key *out)
{
	mib_key_octets(out, pool->name, strlen(pool->name));
}

/* The pool of the least name that is not before `from`. */
static bool find_in(struct mib_group *group, const struct mib_key *from, bool after,
                    struct mib_key *found, void *row)
{
	struct state_pool pool;
	struct mib_key least = { 0 };

	for (unsigned i = 0; agent_pool_at(group->agent, i, &pool); i++) {
		struct mib_key key = { 0 };
		int order;

		key_of(&pool, &key);
		order = mib_key_compare(&key, from);
		if (key.size == 0 || order < 0 || (order == 0 && after) ||
		    (least.size && mib_key_compare(&key, &least) > 0))
			continue;
		least = key;
		memcpy(row, &pool, sizeof(pool));
	}
	mib_key_octets(found, least.at, least.size);
	return least.size > 0;
}

static bool find_pool(struct mib_view *view, const struct mib_key *from, bool after,
                      struct mib_key *found, void *row)
{
	return mib_find_in_turn(view, from, after, found, row, find_in);
}

/* ---- columns ---- */

static const struct state_pool *row_of(const struct mib_cell *cell)
{
	return cell->row;
}

static bool read_realm(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_unsigned(out, row_of(cell)->realm);
}

static bool read_address_type(const struct mib_cell *cell, struct mib_value *out)
{
	(void)cell;
	return mib_integer(out, MIB_ADDRESS_IPV4);
}

static bool read_first(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_inet_address(out, row_of(cell)->first);
}

static bool read_last(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_inet_address(out, row_of(cell)->last);
}

static bool read_sticky(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_truth(out, row_of(cell)->sticky);
}

static bool read_size(const struct mib_cell *cell, struct mib_value *out)
{
	const struct state_pool *pool = row_of(cell);

	return mib_unsigned(out, address_host(pool->last) - address_host(pool->first) + 1u);
}

static bool read_leased(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_unsigned(out, row_of(cell)->leased);
}

static bool read_nodes(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_unsigned(out, row_of(cell)->nodes);
}

static const struct mib_column columns[] = {
	{ 2, MIB_READ, read_realm, NULL },  { 3, MIB_READ, read_address_type, NULL },
	{ 4, MIB_READ, read_first, NULL },  { 5, MIB_READ, read_last, NULL },
	{ 6, MIB_READ, read_sticky, NULL }, { 7, MIB_READ, read_size, NULL },
	{ 8, MIB_READ, read_leased, NULL }, { 9, MIB_READ, read_nodes, NULL },
};

struct mib_table hearth_pools = {
	.name = "hearthPoolEntry",
	MIB_ROOT(MIB_HEARTH_ROOT, 1, 7, 1, 1),
	.index = { 2,
	           { { .kind = MIB_PART_NUMBER },
	             { .kind = MIB_PART_IMPLIED, .max = LABEL_MAX - 1u } } },
	MIB_COLUMNS(columns),
	.find = find_pool,
};
