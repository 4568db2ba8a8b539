/* counters.c - the counters of the home agent's address. */
#include "agentd/dataplane/counters.h"

COUNTERS_DEFINE(dataplane_counters, "address", DATAPLANE_COUNTERS, DATAPLANE_COUNTER_COUNT);
