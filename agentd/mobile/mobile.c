/* mobile.c - what happened, and what is due. */
#include "agentd/mobile/mobile.h"

#include <string.h>

#include "agentd/base/log.h"
#include "agentd/discovery/move.h"
#include "agentd/mobile/internal.h"

#define REMINDERS_MAX 3u
#define REMINDERS_MS 10000u /* after so many */

static const char *const state_names[] = {
	[MOBILE_SEARCHING] = "searching",   [MOBILE_ASKING] = "asking",
	[MOBILE_REGISTERED] = "registered", [MOBILE_HOME] = "home",
	[MOBILE_REFUSED] = "denied",        [MOBILE_OFF] = "off",
	[MOBILE_ENDED] = "ended",
};

const char *mobile_state_name(enum mobile_state state)
{
	return state_names[state];
}

const char *mobile_way_name(enum mobile_way way)
{
	static const char *const names[] = {
		[MOBILE_AT_HOME] = "home",
		[MOBILE_BY_AGENT] = "foreign-agent",
		[MOBILE_CO_LOCATED] = "co-located",
	};

	return names[way];
}

void mobile_init(struct mobile *mobile, const struct mobile_settings *settings,
                 const struct mobile_ops *ops)
{
	*mobile = (struct mobile){
		.settings = settings,
		.ops = ops,
		.node = settings->node,
		.wishes = settings->wishes,
		.identity = { .nonces = settings->nonces },
		.again_ms = UINT64_MAX,
		.reason = "",
	};
	if (mobile->node.home_agent.s_addr)
		mobile->home_agents[mobile->home_agent_count++] = mobile->node.home_agent;
	solicit_init(&mobile->solicit);
}

/* ---- what happened ---- */

void mobile_keep_mac(struct mobile *mobile, struct in_addr source, struct mac from)
{
	for (size_t i = 0; i < HEARD_AGENTS_MAX; i++)
		if (address_equal(mobile->links[i].source, source)) {
			mobile->links[i].mac = from;
			return;
		}
	/* Whoever serves is not pushed out by others: all of these are forged easily. */
	while (mobile->stay.attached &&
	       address_equal(mobile->links[mobile->link_next].source, mobile->at.agent) &&
	       mobile->at.agent.s_addr)
		mobile->link_next = (uint8_t)((mobile->link_next + 1) % HEARD_AGENTS_MAX);
	mobile->links[mobile->link_next] = (struct mobile_agent_link){ source, from };
	mobile->link_next = (uint8_t)((mobile->link_next + 1) % HEARD_AGENTS_MAX);
}

bool mobile_serves(const struct mobile *mobile, struct in_addr source)
{
	return mobile->stay.attached && mobile->at.by_agent &&
	       address_equal(mobile->at.agent, source);
}

/* The challenge that was refused is answered no more; another one is, at once. */
static bool is_stale(const struct mobile *mobile, const struct heard_agent *agent)
{
	return mobile->stale &&
	       memcmp(mobile->challenge, agent->challenge, agent->challenge_size) == 0;
}

/* Of who serves, what it offers now is what the next request is made by. */
static void take_offer(struct mobile *mobile, const struct heard_agent *agent)
{
	mobile->at.offers = agent->flags;
	mobile->at.agent_lifetime_s = agent->registration_lifetime_s;
	if (agent->challenge_size == 0 || is_stale(mobile, agent))
		return;
	mobile->wanted |= mobile->stale;
	mobile->stale = false;
	memcpy(mobile->challenge, agent->challenge, agent->challenge_size);
	mobile->at.challenge = (struct span){ mobile->challenge, agent->challenge_size };
}

void mobile_advertised(struct mobile *mobile, const struct advertisement *advertisement,
                       struct in_addr source, struct mac from, uint64_t now_ms)
{
	const struct heard_agent *agent;
	enum heard_event event;

	if (mobile->off)
		return;
	mobile->counts.advertisements++;
	mobile->counts.skipped += advertisement->skipped_count;
	if (mobile_is_rival(mobile, source, from, now_ms)) {
		mobile_note_rival(mobile, from, now_ms);
		return;
	}
	event = heard_take(&mobile->heard, advertisement, source, MOBILE_LINK, now_ms);
	agent = heard_find(&mobile->heard, source, MOBILE_LINK);
	mobile->counts.restarts += event == HEARD_RESTARTED;
	mobile->last = (struct mobile_advertised_last){
		.source = source,
		.heard_ms = now_ms,
		.sequence = advertisement->sequence,
		.flags = advertisement->flags,
		.registration_lifetime_s = advertisement->registration_lifetime_s,
		.lifetime_s = advertisement->lifetime_s,
	};
	if (!agent)
		return;
	mobile_keep_mac(mobile, source, from);
	mobile_keep_heard(mobile, source, from, agent->expires_ms);
	if (!mobile_serves(mobile, source))
		return;
	take_offer(mobile, agent);
	if (event == HEARD_RESTARTED && !mobile->pending) {
		log_notice("agent %s has been started again", address_format(source).text);
		mobile->wanted = true;
	}
}

