/* home_arp_counters.c - the counters of ARP for absent mobile nodes. */
#include "agentd/dataplane/home_arp_counters.h"

COUNTERS_DEFINE(home_arp_counters, "home-arp", HOME_ARP_COUNTERS, HOME_ARP_COUNTER_COUNT);
