/* held.c - the bindings that the home agent has of the node, as far as it knows of them, and how they
 * are ended. */
#include <string.h>

#include "agentd/base/log.h"
#include "agentd/mobile/internal.h"

static struct mobile_held held_now(const struct mobile *mobile)
{
	const struct mobile_plan *plan = &mobile->plan;

	return (struct mobile_held){
		.care_of = mobile->at.care_of,
		.expires_ms = mobile->lifetime.expires_ms,
		.agent = plan->destination,
		.identification = plan->fixed.identification,
		.sent_ms = mobile->sent_ms,
		.granted_s = mobile->granted_s,
		.flags = plan->fixed.flags,
		.own = mobile->at.way == MOBILE_CO_LOCATED,
	};
}

void mobile_hold(struct mobile *mobile, bool alone)
{
	struct in_addr care_of = mobile->at.care_of;
	struct mobile_held before[MOBILE_BINDINGS_MAX];
	uint8_t count = mobile->held_count, kept = 1;

	memcpy(before, mobile->held, sizeof(before));
	mobile->held[0] = held_now(mobile);
	mobile->unlisted &= !alone;
	for (uint8_t i = 0; i < count && !alone; i++) {
		if (address_equal(before[i].care_of, care_of))
			continue;
		if (kept == MOBILE_BINDINGS_MAX)
			mobile->unlisted = true;
		else
			mobile->held[kept++] = before[i];
	}
	mobile->held_count = kept;
}

static bool holds(const struct mobile *mobile, struct in_addr care_of)
{
	for (uint8_t i = 0; i < mobile->held_count; i++)
		if (address_equal(mobile->held[i].care_of, care_of))
			return true;
	return false;
}

void mobile_forget_ended(struct mobile *mobile)
{
	uint8_t kept = 0;

	for (uint8_t i = 0; i < mobile->held_count && mobile->purpose == MOBILE_UNBIND; i++)
		if (!address_equal(mobile->held[i].care_of, mobile->plan.fixed.care_of))
			mobile->held[kept++] = mobile->held[i];
	mobile->held_count = kept;
	mobile->unlisted &= mobile->purpose == MOBILE_UNBIND;
}

static void lapse(struct mobile *mobile)
{
	log_warning("the registration by %s ended before it was renewed",
	            address_format(mobile->stay.care_of[0]).text);
	mobile->counts.lapsed++;
	mobile->stay.bound = false;
	if (mobile->kept) {
		mobile_settle(mobile); /* there somebody is asked already */
		return;
	}
	mobile->state = MOBILE_ASKING;
	mobile->wanted = !mobile->pending;
}

void mobile_forget_expired(struct mobile *mobile, uint64_t now_ms)
{
	uint8_t kept = 0;

	for (uint8_t i = 0; i < mobile->held_count; i++)
		if (now_ms < mobile->held[i].expires_ms)
			mobile->held[kept++] = mobile->held[i];
	if (kept == mobile->held_count)
		return;
	mobile->held_count = kept;
	if (mobile->stay.bound && mobile_is_away(mobile) && now_ms >= mobile->lifetime.expires_ms)
		lapse(mobile);
	mobile_show(mobile);
}

/* ---- the end ---- */

bool mobile_is_bound(const struct mobile *mobile)
{
	return mobile->held_count > 0 || mobile->unlisted;
}

/* RFC 5944 sections 3.6.1.2 and 3.8.2.2. */
enum mobile_purpose mobile_purpose_of_end(const struct mobile *mobile)
{
	bool is_only = mobile->held_count == 1 && !mobile->unlisted &&
	               holds(mobile, mobile->at.care_of);

	return is_only || mobile->one_alone ? MOBILE_UNBIND : MOBILE_UNBIND_ALL;
}

void mobile_end_less(struct mobile *mobile)
{
	if (!mobile->one_alone && mobile->purpose == MOBILE_UNBIND_ALL &&
	    holds(mobile, mobile->at.care_of))
		mobile->one_alone = mobile->wanted = true;
	else
		mobile->state = MOBILE_ENDED;
}
