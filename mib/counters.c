/* counters.c - the counters of SNMP. */
#include "mib/counters.h"

COUNTERS_DEFINE(mib_counters, "snmp", MIB_COUNTERS, MIB_COUNT_COUNT);