/* A few at once, and then seldom: who makes them up has no more of it than that. */
static bool may_be_reminded(struct mobile *mobile, uint64_t now_ms)
{
	if (now_ms >= mobile->reminded_ms + REMINDERS_MS)
		mobile->reminders = 0;
	if (mobile->reminders == REMINDERS_MAX)
		return false;
	mobile->reminders++;
	mobile->reminded_ms = now_ms;
	return true;
}

void mobile_reminded(struct mobile *mobile, const struct advertisement *advertisement,
                     struct in_addr source, struct mac from, uint64_t now_ms)
{
	if (advertisement->sequence != 0 || mobile->wanted || mobile->pending ||
	    !mobile->stay.bound || mobile->kept || !mobile_serves(mobile, source) ||
	    !mac_equal(from, mobile->stay.agent_mac) || !may_be_reminded(mobile, now_ms))
		return;
	log_notice("agent %s says that it does not serve this node any more",
	           address_format(source).text);
	mobile->counts.reminded++;
	mobile->wanted = true;
}

void mobile_unsound(struct mobile *mobile, enum discovery_fault fault)
{
	static const enum discovery_fault of_extensions[] = {
		DISCOVERY_CUT,          DISCOVERY_UNKNOWN,       DISCOVERY_AGENT_SIZE,
		DISCOVERY_PREFIX_COUNT, DISCOVERY_PREFIX_LENGTH,
	};

	for (size_t i = 0; i < sizeof(of_extensions) / sizeof(of_extensions[0]) && !mobile->off;
	     i++)
		mobile->counts.unsound += fault == of_extensions[i];
}

void mobile_addresses(struct mobile *mobile, const struct in_addr *addresses, size_t count)
{
	mobile->address_count = (uint8_t)(count < MOBILE_ADDRESSES_MAX ? count
	                                                               : MOBILE_ADDRESSES_MAX);
	memcpy(mobile->addresses, addresses, mobile->address_count * sizeof(*addresses));
}

void mobile_link_changed(struct mobile *mobile)
{
	heard_forget_interface(&mobile->heard, MOBILE_LINK);
	mobile->search_anew = true;
	mobile->kept_until_ms = 0;
	mobile_refuse_nobody(mobile);
	mobile_forget_rivals(mobile);
	if (!mobile->stay.attached)
		return;
	/* The same address behind another link may be another place. */
	mobile->wanted |= !mobile->pending;
	if (mobile->stay.way == MOBILE_AT_HOME)
		mobile->ops->announce(mobile->ops->context, mobile->node.home);
}

void mobile_end(struct mobile *mobile)
{
	bool under_way = mobile->pending && mobile->at.way == MOBILE_AT_HOME;

	mobile_go_back(mobile);
	mobile->ending = true;
	if (!mobile->stay.attached || !mobile_is_bound(mobile)) {
		mobile->pending = mobile->wanted = false;
		mobile->state = MOBILE_ENDED;
		return;
	}
	mobile->pending = under_way;
	mobile->wanted = !under_way;
}

/* ---- what is due ---- */

void mobile_suit_agent(struct mobile *mobile)
{
	const struct mobile_settings *settings = mobile->settings;
	static const uint16_t flags[] = {
		[ENCAPSULATION_IPIP] = UINT16_MAX,
		[ENCAPSULATION_MINIMAL] = AGENT_MINIMAL,
		[ENCAPSULATION_GRE] = AGENT_GRE,
	};

	if (mobile->at.way != MOBILE_BY_AGENT)
		return;
	if (settings->encapsulation_optional &&
	    !(mobile->at.offers & flags[mobile->wishes.encapsulation]))
		mobile->wishes.encapsulation = ENCAPSULATION_IPIP;
	if (settings->reverse_optional && !(mobile->at.offers & AGENT_REVERSE_TUNNEL))
		mobile->wishes.reverse = false;
}

/* From where it was last, whether it was nowhere meanwhile or not. */
static void count_move(struct mobile *mobile, const struct mobile_attachment *at)
{
	bool home = at->way == MOBILE_AT_HOME;

	mobile->counts.moves++;
	if (!mobile->been)
		return;
	if (mobile->at.way == MOBILE_AT_HOME)
		mobile->counts.moves_away += !home;
	else if (home)
		mobile->counts.moves_home++;
	else
		mobile->counts.moves_on++;
}

