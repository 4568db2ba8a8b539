/* counters.h - what managers ask for and what they are told; one row per counter, see
 * agentd/base/counters.h for where a row ends up.
 *
 * May include: agentd/base. */
#ifndef MIB_COUNTERS_H
#define MIB_COUNTERS_H

#include "agentd/base/counters.h"

/* X(id, name, mib_arc, help) */
#define MIB_COUNTERS(X)                                                                            \
	X(READ, "snmp-objects-read", 0, "objects of which a manager was told the value")           \
	X(UNREADABLE, "snmp-rows-unreadable", 0,                                                   \
	  "rows of the store that no manager was told of because they cannot be read")             \
	X(UNAUTHORISED, "snmp-unauthorised", 0,                                                    \
	  "requests of SNMP to agentd itself that the sender had no right to; those to snmpd are " \
	  "counted there")                                                                         \
	X(MASTER_JOINED, "snmp-master-joined", 0, "times this node became a subagent of snmpd")    \
	X(MASTER_LOST, "snmp-master-lost", 0, "times snmpd ended, or did not answer in time")      \
	X(SETS_ABANDONED, "snmp-sets-abandoned", 0,                                                \
	  "SETs through snmpd that it neither carried out nor gave up within 10 seconds; what "    \
	  "they wanted is wiped")                                                                  \
	X(NOTIFICATIONS, "snmp-notifications-sent", 0,                                             \
	  "notifications that were sent, whatever the number of receivers")                        \
	X(NOTIFICATIONS_HELD, "snmp-notifications-held-back", 0,                                   \
	  "notifications that were not sent because of the limit of their kind")                   \
	X(NOTIFICATIONS_FAILED, "snmp-notifications-failed", 0,                                    \
	  "notifications for which there was no memory")

enum mib_counted {
#define X(id, name, mib_arc, help) MIB_COUNT_##id,
	MIB_COUNTERS(X)
#undef X
	MIB_COUNT_COUNT
};

extern struct counter_set mib_counters;

static inline void mib_count(enum mib_counted counter)
{
	counter_add(&mib_counters, counter, 1);
}

#endif
