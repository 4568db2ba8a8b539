/* node.h - a mobile node, as a request sees it, and what its tables share.
 *
 * On the thread of the view.
 *
 * May include: agentd/mobile/desk.h, mib/object.h. */
#ifndef MIB_NODE_H
#define MIB_NODE_H

#include "agentd/mobile/desk.h"
#include "mib/object.h"

/* Zero at first, but for `desk`. */
struct mib_node {
	struct mobile_desk *desk; /* borrowed; NULL = there is no mobile node */
	bool has;                 /* of the request: */
	struct mobile_shown shown;
};

/* How it is; not where there is none. */
const struct mobile_shown *mib_node_shown(struct mib_node *node);

/* All tables of a mobile node; the first are those that agents have, too (mib/objects.h). */
#define MIB_NODE_TABLES(X)                                                                         \
	X(mip_associations)                                                                        \
	X(mip_violations)                                                                          \
	X(mip_security)                                                                            \
	X(mn_entity)                                                                               \
	X(mn_system)                                                                               \
	X(mn_home_agents)                                                                          \
	X(mn_agents)                                                                               \
	X(mn_heard)                                                                                \
	X(mn_discovery)                                                                            \
	X(mn_attempts)                                                                             \
	X(mn_registration)

#define X(table) extern struct mib_table table;
MIB_NODE_TABLES(X)
#undef X

extern struct mib_table *const mib_node_tables[];
extern const size_t mib_node_table_count;

#endif
