/* mip_registration.c - the home agent's counters in MIP-MIB: the rows of the counter
 * tables say which of them each is. */
#include "mib/counter_names.h"
#include "mib/objects.h"

static bool read_counter(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_read_branch(cell, COUNTERS_OF_HOME_AGENT, out);
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