static void arrive(struct mobile *mobile, const struct mobile_attachment *at, uint64_t now_ms)
{
	const struct mobile_attachment before = mobile->at;
	struct span challenge = at->challenge;

	log_notice(
		"now %s%s%s%s%s", mobile_way_name(at->way), at->care_of.s_addr ? ", care-of " : "",
		at->care_of.s_addr ? address_format(at->care_of).text : "",
		at->by_agent ? ", agent " : "", at->by_agent ? address_format(at->agent).text : "");
	count_move(mobile, at);
	mobile->been = true;
	mobile->at = *at;
	if (at->way == MOBILE_BY_AGENT)
		heard_use(&mobile->heard, at->agent, MOBILE_LINK);
	else
		heard_use_none(&mobile->heard);
	if (challenge.size)
		memcpy(mobile->challenge, challenge.at, challenge.size);
	mobile->at.challenge = (struct span){ mobile->challenge, challenge.size };
	mobile->wishes = mobile->settings->wishes;
	mobile->tries = (struct mobile_tries){ 0 };
	mobile->patience_ms = 0;
	mobile->again_ms = UINT64_MAX;
	mobile_forget_rivals(mobile);
	mobile->stale = false;
	mobile->pending = false;
	mobile->wanted = true;
	mobile->state = MOBILE_ASKING;
	mobile_keep(mobile, &before, now_ms);
	mobile->stay.attached = true;
	mobile_show(mobile);
	/* Before the request (RFC 5944 section 4.6). */
	if (at->way == MOBILE_AT_HOME)
		mobile->ops->announce(mobile->ops->context, mobile->node.home);
}

static void leave(struct mobile *mobile)
{
	log_notice("there is no agent and no address to register with");
	mobile->stay.attached = false;
	mobile->stay.bound = false;
	mobile->kept = false;
	mobile->pending = mobile->wanted = false;
	mobile->state = MOBILE_SEARCHING;
	heard_use_none(&mobile->heard);
	mobile_show(mobile);
}

static void look_around(struct mobile *mobile, uint64_t now_ms)
{
	struct mobile_attachment at;
	bool found = mobile_choose(mobile, now_ms, &at);

	/* What is to end is ended where it was registered. */
	if (found && !(mobile->dropping && mobile->stay.attached) &&
	    (!mobile->stay.attached || !mobile_attachment_equal(&at, &mobile->at)))
		arrive(mobile, &at, now_ms);
	else if (!found && mobile->stay.attached)
		leave(mobile);
}

/* Whose advertisement is not valid any more is not heard. */
static bool hears_any(const struct mobile *mobile, uint64_t now_ms)
{
	return heard_next_expiry_ms(&mobile->heard, now_ms) != UINT64_MAX;
}

/* It looks for agents while it hears none, would take one, and has no address of its own (RFC
 * 5944 section 2.4). */
static void look_for_agents(struct mobile *mobile, uint64_t now_ms)
{
	const struct mobile_ops *ops = mobile->ops;
	bool looks = mobile->settings->choice != MOBILE_CHOOSE_OWN && !hears_any(mobile, now_ms) &&
	             !mobile->stay.attached;

	if (!looks) {
		solicit_end(&mobile->solicit);
		return;
	}
	solicit_begin(&mobile->solicit, mobile->search_anew, SOLICIT_MAX_INTERVAL_LEAST_MS, now_ms,
	              (uint32_t)ops->random(ops->context));
	mobile->search_anew = false;
	if (solicit_tick(&mobile->solicit, SOLICIT_MAX_INTERVAL_LEAST_MS, now_ms,
	                 (uint32_t)ops->random(ops->context))) {
		mobile->counts.solicitations++;
		ops->solicit(ops->context);
	}
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t next_due(const struct mobile *mobile, uint64_t now_ms)
{
	uint64_t due = heard_next_expiry_ms(&mobile->heard, now_ms);

	due = sooner(due, mobile->solicit.due_ms);
	for (size_t i = 0; i < mobile->held_count; i++)
		due = sooner(due, mobile->held[i].expires_ms);
	if (mobile->wanted)
		due = sooner(due, mobile_retry_allowed_ms(&mobile->retry));
	if (mobile->pending)
		due = sooner(due, mobile->retry.due_ms);
	due = sooner(due, mobile_refresh_ms(mobile));
	if (mobile->state == MOBILE_REFUSED)
		due = sooner(due, mobile->again_ms);
	if (mobile->stay.udp && mobile->stay.bound)
		due = sooner(due, mobile->keepalive_due_ms);
	if (mobile->kept && mobile->stay.way == MOBILE_BY_AGENT)
		due = sooner(due, mobile->kept_until_ms);
	return due;
}

uint64_t mobile_step(struct mobile *mobile, uint64_t now_ms)
{
	if (mobile->state == MOBILE_ENDED || mobile->state == MOBILE_OFF)
		return UINT64_MAX;
	mobile_forget_expired(mobile, now_ms);
	if (mobile->ending && !mobile_is_bound(mobile)) {
		mobile->state = MOBILE_ENDED;
		return UINT64_MAX;
	}
	if (mobile->off && !mobile_is_bound(mobile) && !mobile->ending) {
		mobile_part(mobile); /* it has lapsed meanwhile */
		return UINT64_MAX;
	}
	if (!mobile->ending && !mobile->off) {
		mobile_note_silence(mobile, now_ms);
		look_around(mobile, now_ms);
		(void)mobile_keeps(mobile, now_ms);
		look_for_agents(mobile, now_ms);
	}
	if (mobile->stay.attached)
		mobile_register(mobile, now_ms);
	mobile_keep_alive(mobile, now_ms);
	return next_due(mobile, now_ms);
}
