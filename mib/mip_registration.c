/* mip_registration.c - the home agent's counters in MIP-MIB: the rows of the counter
 * tables say which of them each is. */
#include "agentd/base/counters.h"
#include "mib/objects.h"
#include "mib/view.h"

struct search {
	uint32_t arc;
	uint64_t sum;
};

static int add_if_asked(void *context, const struct counter_set *set,
                        const struct counter_info *info, uint64_t value)
{
	struct search *search = context;

	(void)set;
	if (info->mib_arc == search->arc)
		search->sum += value;
	return 0;
}

static bool read_counter(const struct mib_cell *cell, struct mib_value *out)
{
	struct search search = { .arc = cell->column->arc };

	mib_view_count(cell->view);
	counters_visit(add_if_asked, &search);
	return mib_counter(out, search.sum);
}

#define COUNTER(arc)                                                                               \
	{                                                                                          \
		(arc), MIB_READ, read_counter, NULL                                                \
	}

static const struct mib_column columns[] = {
	COUNTER(3),  /* haRegistrationAccepted */
	COUNTER(4),  /* haMultiBindingUnsupported */
	COUNTER(5),  /* haReasonUnspecified */
	COUNTER(6),  /* haAdmProhibited */
	COUNTER(7),  /* haInsufficientResource */
	COUNTER(8),  /* haMNAuthenticationFailure */
	COUNTER(9),  /* haFAAuthenticationFailure */
	COUNTER(10), /* haIDMismatch */
	COUNTER(11), /* haPoorlyFormedRequest */
	COUNTER(12), /* haTooManyBindings */
	COUNTER(13), /* haUnknownHA */
	COUNTER(14), /* haGratuitiousARPsSent */
	COUNTER(15), /* haProxyARPsSent */
	COUNTER(16), /* haRegRequestsReceived */
	COUNTER(17), /* haDeRegRequestsReceived */
	COUNTER(18), /* haRegRepliesSent */
	COUNTER(19), /* haDeRegRepliesSent */
};

struct mib_table mip_registration = {
	.name = "haRegistration",
	MIB_ROOT(MIB_MIP_ROOT, 1, 6, 3),
	MIB_SCALARS,
	MIB_COLUMNS(columns),
};
