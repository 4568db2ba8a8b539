/* user_counters.c - the counters of the user-space path. */
#include "agentd/dataplane/user_counters.h"

COUNTERS_DEFINE(user_counters, "user-path", USER_COUNTERS, USER_COUNTER_COUNT);
