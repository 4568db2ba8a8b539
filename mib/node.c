/* node.c - the list of a mobile node's tables, and how it is. */
#include "mib/node.h"

struct mib_table *const mib_node_tables[] = {
#define X(table) &(table),
	MIB_NODE_TABLES(X)
#undef X
};

const size_t mib_node_table_count = sizeof(mib_node_tables) / sizeof(mib_node_tables[0]);

const struct mobile_shown *mib_node_shown(struct mib_node *node)
{
	if (!node->has)
		mobile_desk_look(node->desk, &node->shown);
	node->has = true;
	return &node->shown;
}
