/* visit_guard.h - nothing that comes in by a visited link is forwarded by the kernel: a rule for
 * each leads it to a table of ours, which has a route to nowhere. It holds for as long as this
 * process is, by the names of links: also while a link is not there, while this process is not
 * the foreign agent, or has no data plane of visitors, and after it was killed. What a reverse
 * tunnel needs would otherwise begin and end with the data plane, and between the two packets
 * would go out with no tunnel.
 *
 * The data plane adds a route of its own to the table, which goes with its device.
 *
 * Any thread that has CAP_NET_ADMIN.
 *
 * May include: agentd/dataplane/netlink.h, steering.h,
 * visit_plane_counters.h, agentd/base. */
#ifndef AGENTD_DATAPLANE_VISIT_GUARD_H
#define AGENTD_DATAPLANE_VISIT_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/base/error.h"

#define VISIT_LINKS_MAX 8u

struct visit_guard;

/* Borrowed for the open. */
struct visit_guard_options {
	const char *links[VISIT_LINKS_MAX]; /* names; they need not be there */
	size_t link_count;
	uint32_t table;    /* of routes, this agent's own */
	uint32_t priority; /* of its rules */
	uint32_t mark;     /* what has a bit of it is left alone */
};

/* Clear away what an earlier process left, in whatever table unless another one guards links of
 * this host, and make the rules and the route. On failure *out is
 * NULL, nothing is left, and there is a sentence. */
enum ha_error visit_guard_open(const struct visit_guard_options *options, struct visit_guard **out,
                               char *report, size_t size);

/* There is to be none: the same, and no word if that is not possible. */
void visit_guard_clear(void);

/* Is it whole, with `routes` of others in the table? Also where that cannot be known. */
bool visit_guard_is_whole(struct visit_guard *guard, unsigned routes);

/* Make what of it is missing. A sentence on failure. */
enum ha_error visit_guard_make(struct visit_guard *guard, char *report, size_t size);

/* Make what others have taken away, and tell the log. */
void visit_guard_look(struct visit_guard *guard);

/* Take rules and routes away. NULL is fine. */
void visit_guard_close(struct visit_guard *guard);

#endif
