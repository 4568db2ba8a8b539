/* counters.c - the counters of what is advertised and heard. */
#include "agentd/visit/counters.h"

COUNTERS_DEFINE_OF(COUNTERS_OF_FOREIGN_AGENT, visiting_counters, "visit", VISITING_COUNTERS,
                   VISITING_COUNTER_COUNT);
