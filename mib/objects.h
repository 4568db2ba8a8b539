/* objects.h - every table of the two modules that agentd serves: one row each, in a file
 * of its own.
 *
 * May include: mib/object.h. */
#ifndef MIB_OBJECTS_H
#define MIB_OBJECTS_H

#include "mib/object.h"

#define MIB_TABLES(X)                                                                              \
	X(hearth_settings)                                                                         \
	X(mip_registration)                                                                        \
	X(mip_advertised_links)                                                                    \
	X(mip_advertising)                                                                         \
	X(mip_care_of)                                                                             \
	X(mip_foreign_flags)                                                                       \
	X(mip_foreign)                                                                             \
	X(mip_visitors)                                                                            \
	X(mip_system)                                                                              \
	X(mip_bindings)                                                                            \
	X(hearth_process)                                                                          \
	X(hearth_groups)                                                                           \
	X(hearth_members)                                                                          \
	X(hearth_requests)                                                                         \
	X(hearth_replies)                                                                          \
	X(hearth_registration)                                                                     \
	X(hearth_counters)                                                                         \
	X(hearth_alarms)                                                                           \
	X(hearth_alarm_rows)                                                                       \
	X(hearth_forwards)                                                                         \
	X(hearth_forward_reasons)                                                                  \
	X(hearth_forwarding)                                                                       \
	X(hearth_notify)                                                                           \
	X(hearth_notify_test)                                                                      \
	X(mip_associations)                                                                        \
	X(mip_counters)                                                                            \
	X(mip_violations)                                                                          \
	X(mip_security)                                                                            \
	X(hearth_associations)                                                                     \
	X(hearth_nodes)                                                                            \
	X(hearth_bindings)                                                                         \
	X(hearth_pools)

#define X(table) extern struct mib_table table;
MIB_TABLES(X)
#undef X

extern struct mib_table *const mib_tables[];
extern const size_t mib_table_count;

#endif
