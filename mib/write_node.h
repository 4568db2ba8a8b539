/* write_node.h - what is wanted of a mobile node, as part of a plan.
 *
 * May include: agentd/mobile/desk.h, mib/set.h. */
#ifndef MIB_WRITE_NODE_H
#define MIB_WRITE_NODE_H

#include "mib/set.h"

/* One more wish; refused by the column when it cannot be. */
void write_node(struct set_row *row, uint32_t arc, const struct mobile_wish *wish);

#endif
