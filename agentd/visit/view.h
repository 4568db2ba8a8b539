/* view.h - how it is with the foreign agent and with what is advertised, for who shows it.
 * Any thread; copies.
 *
 * May include: agentd/visit/visit.h. */
#ifndef AGENTD_VISIT_VIEW_H
#define AGENTD_VISIT_VIEW_H

#include <netinet/in.h>

#include "agentd/base/home_network.h"
#include "agentd/dataplane/visit_plane.h"
#include "agentd/registration/foreign_pending.h"
#include "agentd/visit/visit.h"

/* An interface of the configuration. */
struct visit_advertised {
	char interface[HOME_NETWORK_INTERFACE_MAX];
	bool present;           /* it is up and has an address */
	bool advertises;        /* is advertised on now */
	struct in_addr address; /* ours there; 0 = none */
	uint16_t flags;         /* enum agent_flag */
	uint16_t sequence;      /* of the next advertisement */
	uint16_t lifetime_s;
	uint64_t sent;        /* advertisements, since the start */
	uint64_t sent_ago_ms; /* the last one; UINT64_MAX: none was */
	uint64_t due_in_ms;   /* the next one unasked; UINT64_MAX: none is */
};

/* Number i, 0 is the first. false past the last; `visit` may be NULL. */
bool visit_advertised_at(struct visit *visit, size_t i, struct visit_advertised *out);

/* The foreign agent as a whole; false: there is none. `visit` may be NULL. */
struct visit_figures {
	uint32_t visitors, visitors_max;
	uint32_t pending, pending_max;
	size_t associations;
	bool busy;
	bool shared;                 /* by members of a cluster, of which the next is about */
	bool serves;                 /* this one is the foreign agent */
	bool failing;                /* the store of visitors cannot be written here */
	uint8_t leader;              /* that member, as far as is known; 0 = none yet */
	bool carries;                /* packets of visitors, now */
	char doubt[VISIT_DOUBT_MAX]; /* what of this host stands in their way; "" = nothing */
};
bool visit_figures(struct visit *visit, struct visit_figures *out);

/* A visitor and its times, in milliseconds from now. */
struct visitor_seen {
	struct foreign_visitor visitor;
	uint64_t since_ms;                          /* granted, last */
	uint64_t left_ms;                           /* UINT64_MAX: it stays */
	char interface[HOME_NETWORK_INTERFACE_MAX]; /* "" = it has gone */
	bool carried;                               /* its packets are, here */
	struct visit_traffic traffic;
};

/* At most `max` of them from place *place on, which becomes where to go on; 0 is the first.
 * Returns how many; 0: there are no more. */
size_t visit_seen_from(struct visit *visit, uint32_t *place, struct visitor_seen *out, size_t max);

/* A request that waits for its reply. */
struct visit_waiting {
	struct foreign_registration asked;
	uint64_t since_ms;
	char interface[HOME_NETWORK_INTERFACE_MAX];
};

/* The same; those of strangers come by age, and so do those of visitors. When some go between two
 * calls, others may be passed over. */
size_t visit_waiting_from(struct visit *visit, uint32_t *place, struct visit_waiting *out,
                          size_t max);

#endif
