/* steer.h - what an operator changes in the running agent. It holds until the process ends: the
 * next start has what its configuration file says.
 *
 * May include: agentd/visit/table.h, agentd/base. */
#ifndef AGENTD_VISIT_STEER_H
#define AGENTD_VISIT_STEER_H

#include "agentd/visit/table.h"

enum visit_change_kind {
	VISIT_ENABLED,  /* `on`: it advertises, and takes requests; else it says farewell */
	VISIT_REQUIRED, /* `on`: R is advertised on all links of the foreign agent */
	VISIT_CARE_OF,  /* `on`: the care-of address `address` is offered; else not any more */
	VISIT_LINK,     /* the interface with the first address `address` is as `link` says */
};

/* Plain data. Of `link` what an operator sets: `address`, `interface` and `roles` are not looked
 * at. */
struct visit_change {
	enum visit_change_kind kind;
	bool on;
	uint32_t
		except; /* of VISIT_REQUIRED, to take it back: a bit each for links that it is not so on */
	struct in_addr address;
	struct visit_link link;
};

#define VISIT_CHANGES_MAX 32u /* at once */
#define VISIT_WAIT_MS 700u

/* Whether all of them could be made in this order; *refused is the first that could not.
 *
 * HA_E_NOTFOUND: there is no such interface or care-of address. HA_E_EXISTS: the address is offered
 * already. HA_E_RANGE: times that RFC 1256 does not allow, or a lifetime that is the home agent's
 * to say. HA_E_MALFORMED: an address that cannot be a care-of address here, none
 * can be added where members of a cluster share them. HA_E_CAPACITY: too many. HA_E_IN_USE: visitors
 * have that care-of address, or it is the last one, or shared. */
enum ha_error visit_steer_check(struct visit *visit, const struct visit_change *changes,
                                size_t count, size_t *refused);

/* Make all of them, or none; `undo` is as long, and takes them back when it is made as it is. But a
 * care-of address that was taken away is the last one then. From any thread but the agent's, for
 * which it waits, VISIT_WAIT_MS at most.
 *
 * The same; what ports_open() says; HA_E_BUSY: the agent had no time, or has not begun. */
enum ha_error visit_steer(struct visit *visit, const struct visit_change *changes, size_t count,
                          struct visit_change *undo, size_t *refused);

#endif
