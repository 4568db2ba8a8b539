/* register.c - requests and what comes of them. */
#include <string.h>

#include "agentd/base/log.h"
#include "agentd/mobile/internal.h"

#define PATIENCE_MIN_MS 10000u /* after a denial that nothing helps against */
#define PATIENCE_MAX_MS 320000u
#define PARTING_TRIES 2u        /* of the end of a binding, after the first */
#define KEEPALIVE_MIN_MS 10000u /* RFC 3519 section 4.10 */
#define KEEPALIVE_RETRY_MS 2000u
#define KEEPALIVE_TRIES 3u

/* ---- what packets do ---- */

bool mobile_is_away(const struct mobile *mobile)
{
	return mobile->stay.attached && mobile->stay.way != MOBILE_AT_HOME;
}

void mobile_show(struct mobile *mobile)
{
	struct mobile_stay *stay = &mobile->stay;

	stay->home = mobile->node.home;
	stay->home_agent = mobile->node.home_agent;
	stay->count = 0;
	for (size_t i = 0; i < mobile->held_count; i++)
		stay->care_of[stay->count++] = mobile->held[i].care_of;
	mobile->ops->place(mobile->ops->context, stay);
}

/* ---- asking ---- */

static bool write_request(struct mobile *mobile, uint64_t now_ms)
{
	struct writer out = writer_over(mobile->message, sizeof(mobile->message));
	const struct mobile_ops *ops = mobile->ops;

	mobile->plan.fixed.identification = mobile_identification(
		&mobile->identity, ops->wall_ms(ops->context), ops->random(ops->context));
	mobile_request_write(&mobile->plan, mobile->plan.fixed.identification, &out);
	mobile->message_size = writer_used(&out);
	mobile->asked_ms = now_ms;
	return out.error == HA_OK;
}

/* By an agent or not. */
static bool looks_for_home_agents(const struct mobile *mobile)
{
	const struct mobile_node *node = &mobile->node;

	return node->home_agent.s_addr == 0 && node->home_network.length > 0 &&
	       address_equal(mobile->plan.fixed.home_agent,
	                     mobile_directed_broadcast(&node->home_network));
}

static void send_request(struct mobile *mobile, uint64_t now_ms)
{
	const struct span message = { mobile->message, mobile->message_size };
	struct mac to = mobile_whom_to_ask(mobile);

	mobile->asked_mac = to;
	mobile->sent_ms = now_ms;
	mobile->counts.requests++;
	mobile->counts.ending += mobile->plan.fixed.lifetime_s == 0;
	mobile->counts.looking += looks_for_home_agents(mobile);
	log_debug("request to %s, care-of address %s, lifetime %u s",
	          address_format(mobile->plan.destination).text,
	          address_format(mobile->plan.fixed.care_of).text, mobile->plan.fixed.lifetime_s);
	if (!mobile->ops->send(mobile->ops->context, &mobile->plan, to, message))
		log_debug("the request could not be sent"); /* as if it had been lost */
}

static enum mobile_purpose purpose_of(const struct mobile *mobile)
{
	if (mobile->at.way == MOBILE_AT_HOME)
		return MOBILE_UNBIND_ALL;
	if (mobile->ending || mobile_is_parting(mobile))
		return mobile_purpose_of_end(mobile);
	return mobile->settings->simultaneous ? MOBILE_BIND_BESIDE : MOBILE_BIND;
}

static void wait_for_better(struct mobile *mobile, uint64_t now_ms)
{
	uint64_t patience_ms = mobile->patience_ms ? 2 * mobile->patience_ms : PATIENCE_MIN_MS;

	mobile->patience_ms = patience_ms > PATIENCE_MAX_MS ? PATIENCE_MAX_MS : patience_ms;
	mobile->again_ms = now_ms + mobile->patience_ms;
	mobile->state = MOBILE_REFUSED;
}

/* What the agent says meanwhile is of the next one. */
static enum ha_error plan_request(struct mobile *mobile)
{
	struct mobile_plan *plan = &mobile->plan;
	enum ha_error why;

