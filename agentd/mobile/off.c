/* off.c - Mobile IP switched off: a binding is ended, and then nothing is heard, looked for or asked
 * until it is switched on. What is at the home agent beyond that ends with its lifetime. */
#include "agentd/base/log.h"
#include "agentd/mobile/internal.h"

bool mobile_is_parting(const struct mobile *mobile)
{
	return (mobile->dropping || mobile->off) && !mobile->ending;
}

static void rest(struct mobile *mobile)
{
	struct mobile_stay *stay = &mobile->stay;

	log_notice("Mobile IP is switched off");
	heard_forget_interface(&mobile->heard, MOBILE_LINK);
	heard_use_none(&mobile->heard);
	solicit_end(&mobile->solicit);
	mobile_forget_rivals(mobile);
	stay->off = true;
	stay->attached = stay->bound = stay->udp = false;
	mobile->kept = mobile->pending = mobile->wanted = false;
	mobile->held_count = 0;
	mobile->unlisted = false;
	mobile->granted_s = 0;
	mobile->state = MOBILE_OFF;
	mobile_show(mobile);
}

void mobile_part(struct mobile *mobile)
{
	if (mobile_is_bound(mobile))
		log_warning("a binding could not be ended, and lasts as long as it was granted");
	if (mobile->dropping)
		mobile_drop_home_agent(mobile);
	if (mobile->off)
		rest(mobile);
}

static void switch_off(struct mobile *mobile)
{
	mobile_go_back(mobile);
	mobile->pending = false;
	mobile->wanted = mobile->stay.attached && mobile_is_bound(mobile);
	if (!mobile->wanted)
		mobile_part(mobile);
}

/* What was to end may have ended, if the request came there. */
static void switch_on(struct mobile *mobile)
{
	if (mobile->state != MOBILE_OFF) {
		mobile->pending = false;
		mobile->wanted = true;
		return;
	}
	log_notice("Mobile IP is switched on");
	mobile->stay.off = false;
	mobile->search_anew = true;
	mobile->state = MOBILE_SEARCHING;
	mobile_show(mobile);
}

void mobile_enable(struct mobile *mobile, bool enabled)
{
	if (mobile->off == !enabled || mobile->ending)
		return;
	mobile->off = !enabled;
	if (enabled)
		switch_on(mobile);
	else
		switch_off(mobile);
}
