/* snmp_values.c - arc by arc, type by type. */
#include "mib/snmp_values.h"

#include <string.h>

bool snmp_name_in(const oid *arcs, size_t count, struct mib_name *out)
{
	if (count > MIB_NAME_MAX)
		return false;
	out->size = count;
	for (size_t i = 0; i < count; i++)
		out->at[i] = arcs[i] < UINT32_MAX ? (uint32_t)arcs[i] : UINT32_MAX;
	return true;
}

size_t snmp_name_out(const struct mib_name *name, oid arcs[MIB_NAME_MAX])
{
	for (size_t i = 0; i < name->size; i++)
		arcs[i] = name->at[i];
	return name->size;
}

void snmp_name_set(netsnmp_variable_list *variable, const struct mib_name *name)
{
	oid arcs[MIB_NAME_MAX];
	size_t count = snmp_name_out(name, arcs);

	snmp_set_var_objid(variable, arcs, count);
}

/* A number as Net-SNMP has it: a long for all types but one. */
static void give_number(netsnmp_variable_list *variable, uint8_t type, long number)
{
	snmp_set_var_typed_value(variable, type, &number, sizeof(number));
}

static void give_counter64(netsnmp_variable_list *variable, uint64_t number)
{
	struct counter64 halves = { .high = number >> 32, .low = number & UINT32_MAX };

	snmp_set_var_typed_value(variable, ASN_COUNTER64, &halves, sizeof(halves));
}

void snmp_value_out(netsnmp_variable_list *variable, const struct mib_value *value)
{
	switch (value->type) {
	case MIB_INTEGER:
		give_number(variable, ASN_INTEGER, value->is.integer);
		break;
	case MIB_UNSIGNED:
		give_number(variable, ASN_GAUGE, (long)value->is.number);
		break;
	case MIB_COUNTER:
		give_number(variable, ASN_COUNTER, (long)value->is.number);
		break;
	case MIB_TICKS:
		give_number(variable, ASN_TIMETICKS, (long)value->is.number);
		break;
	case MIB_COUNTER64:
		give_counter64(variable, value->is.number);
		break;
	case MIB_ADDRESS:
		snmp_set_var_typed_value(variable, ASN_IPADDRESS, &value->is.address,
		                         sizeof(value->is.address));
		break;
	case MIB_OCTETS:
		snmp_set_var_typed_value(variable, ASN_OCTET_STR, value->is.octets, value->size);
		break;
	case MIB_NONE:
	case MIB_OTHER:
	case MIB_BROKEN:
		break;
	}
}

/* ---- from a manager ---- */

static void take_number(const netsnmp_variable_list *variable, enum mib_type type, int64_t min,
                        int64_t max, struct mib_value *out)
{
	int64_t number = variable->val_len == sizeof(long) ? *variable->val.integer : 0;

	out->type = type;
	if (variable->val_len != sizeof(long) || number < min || number > max)
		out->type = MIB_BROKEN;
	else if (type == MIB_INTEGER)
		out->is.integer = (int32_t)number;
	else
		out->is.number = (uint64_t)number;
}

static void take_address(const netsnmp_variable_list *variable, struct mib_value *out)
{
	out->type = variable->val_len == sizeof(out->is.address) ? MIB_ADDRESS : MIB_BROKEN;
	if (out->type == MIB_ADDRESS)
		memcpy(&out->is.address, variable->val.string, sizeof(out->is.address));
}

void snmp_value_in(const netsnmp_variable_list *variable, struct mib_value *out)
{
	*out = (struct mib_value){ .type = MIB_OTHER };
	switch (variable->type) {
	case ASN_INTEGER:
		take_number(variable, MIB_INTEGER, INT32_MIN, INT32_MAX, out);
		break;
	case ASN_GAUGE:
		take_number(variable, MIB_UNSIGNED, 0, UINT32_MAX, out);
		break;
	case ASN_IPADDRESS:
		take_address(variable, out);
		break;
	case ASN_OCTET_STR:
		mib_octets(out, variable->val.string, variable->val_len);
		out->size = variable->val_len;
		break;
	default:
		break;
	}
}