	mobile_suit_agent(mobile);
	why = mobile_plan(&mobile->node, &mobile->at, &mobile->wishes, mobile->purpose, plan,
	                  &mobile->reason);
	if (why != HA_OK || plan->challenge.size == 0)
		return why;
	memcpy(mobile->plan_challenge, plan->challenge.at, plan->challenge.size);
	plan->challenge.at = mobile->plan_challenge;
	return HA_OK;
}

static void give_up_request(struct mobile *mobile, enum ha_error why, uint64_t now_ms)
{
	log_warning("nothing can be registered: %s", mobile->reason);
	if (mobile_is_parting(mobile)) {
		mobile_part(mobile);
		return;
	}
	if (mobile->ending) {
		mobile_end_less(mobile);
		return;
	}
	if (why == HA_E_UNSUPPORTED && mobile->at.by_agent)
		mobile_refuse_agent(mobile, mobile->at.agent, now_ms);
	wait_for_better(mobile, now_ms);
}

static void begin_request(struct mobile *mobile, uint64_t now_ms)
{
	enum ha_error why;

	mobile->wanted = false;
	mobile->purpose = purpose_of(mobile);
	why = plan_request(mobile);
	if (why != HA_OK || !write_request(mobile, now_ms)) {
		give_up_request(mobile, why, now_ms);
		return;
	}
	mobile->pending = true;
	mobile->unanswered = 0;
	if (!mobile->stay.bound || mobile->kept || mobile->at.way == MOBILE_AT_HOME)
		mobile->state = MOBILE_ASKING;
	mobile_retry_begin(&mobile->retry, now_ms, 0, mobile->message_size,
	                   mobile->plan.fixed.lifetime_s);
	send_request(mobile, now_ms);
}

/* RFC 5944 section 3.6.3: with nonces the same octets once more. */
static void repeat_request(struct mobile *mobile, uint64_t now_ms)
{
	if (mobile_is_parting(mobile) && mobile->unanswered >= PARTING_TRIES) {
		mobile_part(mobile);
		return;
	}
	if (!mobile->identity.nonces && !write_request(mobile, now_ms))
		return;
	mobile_retry_again(&mobile->retry, now_ms, mobile->plan.fixed.lifetime_s);
	if (mobile->unanswered < UINT8_MAX)
		mobile->unanswered++;
	mobile->counts.repeated++;
	send_request(mobile, now_ms);
}

uint64_t mobile_refresh_ms(const struct mobile *mobile)
{
	if (!mobile->stay.bound || !mobile_is_away(mobile) || mobile->state != MOBILE_REGISTERED ||
	    mobile->pending || mobile->wanted || mobile->ending)
		return UINT64_MAX;
	return mobile->lifetime.refresh_ms;
}

void mobile_register(struct mobile *mobile, uint64_t now_ms)
{
	if (mobile->state == MOBILE_REFUSED && now_ms >= mobile->again_ms) {
		mobile->tries = (struct mobile_tries){ 0 };
		mobile->again_ms = UINT64_MAX;
		mobile->wanted = true;
	}
	if (now_ms >= mobile_refresh_ms(mobile))
		mobile->wanted = true;
	if (mobile->wanted && now_ms >= mobile_retry_allowed_ms(&mobile->retry))
		begin_request(mobile, now_ms);
	else if (mobile->pending && now_ms >= mobile->retry.due_ms)
		repeat_request(mobile, now_ms);
}

/* ---- answers ---- */

static void keep_challenge(struct mobile *mobile, struct span challenge)
{
	if (challenge.size == 0 || challenge.size > sizeof(mobile->challenge))
		return;
	memcpy(mobile->challenge, challenge.at, challenge.size);
	mobile->at.challenge = (struct span){ mobile->challenge, challenge.size };
	mobile->stale = false;
}

/* RFC 4721 section 3.5: after a denial for its sake another one must be answered. */
static void drop_challenge(struct mobile *mobile, const struct mobile_verdict *verdict)
{
	if (verdict->challenge.size > 0 || (verdict->code != FOREIGN_UNKNOWN_CHALLENGE &&
	                                    verdict->code != FOREIGN_MISSING_CHALLENGE &&
	                                    verdict->code != FOREIGN_STALE_CHALLENGE))
		return;
	mobile->at.challenge.size = 0;
	mobile->stale = true;
}

