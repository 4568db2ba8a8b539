/* mn_registration.c - mnRegistration: registrations that hold or are asked for, and counters. */
#include "agentd/base/binding.h"
#include "mib/bindings.h"
#include "mib/node.h"
#include "mib/view.h"

static const struct mobile_shown *shown_of(const struct mib_cell *cell)
{
	return mib_node_shown(&cell->view->node);
}

/* ---- mnRegistrationTable ---- */

static void key_at(const void *context, size_t i, struct mib_key *out)
{
	const struct mobile_attempt *attempts = context;

	mib_key_octets(out, &attempts[i].as.agent, MIB_ADDRESS_OCTETS);
	mib_key_octets(out, &attempts[i].as.care_of, MIB_ADDRESS_OCTETS);
}

static bool find(struct mib_view *view, const struct mib_key *from, bool after,
                 struct mib_key *found, void *row)
{
	const struct mobile_shown *shown = mib_node_shown(&view->node);
	size_t place = mib_place_of_few(shown->attempts, shown->attempt_count, key_at, from, after);

	if (place == shown->attempt_count)
		return false;
	key_at(shown->attempts, place, found);
	*(struct mobile_attempt *)row = shown->attempts[place];
	return true;
}

static const struct mobile_attempt *attempt_of(const struct mib_cell *cell)
{
	return cell->row;
}

static bool read_agent(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_address(out, attempt_of(cell)->as.agent);
}

static bool read_care_of(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_address(out, attempt_of(cell)->as.care_of);
}

static bool read_flags(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_registration_flags(out, attempt_of(cell)->as.flags);
}

static bool read_identification_low(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_integer(out, (int32_t)(uint32_t)attempt_of(cell)->as.identification);
}

static bool read_identification_high(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_integer(out, (int32_t)(uint32_t)(attempt_of(cell)->as.identification >> 32));
}

static bool read_requested(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_integer(out, attempt_of(cell)->as.granted_s);
}

static bool read_remaining(const struct mib_cell *cell, struct mib_value *out)
{
	uint64_t expires_ms = attempt_of(cell)->as.expires_ms, now_ms = cell->view->monotonic_ms;

	if (expires_ms == UINT64_MAX)
		return mib_unsigned(out, LIFETIME_INFINITE);
	return mib_unsigned(out, expires_ms > now_ms ? (expires_ms - now_ms) / 1000u : 0);
}

static bool read_sent(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_ticks(out,
	                 mib_view_ticks_of_monotonic(cell->view, attempt_of(cell)->as.sent_ms));
}

static bool read_accepted(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_truth(out, attempt_of(cell)->accepted);
}

static bool read_own(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_truth(out, attempt_of(cell)->as.own);
}

static const struct mib_column columns[] = {
	{ 1, MIB_READ, read_agent, NULL },
	{ 2, MIB_READ, read_care_of, NULL },
	{ 3, MIB_READ, read_flags, NULL },
	{ 4, MIB_READ, read_identification_low, NULL },
	{ 5, MIB_READ, read_identification_high, NULL },
	{ 6, MIB_READ, read_requested, NULL },
	{ 7, MIB_READ, read_remaining, NULL },
	{ 8, MIB_READ, read_sent, NULL },
	{ 9, MIB_READ, read_accepted, NULL },
	{ 10, MIB_READ, read_own, NULL },
};

struct mib_table mn_attempts = {
	.name = "mnRegistrationEntry",
	MIB_ROOT(MIB_MIP_ROOT, 1, 3, 3, 1, 1),
	.index = { 2, { { .kind = MIB_PART_ADDRESS }, { .kind = MIB_PART_ADDRESS } } },
	MIB_COLUMNS(columns),
	.find = find,
};

/* ---- counters ---- */

#define COUNTER(arc, expression)                                                                   \
	static bool read_##arc(const struct mib_cell *cell, struct mib_value *out)                 \
	{                                                                                          \
		const struct mobile_counts *c = &shown_of(cell)->counts;                           \
                                                                                                   \
		return mib_counter(out, expression);                                               \
	}

COUNTER(2, c->requests - c->ending)
COUNTER(3, c->ending)
COUNTER(4, c->replies)
COUNTER(5, c->replies_ending)
COUNTER(6, c->bad_home)
COUNTER(7, c->bad_home_agent)
COUNTER(8, c->bad_agent)
COUNTER(9, c->bad_identification)
COUNTER(10, c->bad_extension)
COUNTER(11, c->reply_skipped)
COUNTER(12, c->unsigned_home_agent)
COUNTER(13, c->unsigned_agent)
COUNTER(14, c->accepted)
COUNTER(15, c->denied_home_agent)
COUNTER(16, c->denied_agent)
COUNTER(17, c->denied_identification)
COUNTER(18, c->looking)

static const struct mib_column counter_columns[] = {
	{ 2, MIB_READ, read_2, NULL },   /* mnRegRequestsSent */
	{ 3, MIB_READ, read_3, NULL },   /* mnDeRegRequestsSent */
	{ 4, MIB_READ, read_4, NULL },   /* mnRegRepliesRecieved */
	{ 5, MIB_READ, read_5, NULL },   /* mnDeRegRepliesRecieved */
	{ 6, MIB_READ, read_6, NULL },   /* mnRepliesInvalidHomeAddress */
	{ 7, MIB_READ, read_7, NULL },   /* mnRepliesUnknownHA */
	{ 8, MIB_READ, read_8, NULL },   /* mnRepliesUnknownFA */
	{ 9, MIB_READ, read_9, NULL },   /* mnRepliesInvalidID */
	{ 10, MIB_READ, read_10, NULL }, /* mnRepliesDroppedInvalidExtension */
	{ 11, MIB_READ, read_11, NULL }, /* mnRepliesIgnoredUnknownExtension */
	{ 12, MIB_READ, read_12, NULL }, /* mnRepliesHAAuthenticationFailure */
	{ 13, MIB_READ, read_13, NULL }, /* mnRepliesFAAuthenticationFailure */
	{ 14, MIB_READ, read_14, NULL }, /* mnRegRequestsAccepted */
	{ 15, MIB_READ, read_15, NULL }, /* mnRegRequestsDeniedByHA */
	{ 16, MIB_READ, read_16, NULL }, /* mnRegRequestsDeniedByFA */
	{ 17, MIB_READ, read_17, NULL }, /* mnRegRequestsDeniedByHADueToID */
	{ 18, MIB_READ, read_18, NULL }, /* mnRegRequestsWithDirectedBroadcast */
};

struct mib_table mn_registration = {
	.name = "mnRegistration",
	MIB_ROOT(MIB_MIP_ROOT, 1, 3, 3),
	MIB_SCALARS,
	MIB_COLUMNS(counter_columns),
};
