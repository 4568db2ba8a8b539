/* write_advertised.c - maAdvConfigTable is written. Its rows are the interfaces of the configuration:
 * one can be taken out of service, changed, put into service again; destroyed, and made again. Of
 * an active row nothing else is written, unless the same request takes it out of service. */
#include <string.h>

#include "mib/write_visit.h"
#include "mib/writings.h"

#define ALL_SYSTEMS UINT32_C(0xe0000001) /* 224.0.0.1 */

static bool wants_more_than_status(const struct set_row *row)
{
	for (uint32_t arc = ADVERTISED_MAX_REGISTRATION_LIFETIME; arc < ADVERTISED_STATUS; arc++)
		if (set_wanted(row, arc))
			return true;
	return false;
}

/* What the row is to become. false: refused. A row that was destroyed is there no more, but its
 * interface is. */
static bool take_status(struct set_row *row, bool exists, enum served_link_state *state)
{
	bool was_active = exists && *state == LINK_ACTIVE;

	switch (set_number(row, ADVERTISED_STATUS, 0)) {
	case 0:
		if (!exists || was_active)
			set_refuse(row, 0, exists ? REFUSAL_INCONSISTENT : REFUSAL_NO_ROW);
		break;
	case MIB_ROW_ACTIVE:
		if (!exists || (was_active && wants_more_than_status(row)))
			set_refuse(row, ADVERTISED_STATUS, REFUSAL_INCONSISTENT);
		*state = LINK_ACTIVE;
		break;
	case MIB_ROW_NOT_IN_SERVICE:
		if (!exists)
			set_refuse(row, ADVERTISED_STATUS, REFUSAL_INCONSISTENT);
		*state = LINK_SILENT;
		break;
	case MIB_ROW_CREATE_AND_GO:
	case MIB_ROW_CREATE_AND_WAIT:
		if (exists)
			set_refuse(row, ADVERTISED_STATUS, REFUSAL_INCONSISTENT);
		*state = set_number(row, ADVERTISED_STATUS, 0) == MIB_ROW_CREATE_AND_GO
		                 ? LINK_ACTIVE
		                 : LINK_SILENT;
		break;
	case MIB_ROW_DESTROY:
		*state = LINK_GONE;
		break;
	default: /* notReady */
		set_refuse(row, ADVERTISED_STATUS, REFUSAL_VALUE);
		break;
	}
	return !set_is_refused(row);
}

static uint16_t wanted_s(const struct set_row *row, uint32_t arc, uint16_t otherwise)
{
	return (uint16_t)set_number(row, arc, otherwise);
}

static bool wanted_truth(const struct set_row *row, uint32_t arc, bool otherwise)
{
	return set_number(row, arc, otherwise ? MIB_TRUE : MIB_FALSE) == MIB_TRUE;
}

/* RFC 5944 section 2.1: no other address. */
static void take_address(struct set_row *row, struct visit_link *link)
{
	const struct mib_value *value = set_wanted(row, ADVERTISED_ADDRESS);

	if (!value)
		return;
	link->broadcast = value->is.address.s_addr == INADDR_BROADCAST;
	if (!link->broadcast && value->is.address.s_addr != htonl(ALL_SYSTEMS))
		set_refuse(row, ADVERTISED_ADDRESS, REFUSAL_VALUE);
}

static void take_values(struct set_row *row, struct visit_link *link)
{
	link->max_lifetime_s = wanted_s(row, ADVERTISED_MAX_REGISTRATION_LIFETIME,
	                                link->max_lifetime_s);
	link->prefix_lengths = wanted_truth(row, ADVERTISED_PREFIX_LENGTHS, link->prefix_lengths);
	link->most_s = wanted_s(row, ADVERTISED_MAX_INTERVAL, link->most_s);
	link->least_s = wanted_s(row, ADVERTISED_MIN_INTERVAL, link->least_s);
	link->lifetime_s = wanted_s(row, ADVERTISED_LIFETIME, link->lifetime_s);
	link->solicited = wanted_truth(row, ADVERTISED_SOLICITED, link->solicited);
	take_address(row, link);
}

static void judge(struct set_row *row)
{
	const struct visit_link *found = set_found(row);
	struct visit_change change = { .kind = VISIT_LINK };
	struct visit *visit = row->plan->view->visits.visit;

	memcpy(&change.address, row->key.at, sizeof(change.address));
	if (found)
		change.link = *found;
	else if (!visit || !visit_link_at(visit, change.address, &change.link)) {
		set_refuse(row, 0, REFUSAL_NO_CREATION);
		return;
	}
	if (!take_status(row, found != NULL, &change.link.state))
		return;
	if (change.link.state == LINK_GONE && !found) /* it is not there already */
		return;
	take_values(row, &change.link);
	if (!set_is_refused(row))
		write_visit(row, 0, &change);
}

#define SECONDS(arc, min, max)                                                                     \
	{                                                                                          \
		(arc), MIB_INTEGER, (min), (max), false                                            \
	}
#define TRUTH(arc) SECONDS(arc, MIB_TRUE, MIB_FALSE)

static const struct mib_writable columns[] = {
	SECONDS(ADVERTISED_MAX_REGISTRATION_LIFETIME, 0, UINT16_MAX),
	TRUTH(ADVERTISED_PREFIX_LENGTHS),
	{ ADVERTISED_ADDRESS, MIB_ADDRESS, 0, 0, false },
	SECONDS(ADVERTISED_MAX_INTERVAL, ADVERTISED_EVERY_LONGEST_LEAST_S, ADVERTISED_EVERY_MOST_S),
	SECONDS(ADVERTISED_MIN_INTERVAL, ADVERTISED_EVERY_LEAST_S, ADVERTISED_EVERY_MOST_S),
	SECONDS(ADVERTISED_LIFETIME, 4, ADVERTISED_LIFETIME_MOST_S),
	TRUTH(ADVERTISED_SOLICITED),
	SECONDS(ADVERTISED_STATUS, MIB_ROW_ACTIVE, MIB_ROW_DESTROY),
};

const struct mib_writing write_advertised_links = { MIB_WRITABLE(columns), judge };
