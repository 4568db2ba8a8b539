/* mip_foreign.c - faAdvertisement, and the foreign agent's counters: the rows of the counter
 * tables say which of them each is. */
#include "mib/counter_names.h"
#include "mib/objects.h"
#include "mib/view.h"
#include "mib/writings.h"

enum {
	BUSY = 1,
	REQUIRED = 2,
};

static bool read_busy(const struct mib_cell *cell, struct mib_value *out)
{
	const struct visit_agent *agent = mib_visits_agent(&cell->view->visits);

	return agent && mib_truth(out, agent->busy);
}

static bool read_required(const struct mib_cell *cell, struct mib_value *out)
{
	const struct visit_agent *agent = mib_visits_agent(&cell->view->visits);

	return agent && mib_truth(out, agent->required);
}

static const struct mib_column flag_columns[] = {
	{ BUSY, MIB_READ, read_busy, NULL },
	{ REQUIRED, MIB_WRITE, read_required, NULL },
};

struct mib_table mip_foreign_flags = {
	.name = "faAdvertisement",
	MIB_ROOT(MIB_MIP_ROOT, 1, 5, 2),
	MIB_SCALARS,
	MIB_COLUMNS(flag_columns),
	.writing = &write_foreign_flags,
};

static bool read_counter(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_read_branch(cell, COUNTERS_OF_FOREIGN_AGENT, out);
}

#define COUNTER(arc)                                                                               \
	{                                                                                          \
		(arc), MIB_READ, read_counter, NULL                                                \
	}

static const struct mib_column counter_columns[] = {
	COUNTER(2),  /* faRegRequestsReceived */
	COUNTER(3),  /* faRegRequestsRelayed */
	COUNTER(4),  /* faReasonUnspecified */
	COUNTER(5),  /* faAdmProhibited */
	COUNTER(6),  /* faInsufficientResource */
	COUNTER(7),  /* faMNAuthenticationFailure */
	COUNTER(8),  /* faRegLifetimeTooLong */
	COUNTER(9),  /* faPoorlyFormedRequests */
	COUNTER(10), /* faEncapsulationUnavailable */
	COUNTER(11), /* faVJCompressionUnavailable */
	COUNTER(12), /* faHAUnreachable */
	COUNTER(13), /* faRegRepliesRecieved */
	COUNTER(14), /* faRegRepliesRelayed */
	COUNTER(15), /* faHAAuthenticationFailure */
	COUNTER(16), /* faPoorlyFormedReplies */
};

struct mib_table mip_foreign = {
	.name = "faRegistration",
	MIB_ROOT(MIB_MIP_ROOT, 1, 5, 3),
	MIB_SCALARS,
	MIB_COLUMNS(counter_columns),
};
