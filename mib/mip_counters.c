/* mip_counters.c - haCounterTable: what became of the requests of each mobile node that has
 * a home address. Who has one of its own is read from the store, in the order of its keys;
 * who has one from a pool is in the store by its name, so that order is asked of memory. */
#include <string.h>

#include "agentd/base/address.h"
#include "agentd/flow/inspect.h"
#include "mib/groups.h"
#include "mib/objects.h"
#include "mib/peers.h"

struct row {
	struct mib_group *group;
	struct in_addr home;
	struct state_service service;
};

/* The first address that may be meant; of a part of one the first that begins so. false:
 * it would be behind the last one. */
static bool first_address(const struct mib_key *from, bool after, struct in_addr *out)
{
	uint32_t number;

	out->s_addr = 0;
	memcpy(out, from->at, from->size < MIB_ADDRESS_OCTETS ? from->size : MIB_ADDRESS_OCTETS);
	number = address_host(*out);
	out->s_addr = htonl(number + after);
	return number < UINT32_MAX || !after;
}

/* Of a node that went since the snapshot was taken nothing is known any more. */
static void give(struct mib_group *group, struct in_addr home, struct mib_key *found,
                 struct row *row)
{
	const struct agent_whom whom = { .realm = agent_realm(group->agent), .address = home };

	row->group = group;
	row->home = home;
	if (!agent_service(group->agent, &whom, &row->service))
		row->service = (struct state_service){ 0 };
	mib_key_octets(found, &home, MIB_ADDRESS_OCTETS);
}

static bool find_own(struct mib_group *group, struct in_addr *home)
{
	struct store_reader *reader = mib_group_reader(group);
	struct mib_peer_place at = { PEER_MOBILE_NODE,
		                     agent_realm(group->agent),
		                     { MIB_ADDRESS_OCTETS, { 0 } } };
	struct peer_row peer;

	memcpy(at.identity.at, home, MIB_ADDRESS_OCTETS);
	if (!reader || !mib_peer_address(reader, &at, false, &at, &peer))
		return false;
	*home = peer.address;
	return true;
}

static bool find_in(struct mib_group *group, const struct mib_key *from, bool after,
                    struct mib_key *found, void *row)
{
	struct in_addr first, own, last = { INADDR_BROADCAST };
	bool any;

	if (!first_address(from, after, &first))
		return false;
	own = first;
	any = find_own(group, &own);
	if (any)
		last = own; /* what is behind it need not be looked at */
	if (agent_next_leased(group->agent, agent_realm(group->agent), &first, last))
		own = first;
	else if (!any)
		return false;
	give(group, own, found, row);
	return true;
}

static bool find_node(struct mib_view *view, const struct mib_key *from, bool after,
                      struct mib_key *found, void *row)
{
	return mib_find_merged(view, mib_view_led, from, after, found, row, find_in);
}

static bool find_denied_in(struct mib_group *group, const struct mib_key *from, bool after,
                           struct mib_key *found, void *row)
{
	struct in_addr home;

	if (!first_address(from, after, &home) ||
	    !agent_next_denied(group->agent, agent_realm(group->agent), &home))
		return false;
	give(group, home, found, row);
	return true;
}

/* The few of a million that were denied. */
static bool find_denied(struct mib_view *view, const struct mib_key *from, bool after,
                        struct mib_key *found, void *row)
{
	return mib_find_merged(view, mib_view_led, from, after, found, row, find_denied_in);
}

/* ---- columns ---- */

static const struct state_service *service_of(const struct mib_cell *cell)
{
	const struct row *row = cell->row;

	return &row->service;
}

static uint64_t cluster_time_ms(const struct mib_cell *cell)
{
	const struct row *row = cell->row;

	return mib_group_status(row->group)->cluster_time_ms;
}

static bool read_accepted(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_counter(out, service_of(cell)->accepted);
}

static bool read_denied(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_counter(out, service_of(cell)->denied);
}

static bool read_served(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_unsigned(out, agent_served_ms(service_of(cell), cluster_time_ms(cell)) / 1000u);
}

/* 0 while none was, as for what was before the SNMP agent began. */
static bool read_accepted_time(const struct mib_cell *cell, struct mib_value *out)
{
	uint64_t then_ms = service_of(cell)->accepted_ms, now_ms = cluster_time_ms(cell);
	uint64_t age_ms = now_ms > then_ms ? now_ms - then_ms : 0;
	uint64_t monotonic_ms = cell->view->monotonic_ms;

	if (!then_ms || age_ms > monotonic_ms)
		return mib_ticks(out, 0);
	return mib_ticks(out, mib_view_ticks_of_monotonic(cell->view, monotonic_ms - age_ms));
}

static bool read_denied_time(const struct mib_cell *cell, struct mib_value *out)
{
	const struct state_service *service = service_of(cell);

	return service->denied_code &&
	       mib_ticks(out, mib_view_ticks_of_monotonic(cell->view, service->denied_ms));
}

static bool read_denied_code(const struct mib_cell *cell, struct mib_value *out)
{
	const struct state_service *service = service_of(cell);

	return service->denied_code && mib_integer(out, service->denied_code);
}

static const struct mib_column columns[] = {
	{ 2, MIB_READ, read_accepted, NULL },
	{ 3, MIB_READ, read_denied, NULL },
	{ 4, MIB_READ, read_served, NULL },
	{ 5, MIB_READ, read_accepted_time, NULL },
	{ 6, MIB_READ, read_denied_time, find_denied },
	{ 7, MIB_READ, read_denied_code, find_denied },
};

struct mib_table mip_counters = {
	.name = "haCounterEntry",
	MIB_ROOT(MIB_MIP_ROOT, 1, 6, 3, 2, 1),
	.index = { 1, { { .kind = MIB_PART_ADDRESS } } },
	MIB_COLUMNS(columns),
	.find = find_node,
};
