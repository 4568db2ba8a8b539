/* mip_security.c - the scalar of mipSecurity, which is of all roles of the process. */
#include "agentd/flow/counters.h"
#include "agentd/visit/counters.h"
#include "mib/objects.h"
#include "mib/view.h"

static bool read_total(const struct mib_cell *cell, struct mib_value *out)
{
	struct mib_node *node = &cell->view->node;

	if (node->desk)
		return mib_counter(out, mib_node_shown(node)->counts.violations);
	return mib_counter(out, counter_read(&flow_counters, FLOW_SECURITY_VIOLATIONS) +
	                                counter_read(&visiting_counters, VISITING_VIOLATIONS));
}

static const struct mib_column columns[] = {
	{ 2, MIB_READ, read_total, NULL }, /* mipSecTotalViolations */
};

struct mib_table mip_security = {
	.name = "mipSecurity",
	MIB_ROOT(MIB_MIP_ROOT, 1, 2),
	MIB_SCALARS,
	MIB_COLUMNS(columns),
};
