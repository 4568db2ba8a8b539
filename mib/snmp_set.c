/* snmp_set.c - a SET as Net-SNMP gives it: in phases, each of them registration by
 * registration. What belongs to one request is known by its transaction: the numbers are
 * those of the library, or through AgentX those of the master.
 *
 * RESERVE1 collects and looks at single values, RESERVE2 judges all of them, ACTION
 * carries out; then COMMIT, FREE or UNDO. AgentX's TestSet is both reservations, its
 * CommitSet is the ACTION. A master that had no answer in time may send a TestSet again,
 * under the same transaction, and one that gave up leaves a plan behind: it ages, and few are
 * kept, of which the oldest makes way. */
#include "mib/snmp_internal.h"

#include <arpa/inet.h>
#include <net-snmp/library/snmpUDPBaseDomain.h>
#include <stdio.h>
#include <string.h>

#include "agentd/base/clock.h"
#include "mib/commit.h"
#include "mib/counters.h"
#include "mib/snmp_values.h"
#include "proto/authenticator.h"

#define THROUGH_MASTER "snmp through snmpd"
/* Twice what the manual gives a master for an answer. */
#define ABANDONED_MS 10000u

/* ---- who ---- */

static void name_sender(const netsnmp_pdu *pdu, char *out, size_t size)
{
	const netsnmp_indexed_addr_pair *pair = pdu->transport_data;
	char text[INET_ADDRSTRLEN] = "";

	if (pdu->transport_data_length == sizeof(*pair) &&
	    pair->remote_addr.sa.sa_family == AF_INET)
		inet_ntop(AF_INET, &pair->remote_addr.sin.sin_addr, text, sizeof(text));
	snprintf(out, size, "snmp community%s%s", text[0] ? " of " : "", text);
}

/* The user is known to who answers managers itself; AgentX does not tell it. A community
 * is a password, and never told. */
static void name_user(const netsnmp_agent_request_info *info, char *out, size_t size)
{
	const netsnmp_pdu *pdu = info->asp->pdu;

	if (pdu->version == SNMP_VERSION_3)
		snprintf(out, size, "snmp %.*s", (int)pdu->securityNameLen,
		         pdu->securityName ? pdu->securityName : "");
	else if (pdu->version == SNMP_VERSION_1 || pdu->version == SNMP_VERSION_2c)
		name_sender(pdu, out, size);
	else
		snprintf(out, size, "%s", THROUGH_MASTER);
}

/* ---- plans ---- */

static struct snmp_set *find(struct mib_service *service, long transaction)
{
	for (size_t i = 0; i < SNMP_SETS_MAX; i++)
		if (service->sets[i].plan && service->sets[i].transaction == transaction)
			return &service->sets[i];
	return NULL;
}

static void drop(struct snmp_set *set)
{
	set_plan_free(set->plan);
	*set = (struct snmp_set){ 0 };
}

void snmp_sets_drop(struct mib_service *service)
{
	for (size_t i = 0; i < SNMP_SETS_MAX; i++)
		drop(&service->sets[i]);
}

void snmp_sets_age(struct mib_service *service)
{
	for (size_t i = 0; i < SNMP_SETS_MAX; i++) {
		struct snmp_set *set = &service->sets[i];

		if (!set->plan || clock_monotonic_ms() - set->began_ms < ABANDONED_MS)
			continue;
		drop(set);
		mib_count(MIB_COUNT_SETS_ABANDONED);
	}
}

static struct snmp_set *begin(struct mib_service *service, long transaction)
{
	struct snmp_set *oldest = &service->sets[0];

	for (size_t i = 1; i < SNMP_SETS_MAX && oldest->plan; i++)
		if (!service->sets[i].plan || service->sets[i].number < oldest->number)
			oldest = &service->sets[i];
	drop(oldest);
	oldest->plan = set_plan_new(service->tree);
	oldest->transaction = transaction;
	oldest->number = ++service->set_count;
	oldest->began_ms = clock_monotonic_ms();
	return oldest->plan ? oldest : NULL;
}

/* ---- phases ---- */

struct phase {
	struct snmp_place *place;
	netsnmp_agent_request_info *info;
	netsnmp_request_info *requests;
	struct snmp_set *set;
};

/* A request ends once: done, or by its first refusal. */
static void count(struct snmp_set *set)
{
	if (!set->counted)
		mib_refusal_count(set->plan->refusal);
	set->counted = true;
}