static void begin_keepalives(struct mobile *mobile, uint16_t told_s, uint64_t now_ms)
{
	uint32_t interval_ms = 1000u * (told_s ? told_s : mobile->settings->keepalive_s);

	if (mobile->keepalive_ms == 0)
		mobile->keepalive_ms = interval_ms < KEEPALIVE_MIN_MS ? KEEPALIVE_MIN_MS
		                                                      : interval_ms;
	mobile->keepalive_unanswered = 0;
	/* Through an agent the home agent learns of the port by the first (RFC 3519 section 4.4). */
	mobile->keepalive_due_ms = mobile->plan.udp_through_agent
	                                   ? now_ms
	                                   : mobile->asked_ms + mobile->keepalive_ms;
}

static void bound(struct mobile *mobile, const struct mobile_verdict *verdict, struct mac from,
                  uint64_t now_ms)
{
	struct mobile_stay *stay = &mobile->stay;
	struct mac agent = mobile_who_answered(mobile, from);

	if (mobile->kept)
		mobile_settle(mobile);
	mobile->node.home = verdict->home;
	mobile->node.home_agent = verdict->home_agent;
	mobile->granted_s = verdict->lifetime_s;
	mobile->lifetime = mobile_lifetime_of(mobile->asked_ms, verdict->lifetime_s);
	mobile_note_home_agent(mobile, verdict->home_agent);
	mobile_hold(mobile, mobile->purpose != MOBILE_BIND_BESIDE || verdict->one_binding);
	stay->bound = true;
	stay->reverse = (mobile->plan.fixed.flags & MIP_REQUEST_REVERSE) != 0;
	stay->broadcasts = (mobile->plan.fixed.flags & MIP_REQUEST_BROADCAST) != 0;
	stay->encapsulating = mobile->plan.delivery;
	stay->encapsulation = mobile->wishes.encapsulation;
	stay->udp = verdict->udp;
	if (stay->udp)
		begin_keepalives(mobile, verdict->keepalive_s, now_ms);
	/* Where it answered is where packets go: an advertisement alone, which anybody can forge,
	 * turns none aside. */
	stay->agent_mac = agent;
	mobile->has_rival = false;
	if (mobile->at.by_agent)
		mobile_keep_mac(mobile, mobile->at.agent, agent);
	mobile_trust_agent(mobile, mobile->at.agent);
	mobile->search_anew = true;
	mobile->state = MOBILE_REGISTERED;
}

static void accepted(struct mobile *mobile, const struct mobile_verdict *verdict, struct mac from,
                     uint64_t now_ms)
{
	bool ends = mobile->plan.fixed.lifetime_s == 0;

	mobile->counts.accepted++;
	if (!ends && verdict->lifetime_s == 0) {
		log_warning("%s by %s: accepted for no time at all",
		            address_format(verdict->home).text,
		            address_format(mobile->plan.fixed.care_of).text);
		wait_for_better(mobile, now_ms);
		return;
	}
	mobile->tries = (struct mobile_tries){ 0 };
	mobile->patience_ms = 0;
	log_notice("%s by %s: accepted, %u s", address_format(verdict->home).text,
	           address_format(mobile->plan.fixed.care_of).text, verdict->lifetime_s);
	if (!ends) {
		bound(mobile, verdict, from, now_ms);
	} else {
		if (mobile->at.way == MOBILE_AT_HOME)
			mobile_trust_home(mobile);
		mobile_forget_ended(mobile);
		mobile->granted_s = 0;
		mobile->stay.bound = mobile->at.way == MOBILE_AT_HOME;
		mobile->stay.udp = false;
		mobile->search_anew = true;
		mobile->state = mobile->ending ? MOBILE_ENDED : MOBILE_HOME;
		if (mobile_is_parting(mobile))
			mobile_part(mobile);
	}
	mobile_show(mobile);
}

