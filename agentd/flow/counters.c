/* counters.c - the counters of the way of a request. */
#include "agentd/flow/counters.h"

COUNTERS_DEFINE(flow_counters, "registration", FLOW_COUNTERS, FLOW_COUNTER_COUNT);
