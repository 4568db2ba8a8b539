/* snmp_values.h - names and values, between Net-SNMP's form and ours.
 *
 * May include: Net-SNMP, mib/tree.h. */
#ifndef MIB_SNMP_VALUES_H
#define MIB_SNMP_VALUES_H

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <stdbool.h>
#include <stddef.h>

#include "mib/tree.h"

/* false: it is longer than a name can be. */
bool snmp_name_in(const oid *arcs, size_t count, struct mib_name *out);
/* Returns how many arcs. */
size_t snmp_name_out(const struct mib_name *name, oid arcs[MIB_NAME_MAX]);

void snmp_name_set(netsnmp_variable_list *variable, const struct mib_name *name);
void snmp_value_out(netsnmp_variable_list *variable, const struct mib_value *value);

/* What a manager wants an object to be; MIB_BROKEN, or MIB_OTHER for what no object of
 * ours can be set to. Octets beyond MIB_OCTETS_MAX are left out, and in the size. */
void snmp_value_in(const netsnmp_variable_list *variable, struct mib_value *out);

#endif