static void denied(struct mobile *mobile, const struct mobile_verdict *verdict, uint64_t now_ms)
{
	struct mobile_terms terms = {
		.node = &mobile->node,
		.at = &mobile->at,
		.wishes = &mobile->wishes,
		.reverse_optional = mobile->settings->reverse_optional,
		.encapsulation_optional = mobile->settings->encapsulation_optional,
	};
	enum mobile_remedy remedy = mobile_repair(verdict, &mobile->tries, &terms);

	mobile->counts.denied++;
	mobile->counts.denied_agent += verdict->code >= 64 && verdict->code < 128;
	mobile->counts.denied_home_agent += verdict->code >= 128 && verdict->code < 192;
	mobile->counts.denied_identification += verdict->code == MIP_ID_MISMATCH;
	if (mobile_is_parting(mobile)) {
		mobile_part(mobile);
		return;
	}
	log_line(remedy == MOBILE_AGAIN ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, "%s by %s: %s (%u)",
	         address_format(mobile->plan.fixed.home).text,
	         address_format(mobile->plan.fixed.care_of).text, verdict->reason, verdict->code);
	if (remedy == MOBILE_AGAIN) {
		mobile->wanted = true;
		return;
	}
	drop_challenge(mobile, verdict);
	if (mobile->ending) {
		mobile_end_less(mobile);
		return;
	}
	if (remedy == MOBILE_OTHER_AGENT)
		mobile_refuse_agent(mobile, mobile->at.agent, now_ms);
	wait_for_better(mobile, now_ms);
}

void mobile_received(struct mobile *mobile, struct span payload, struct in_addr source,
                     struct mac from, uint64_t now_ms)
{
	struct mobile_verdict verdict;
	struct mobile_reply reply;

	if (mobile_reply_decode(payload, &reply) != HA_OK || !mobile->pending) {
		mobile->counts.discarded++;
		return;
	}
	reply.source = source;
	mobile->counts.replies += reply.fixed.lifetime_s != 0;
	mobile->counts.replies_ending += reply.fixed.lifetime_s == 0;
	mobile->counts.reply_skipped += reply.extensions.skipped_count;
	verdict = mobile_reply_judge(&reply, &mobile->plan);
	if (verdict.effect == MOBILE_DISCARD) {
		mobile_discard(mobile, &reply, &verdict, now_ms);
		return;
	}
	if (mobile_is_stranger(mobile, &verdict, from)) {
		mobile->counts.discarded++;
		mobile->counts.violations++;
		mobile->counts.bad_link++;
		log_debug("a denial by a link address that was not asked is discarded: %s",
		          verdict.reason);
		return;
	}
	mobile->pending = false;
	if (mobile_doubts(mobile, &verdict, from, now_ms)) {
		mobile->counts.discarded++;
		mobile->wanted = true;
		log_debug("a denial that anybody could make up is discarded: %s", verdict.reason);
		return;
	}
	mobile->answered = true;
	mobile->code = verdict.code;
	mobile->reason = verdict.reason;
	keep_challenge(mobile, verdict.challenge);
	if (verdict.of_home)
		mobile_identity_learn(&mobile->identity, verdict.code,
		                      mobile->plan.fixed.identification, verdict.identification,
		                      mobile->ops->wall_ms(mobile->ops->context));
	if (verdict.effect == MOBILE_ACCEPTED)
		accepted(mobile, &verdict, from, now_ms);
	else
		denied(mobile, &verdict, now_ms);
}

/* ---- keepalives, RFC 3519 sections 4.9 and 4.10 ---- */

void mobile_keepalive_answered(struct mobile *mobile)
{
	mobile->keepalive_unanswered = 0;
}

void mobile_keep_alive(struct mobile *mobile, uint64_t now_ms)
{
	if (!mobile->stay.udp || !mobile->stay.bound || now_ms < mobile->keepalive_due_ms)
		return;
	if (mobile->keepalive_unanswered >= KEEPALIVE_TRIES) {
		/* Something on the way has forgotten the port: shorter from now on. */
		mobile->keepalive_ms /= 2;
		if (mobile->keepalive_ms < KEEPALIVE_MIN_MS)
			mobile->keepalive_ms = KEEPALIVE_MIN_MS;
		mobile->keepalive_unanswered = 0;
		mobile->keepalive_due_ms = now_ms + mobile->keepalive_ms;
		mobile->wanted |= !mobile->pending && !mobile->kept;
		return;
	}
	mobile->ops->keepalive(mobile->ops->context, mobile->node.home_agent,
	                       mobile->keepalive_sequence++);
	mobile->keepalive_due_ms = now_ms + (mobile->keepalive_unanswered ? KEEPALIVE_RETRY_MS
	                                                                  : mobile->keepalive_ms);
	mobile->keepalive_unanswered++;
}
