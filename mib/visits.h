/* visits.h - the foreign agent and what is advertised, as a request sees them. Visitors come
 * from a copy of all of them in the order of the index, which is made anew for a request,
 * but not while the last one is so young that nothing else would be done: to copy them takes
 * a tenth of the time at most.
 *
 * All on the thread of the view.
 *
 * May include: agentd/visit, mib/object.h. */
#ifndef MIB_VISITS_H
#define MIB_VISITS_H

#include "agentd/visit/table.h"
#include "mib/object.h"

/* Zero at first, but for `visit`. */
struct mib_visits {
	struct visit *visit; /* borrowed; NULL = none */
	/* Of the request: */
	bool has_agent, has_rows;
	struct visit_agent agent;
	/* They outlast it. */
	struct visit_row *rows; /* in the order of their sources, each once */
	size_t row_count;
	size_t room;
	uint64_t copied_ms; /* of clock_monotonic_ms(); 0 = never */
	uint64_t cost_ms;   /* that it took */
};

/* NULL: there is neither a foreign agent nor anything advertised. */
const struct visit_agent *mib_visits_agent(struct mib_visits *visits);
/* The number of visitors, and they. Valid until the request ends. */
size_t mib_visits_rows(struct mib_visits *visits, const struct visit_row **out);
/* The request is over. */
void mib_visits_forget(struct mib_visits *visits);
void mib_visits_close(struct mib_visits *visits);

#endif
