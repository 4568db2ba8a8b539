/* visit_plane_counters.c - the counters of the visited side's user-space path. */
#include "agentd/dataplane/visit_plane_counters.h"

COUNTERS_DEFINE(visit_plane_counters, "visit-path", VISIT_PLANE_COUNTERS,
                VISIT_PLANE_COUNTER_COUNT);
