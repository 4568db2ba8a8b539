/* members.h - the visitor list that members of a cluster have in common, as the foreign agent of
 * one of them sees it. Whoever leads its group is the foreign agent; the others follow.
 *
 * A change is submitted, and takes effect when it comes back, as those of other members do: what
 * was told of it before could be lost. Times in commands and visitors are cluster time, and the
 * interface is the number of a link (command.h).
 *
 * May include: agentd/visitors/visitors.h. */
#ifndef AGENTD_VISITORS_MEMBERS_H
#define AGENTD_VISITORS_MEMBERS_H

#include "agentd/visitors/visitors.h"

#define VISITORS_TICKET_NOBODY UINT64_C(1) /* nobody is told what became of it */

struct visitors_outcome {
	uint64_t ticket;
	enum ha_error error; /* as of visitors_apply; HA_E_NOTLEADER: not known */
};

enum visitors_news {
	VISITORS_NONE,
	VISITORS_CHANGED, /* one is as it says now */
	VISITORS_WENT,    /* home and home_agent of it alone */
	VISITORS_ANEW,    /* forget all; those that there are follow */
};

struct visitors_standing {
	uint8_t leader; /* number of the member that was known to lead last; 0 = none was yet */
	bool failing;   /* the store cannot be written here */
};

/* Of one thread, but for `ready` and `standing`. */
struct visitors_members {
	void *context;
	int ready; /* an eventfd: there is something to look at */
	/* clock_monotonic_ns() until which this member is the foreign agent; 0: it is not. */
	uint64_t (*until_ns)(void *context);
	uint64_t (*time_ms)(void *context);
	/* HA_E_NOTLEADER, HA_E_BUSY, HA_E_CAPACITY, HA_E_CLOSED: nothing becomes of it.
	 * `ticket` is not 0, and above VISITORS_TICKET_NOBODY that of one outcome. */
	enum ha_error (*submit)(void *context, const struct visitor_command *command,
	                        uint64_t ticket);
	/* The next one. What it changed is among the news by then. */
	bool (*outcome)(void *context, struct visitors_outcome *out);
	enum visitors_news (*news)(void *context, struct foreign_visitor *out);
	void (*standing)(void *context, struct visitors_standing *out);
	/* All of them once more. */
	void (*again)(void *context);
};

#endif
