/* counters.c - the storage of replication's counters. Registering the set is
 * the program's business. */
#include "replication/counters.h"

COUNTERS_DEFINE(replication_counters, "replication", REPLICATION_COUNTERS,
                REPLICATION_COUNTER_COUNT);
