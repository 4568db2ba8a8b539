/* snmp_handler.c - requests as Net-SNMP gives them, and their answers. One handler
 * serves all that is registered: which object is meant, the tree knows. */
#include "mib/snmp_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mib/counters.h"
#include "mib/snmp_values.h"

#define ROOT(...)                                                                                  \
	{                                                                                          \
		sizeof((uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t),                            \
		{                                                                                  \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}

/* What is registered, by the roles that the process plays: any of them will do. What belongs to
 * other roles is registered by who plays them.
 *
 * Of a table that the view of who asks leaves out, Net-SNMP asks row by row, a million
 * times for one answer, unless the whole registration is out of view: then it passes over
 * it at once. It compares the view with all arcs of a registration but the last one. So
 * tables that may have a million rows are registered by their entries.
 *
 * None is within another one: Net-SNMP would cut that one into parts, and ask a master that
 * was restarted for each part anew, which has all of it by then and logs an error. */
#define ANY_AGENT (MIB_HOME_AGENT | MIB_FOREIGN_AGENT | MIB_ADVERTISED)
#define ANY_ROLE (ANY_AGENT | MIB_MOBILE_NODE)
#define ANY_SECURE (MIB_HOME_AGENT | MIB_FOREIGN_AGENT | MIB_MOBILE_NODE) /* that has keys */

static const struct branch {
	const char *name;
	struct mib_name root;
	unsigned beside; /* so many more, with the next arcs in the last place */
	unsigned roles;
} branches[] = {
	{ "mipSystem", ROOT(MIB_MIP_ROOT, 1, 1), 0, ANY_ROLE },
	{ "mipSecAssocEntry", ROOT(MIB_MIP_ROOT, 1, 2, 1, 1), 0, ANY_SECURE },
	{ "mipSecTotalViolations", ROOT(MIB_MIP_ROOT, 1, 2, 2), 0, ANY_SECURE },
	{ "mipSecViolationEntry", ROOT(MIB_MIP_ROOT, 1, 2, 3, 1), 0, ANY_SECURE },
	{ "mnSystem", ROOT(MIB_MIP_ROOT, 1, 3, 1, 1), 1, MIB_MOBILE_NODE },
	{ "mnHAEntry", ROOT(MIB_MIP_ROOT, 1, 3, 1, 3, 1), 0, MIB_MOBILE_NODE },
	{ "mnFAEntry", ROOT(MIB_MIP_ROOT, 1, 3, 2, 1, 1), 0, MIB_MOBILE_NODE },
	{ "mnDiscovery", ROOT(MIB_MIP_ROOT, 1, 3, 2, 2), 9, MIB_MOBILE_NODE },
	{ "mnRegistrationEntry", ROOT(MIB_MIP_ROOT, 1, 3, 3, 1, 1), 0, MIB_MOBILE_NODE },
	{ "mnRegistration", ROOT(MIB_MIP_ROOT, 1, 3, 3, 2), 16, MIB_MOBILE_NODE },
	{ "maAdvConfigEntry", ROOT(MIB_MIP_ROOT, 1, 4, 2, 1, 1), 0, MIB_ADVERTISED },
	{ "maAdvertisement", ROOT(MIB_MIP_ROOT, 1, 4, 2, 2), 2, MIB_ADVERTISED },
	{ "faCOAEntry", ROOT(MIB_MIP_ROOT, 1, 5, 1, 1, 1), 0, MIB_FOREIGN_AGENT },
	{ "faAdvertisement", ROOT(MIB_MIP_ROOT, 1, 5, 2, 1), 1, MIB_FOREIGN_AGENT },
	{ "faVisitorEntry", ROOT(MIB_MIP_ROOT, 1, 5, 3, 1, 1), 0, MIB_FOREIGN_AGENT },
	{ "faRegistration", ROOT(MIB_MIP_ROOT, 1, 5, 3, 2), 14, MIB_FOREIGN_AGENT },
	{ "haMobilityBindingEntry", ROOT(MIB_MIP_ROOT, 1, 6, 3, 1, 1), 0, MIB_HOME_AGENT },
	{ "haCounterEntry", ROOT(MIB_MIP_ROOT, 1, 6, 3, 2, 1), 0, MIB_HOME_AGENT },
	{ "haRegistration", ROOT(MIB_MIP_ROOT, 1, 6, 3, 3), 16, MIB_HOME_AGENT },
	{ "hearthObjects", ROOT(MIB_HEARTH_ROOT, 1, 1), 3, ANY_AGENT },
	{ "hearthAssociationEntry", ROOT(MIB_HEARTH_ROOT, 1, 5, 1, 1), 0, MIB_HOME_AGENT },
	{ "hearthNodeEntry", ROOT(MIB_HEARTH_ROOT, 1, 6, 1, 1), 0, MIB_HOME_AGENT },
	{ "hearthBindingEntry", ROOT(MIB_HEARTH_ROOT, 1, 6, 2, 1), 0, MIB_HOME_AGENT },
	{ "hearthObjects", ROOT(MIB_HEARTH_ROOT, 1, 7), 4, ANY_AGENT },
};

/* Of subagents with the same objects the one with the lowest priority is asked; two of
 * one priority are refused. So each member of a cluster has one of its own. */
#define PRIORITY_FIRST 120
#define CONTEXT_MAX 64u

/* ---- the ways to ask ---- */

static void get(struct snmp_place *place, netsnmp_agent_request_info *info,
                netsnmp_request_info *request)
{
	static const int errors[] = {
		[MIB_NO_OBJECT] = SNMP_NOSUCHOBJECT,
		[MIB_NO_INSTANCE] = SNMP_NOSUCHINSTANCE,
	};
	enum mib_found found = MIB_NO_INSTANCE;
	struct mib_value value;
	struct mib_name name;

	if (snmp_name_in(request->requestvb->name, request->requestvb->name_length, &name))
		found = mib_tree_get(place->service->tree, &place->service->view, &name, &value);
	if (found != MIB_FOUND) {
		netsnmp_set_request_error(info, request, errors[found]);
		return;
	}
	mib_count(MIB_COUNT_READ);
	snmp_value_out(request->requestvb, &value);
}

/* The part of a registration that is asked. Between two parts another agent has one. */
static bool part_of(const netsnmp_request_info *request, struct mib_range *out)
{
	const netsnmp_subtree *part = request->subtree;

	return snmp_name_in(part->start_a, part->start_len, &out->start) &&
	       snmp_name_in(request->range_end, request->range_end_len, &out->end);
}

static bool get_next(struct snmp_place *place, netsnmp_request_info *request)
{
	netsnmp_variable_list *variable = request->requestvb;
	struct mib_value value;
	struct mib_range part;
	struct mib_name name;

	/* What has no answer here is asked of the next part that who asks may see. */
	if (!snmp_name_in(variable->name, variable->name_length, &name) ||
	    !part_of(request, &part) ||
	    !mib_tree_next(place->service->tree, &place->service->view, &name,
	                   request->inclusive != 0, &part, &name, &value))
		return false;
	mib_count(MIB_COUNT_READ);
	snmp_name_set(variable, &name);
	snmp_value_out(variable, &value);
	return true;
}

/* The next repetition of a GETBULK, if one is wanted. */
static bool repeat(netsnmp_request_info *request)
{
	netsnmp_variable_list *variable = request->requestvb;

	if (request->repeat <= 0 || !variable->next_variable)
		return false;
	request->repeat--;
	request->requestvb = variable->next_variable;
	request->inclusive = 0;
	snmp_set_var_objid(request->requestvb, variable->name, variable->name_length);
	request->requestvb->type = ASN_PRIV_RETRY;
	return true;
}

static void get_all(struct snmp_place *place, netsnmp_agent_request_info *info,
                    netsnmp_request_info *requests)
{
	for (netsnmp_request_info *r = requests; r; r = r->next)
		if (!r->processed)
			get(place, info, r);
}

static void get_next_all(struct snmp_place *place, netsnmp_agent_request_info *info,
                         netsnmp_request_info *requests)
{
	(void)info;
	for (netsnmp_request_info *r = requests; r; r = r->next)
		if (!r->processed)
			get_next(place, r);
}

/* One repetition of all columns after the other, so that a row is looked for once.
 * Columns that are done have nothing that is still to be answered. */
static void get_bulk_all(struct snmp_place *place, netsnmp_agent_request_info *info,
                         netsnmp_request_info *requests)
{
	bool more = true;

	(void)info;
	while (more) {
		more = false;
		for (netsnmp_request_info *r = requests; r; r = r->next)
			if (!r->processed &&
			    (r->requestvb->type == ASN_NULL ||
			     r->requestvb->type == ASN_PRIV_RETRY) &&
			    get_next(place, r) && repeat(r))
				more = true;
	}
}

static const struct {
	int mode;
	void (*answer)(struct snmp_place *place, netsnmp_agent_request_info *info,
	               netsnmp_request_info *requests);
} modes[] = {
	{ MODE_GET, get_all },
	{ MODE_GETNEXT, get_next_all },
	{ MODE_GETBULK, get_bulk_all },
};

static int handle(netsnmp_mib_handler *handler, netsnmp_handler_registration *registration,
                  netsnmp_agent_request_info *info, netsnmp_request_info *requests)
{
	struct snmp_place *place = handler->myvoid;

	(void)registration;
	snmp_hold(place->service, place->context);
	if (MODE_IS_SET(info->mode))
		snmp_set(place, info, requests);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (modes[i].mode == info->mode)
			modes[i].answer(place, info, requests);
	return SNMP_ERR_NOERROR;
}

/* ---- registrations ---- */

/* The branch, or one of those beside it. */
static enum ha_error register_at(struct mib_service *service, const struct branch *branch,
                                 unsigned beside, uint32_t context, const char *context_name)
{
	struct snmp_place *place = calloc(1, sizeof(*place));
	netsnmp_handler_registration *registration;
	oid root[MIB_NAME_MAX] = { 0 };

	if (!place)
		return HA_E_NOMEM;
	*place = (struct snmp_place){ service, context, service->places };
	service->places = place;
	for (size_t i = 0; i < branch->root.size; i++)
		root[i] = branch->root.at[i];
	root[branch->root.size - 1u] += beside;
	registration = netsnmp_create_handler_registration(
		branch->name, handle, root, branch->root.size,
		HANDLER_CAN_RWRITE | HANDLER_CAN_GETBULK);
	if (!registration)
		return HA_E_NOMEM;
	registration->handler->myvoid = place;
	registration->priority = PRIORITY_FIRST + (int)service->options.member;
	if (*context_name)
		registration->contextName = strdup(context_name);
	switch (netsnmp_register_handler(registration)) {
	case MIB_REGISTERED_OK:
		return HA_OK;
	case MIB_DUPLICATE_REGISTRATION:
		return HA_E_EXISTS;
	default:
		return HA_E_NOMEM;
	}
}

static enum ha_error register_branch(struct mib_service *service, const struct branch *branch,
                                     uint32_t context, const char *name)
{
	enum ha_error error = HA_OK;

	for (unsigned beside = 0; beside <= branch->beside && error == HA_OK; beside++)
		error = register_at(service, branch, beside, context, name);
	return error;
}

static enum ha_error register_context(struct mib_service *service, uint32_t context,
                                      const char *name, unsigned roles)
{
	enum ha_error error = HA_OK;

	for (size_t i = 0; i < sizeof(branches) / sizeof(branches[0]) && error == HA_OK; i++)
		if (branches[i].roles & roles)
			error = register_branch(service, &branches[i], context, name);
	return error;
}

/* The default context, that of this node where it has a name, and one for each group of home
 * agents, which has nothing of the other roles. Of a mobile node that of its name alone, so that it
 * stands beside agents behind one snmpd. */
enum ha_error snmp_register(struct mib_service *service)
{
	const struct mib_options *options = &service->options;
	bool alone = *options->context && options->roles == MIB_MOBILE_NODE;
	enum ha_error error = HA_OK;

	if (!alone)
		error = register_context(service, MIB_ALL_GROUPS, "", options->roles);
	if (*options->context && error == HA_OK)
		error = register_context(service, MIB_ALL_GROUPS, options->context, options->roles);
	for (size_t i = 0; i < options->group_count && error == HA_OK; i++) {
		char name[CONTEXT_MAX];

		snprintf(name, sizeof(name), "%.20s%sgroup-%u", options->context,
		         *options->context ? "-" : "", options->groups[i]);
		error = register_context(service, options->groups[i], name, MIB_HOME_AGENT);
	}
	return error;
}

void snmp_unregister(struct mib_service *service)
{
	while (service->places) {
		struct snmp_place *next = service->places->next;

		free(service->places);
		service->places = next;
	}
}