/* The registration whose value is to blame says it; in every phase all are asked. */
static void answer(const struct phase *phase, enum mib_refusal refusal)
{
	const void *blamed = phase->set->plan->blamed;

	if (refusal == REFUSAL_NONE)
		return;
	count(phase->set);
	for (netsnmp_request_info *r = phase->requests; r; r = r->next)
		if (r == blamed)
			netsnmp_set_request_error(phase->info, r, (int)mib_refusal_status(refusal));
}

/* The names that a registration is asked for, as a number: FNV-1a. */
static uint64_t part_of(const netsnmp_request_info *requests)
{
	uint64_t part = UINT64_C(0xcbf29ce484222325);

	for (const netsnmp_request_info *r = requests; r; r = r->next)
		for (size_t i = 0; i < r->requestvb->name_length; i++)
			part = (part ^ r->requestvb->name[i]) * UINT64_C(0x100000001b3);
	return part ? part : 1;
}

/* false: there are too many. */
static bool take_part(struct snmp_set *set, uint64_t part)
{
	unsigned i = 0;

	while (i < set->part_count && set->parts[i] != part)
		i++;
	if (i == SNMP_PARTS_MAX)
		return false;
	set->parts[i] = part;
	if (i == set->part_count)
		set->part_count++;
	set_part(set->plan, part);
	return true;
}

static void reserve1(struct phase *phase)
{
	struct set_plan *plan = phase->set->plan;
	enum mib_refusal refusal = REFUSAL_NONE;

	if (!take_part(phase->set, part_of(phase->requests))) {
		netsnmp_set_request_error(phase->info, phase->requests,
		                          SNMP_ERR_RESOURCEUNAVAILABLE);
		return;
	}
	for (netsnmp_request_info *r = phase->requests; r && refusal == REFUSAL_NONE; r = r->next) {
		struct mib_value value;
		struct mib_name name = { 0 }; /* of no object: it was too long */

		snmp_name_in(r->requestvb->name, r->requestvb->name_length, &name);
		snmp_value_in(r->requestvb, &value);
		refusal = set_add(plan, &name, &value, r);
		mip_wipe(&value, sizeof(value));
	}
	answer(phase, refusal);
}

/* Not what an earlier request of the same turn saw. */
static void look_again(const struct snmp_place *place)
{
	snmp_let_go(place->service);
	snmp_hold(place->service, place->context);
}

static void reserve2(struct phase *phase)
{
	look_again(phase->place);
	answer(phase, set_judge(phase->set->plan, &phase->place->service->view));
}

static void act(struct phase *phase)
{
	char who[256];

	name_user(phase->info, who, sizeof(who));
	answer(phase, set_commit(phase->set->plan, who));
	count(phase->set);
	look_again(phase->place);
}

static void end(struct phase *phase)
{
	if (++phase->set->done >= phase->set->part_count)
		drop(phase->set);
}

static void undo(struct phase *phase)
{
	char who[256];

	name_user(phase->info, who, sizeof(who));
	if (set_undo(phase->set->plan, who) == REFUSAL_UNDO) {
		mib_refusal_count(REFUSAL_UNDO);
		netsnmp_set_request_error(phase->info, phase->requests, SNMP_ERR_UNDOFAILED);
	}
	look_again(phase->place);
	end(phase);
}

static const struct {
	int mode;
	void (*run)(struct phase *phase);
} phases[] = {
	{ MODE_SET_RESERVE1, reserve1 }, { MODE_SET_RESERVE2, reserve2 }, { MODE_SET_ACTION, act },
	{ MODE_SET_COMMIT, end },        { MODE_SET_FREE, end },          { MODE_SET_UNDO, undo },
};

void snmp_set(struct snmp_place *place, netsnmp_agent_request_info *info,
              netsnmp_request_info *requests)
{
	long transaction = info->asp->pdu->transid;
	struct phase phase = { place, info, requests, find(place->service, transaction) };

	if (!phase.set && info->mode == MODE_SET_RESERVE1)
		phase.set = begin(place->service, transaction);
	if (!phase.set) {
		/* Its plan made way, or there is no memory for one. */
		netsnmp_set_request_error(info, requests, SNMP_ERR_RESOURCEUNAVAILABLE);
		return;
	}
	for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++)
		if (phases[i].mode == info->mode)
			phases[i].run(&phase);
}
