/* answer.c - what home agents answer, or do not, and whose time is over. */
#include "agentd/visit/internal.h"

#include "agentd/base/address.h"
#include "agentd/base/clock.h"
#include "agentd/base/log.h"
#include "agentd/registration/foreign_reply.h"
#include "agentd/visit/counters.h"

#define ANSWER_BATCH 64u /* datagrams of one socket before others have their turn */
#define EXPIRE_MS 500u   /* how often lifetimes are looked at */

/* ---- replies ---- */

/* That of the link where the request came from. */
static struct foreign_policy policy_of(const struct visit *visit,
                                       const struct foreign_registration *pending)
{
	struct foreign_policy policy = visit->settings.policy;

	for (size_t i = 0; i < visit->link_count && pending->interface; i++)
		if (visit->links[i].interface.index == pending->interface)
			policy.max_lifetime_s = visit_lifetime_s(visit, &visit->links[i]);
	return policy;
}

static struct foreign_reply_facts facts_of(const struct visit *visit,
                                           const struct foreign_policy *policy,
                                           const struct foreign_reply *reply,
                                           const struct foreign_registration *pending,
                                           uint64_t now_ms)
{
	const struct mip_extensions *e = &reply->extensions;
	const struct keys_peer peer = { .kind = PEER_FOREIGN_AGENT, .address = reply->source };
	const struct keys_peer node = { .kind = PEER_MOBILE_NODE, .address = reply->fixed.home };
	uint32_t spi = e->foreign_home.spi, any;

	return (struct foreign_reply_facts){
		.policy = policy,
		.pending = pending,
		.visitor = visitors_find(visit->visitors, reply->fixed.home,
		                         reply->fixed.home_agent),
		.foreign_home = registration_authenticate(
			&e->foreign_home, e->foreign_home_count,
			spi ? keys_find(visit->keys, &peer, spi, &spi) : NULL),
		.home_agent_associated = keys_find(visit->keys, &peer, 0, &any) != NULL,
		.home_associated = keys_find(visit->keys, &node, 0, &any) != NULL,
		.home_is_ours = address_is_at_home_here(visit, reply->fixed.home,
		                                        reply->fixed.home_agent),
		.now_ms = now_ms,
	};
}

/* RFC 4636 section 6: the home agent granted what the mobile node was denied. */
static void owe_refused(struct visit *visit, const struct foreign_reply *reply,
                        const struct foreign_visitor *refused, uint64_t now_ms)
{
	struct foreign_visitor visitor = *refused;

	visitor.expires_ms = now_ms + reply->fixed.lifetime_s * UINT64_C(1000);
	if (visitor.features & FOREIGN_HAS_REVOCATION &&
	    !letters_add(visit->letters, &visitor, now_ms))
		visiting_count(VISITING_REVOCATIONS_OVERFLOW);
}

/* The request is no longer pending. */
static void settle(struct visit *visit, const struct foreign_reply *reply,
                   const struct foreign_reply_facts *facts,
                   const struct foreign_reply_verdict *verdict, uint64_t now_ms)
{
	struct order order = {
		.change = verdict->visitor,
		.asked = *facts->pending,
		.relayed = verdict->effect == FOREIGN_REPLY_RELAY,
		.code = verdict->code,
	};
	struct writer out = writer_over(order.message, sizeof(order.message));
	struct node_answer answer;

	node_answer_of(visit, facts->pending, 0, &answer);
	foreign_reply_write(reply, facts, verdict, &answer.answer, &out);
	order.visitor = foreign_visitor_of(reply, facts, verdict, &answer.answer, now_ms);
	order.size = writer_span(&out).size;
	if (out.error == HA_OK)
		order_begin(visit, &order);
	else
		visiting_count(VISITING_SEND_FAILED);
	if (verdict->revoke && !facts->visitor)
		owe_refused(visit, reply, &order.visitor, now_ms);
}

static void take_reply(struct visit *visit, const struct port_heard *heard, uint64_t now_ms)
{
	const struct foreign_registration *found;
	struct foreign_registration pending = { .interface = 0 };
	struct foreign_policy policy;
	struct foreign_reply_verdict verdict;
	struct foreign_reply_facts facts;
	struct foreign_reply reply;

	if (foreign_reply_decode(heard->message, &reply) != HA_OK) {
		visiting_count(VISITING_REPLIES_MALFORMED);
		return;
	}
	visiting_count(VISITING_REPLIES);
	reply.source = heard->source;
	reply.source_port = heard->source_port;
	found = foreign_pendings_find(visit->pendings, reply.fixed.identification, reply.fixed.home,
	                              reply.extensions.nai);
	if (found)
		pending = *found;
	policy = policy_of(visit, &pending);
	facts = facts_of(visit, &policy, &reply, found ? &pending : NULL, now_ms);
	verdict = foreign_reply_decide(&reply, &facts);
	violate_by_reply(visit, &reply, &verdict);
	log_debug("reply of %s for %s: %s", address_format(reply.source).text,
	          address_format(reply.fixed.home).text, verdict.reason);
	if (!found || verdict.effect == FOREIGN_REPLY_DROP ||
	    (verdict.waits && !foreign_pendings_doubt(visit->pendings, found))) {
		visiting_count(VISITING_REPLIES_DROPPED);
		return;
	}
	if (!verdict.waits)
		foreign_pendings_remove(visit->pendings, found);
	settle(visit, &reply, &facts, &verdict, now_ms);
}

/* RFC 5944 section 3.7.3: what is quoted must be what we relayed, and to there. Who hears the
 * visited link can quote that, too: the mobile node is told once, and a reply that comes after
 * all is none the worse. */
static void take_error(struct visit *visit, const struct port_heard *heard, uint64_t now_ms)
{
	enum foreign_code code = foreign_code_of_icmp(heard->type, heard->code);
	struct reader in = reader_over(heard->message.at, heard->message.size);
	const struct foreign_registration *found;
	struct foreign_registration pending;
	struct mip_request request;

	if (code == FOREIGN_NO_CODE || mip_request_decode(&in, &request) != HA_OK)
		return;
	found = foreign_pendings_find(visit->pendings, request.identification, request.home,
	                              (struct span){ 0 });
	if (!found || !address_equal(found->relayed_to, heard->source))
		return;
	pending = *found;
	if (!foreign_pendings_doubt(visit->pendings, found))
		return;
	visiting_count(VISITING_UNREACHABLE);
	node_deny(visit, &pending, code, "the network cannot reach the home agent",
	          pending.lifetime_s, now_ms);
}

/* Home agents, and routers on the way to them, are not where mobile nodes are. */
static bool is_of_visited_link(const struct visit *visit, unsigned interface)
{
	for (size_t i = 0; i < visit->link_count; i++)
		if (visit->links[i].settings->of.roles & ADVERTISED_FOREIGN && interface &&
		    visit->links[i].interface.index == interface)
			return true;
	return false;
}

static void take(struct visit *visit, const struct port *port, const struct port_heard *heard,
                 uint64_t now_ms)
{
	uint8_t type = heard->message.size ? heard->message.at[0] : 0;

	if (visit->members && !visit->serves)
		return; /* whoever is the foreign agent now has asked for nothing here */
	/* Requests come here too, and are taken from the link, with their addresses there. */
	if (!heard->failed && type == MIP_TYPE_REQUEST)
		return;
	if (is_of_visited_link(visit, heard->interface))
		visiting_count(VISITING_FROM_LINKS);
	else if (heard->failed)
		take_error(visit, heard, now_ms);
	else if (type == MIP_TYPE_REPLY)
		take_reply(visit, heard, now_ms);
	else if (type == MIP_TYPE_REVOCATION)
		revoke_hear(visit, port, heard, now_ms);
	else if (type == MIP_TYPE_REVOCATION_ACK)
		revoke_hear_ack(visit, heard, now_ms);
	else
		visiting_count(VISITING_REPLIES_MALFORMED);
}

static void hear_port(struct visit *visit, const struct port *port, uint64_t now_ms)
{
	uint8_t room[VISIT_PACKET_MAX];
	struct port_heard heard;

	for (unsigned i = 0;
	     i < ANSWER_BATCH && ports_receive(port->fd, room, sizeof(room), &heard); i++)
		take(visit, port, &heard, now_ms);
}

void answer_hear(struct visit *visit, uint64_t now_ms)
{
	for (size_t i = 0; i < visit->ports.count; i++)
		hear_port(visit, &visit->ports.at[i], now_ms);
}

/* ---- time ---- */

static void end_expired(struct visit *visit, uint64_t now_ms)
{
	const struct foreign_visitor *found;
	struct foreign_visitor visitor;
	uint32_t place = 0;

	for (found = visitors_expired(visit->visitors, now_ms, &place); found;
	     found = visitors_expired(visit->visitors, now_ms, &place)) {
		visitor = *found;
		(void)visitor_change(visit, VISITOR_GONE, &visitor);
		visiting_count(VISITING_VISITORS_EXPIRED);
		visitor_log(&visitor, "its lifetime is over");
	}
}

uint64_t answer_expire(struct visit *visit, uint64_t now_ms)
{
	struct foreign_registration late;

	if (now_ms < visit->expire_ms)
		return visit->expire_ms;
	while (foreign_pendings_expire(visit->pendings, now_ms, &late)) {
		if (late.doubted || (visit->members && !visit->serves))
			continue; /* told already, or its mobile node asks whoever serves */
		visiting_count(VISITING_TIMEOUTS);
		node_deny(visit, &late, FOREIGN_TIMEOUT, "the home agent did not answer",
		          late.lifetime_s, now_ms);
	}
	if (!visit->members) /* or whoever leads them sees to it */
		end_expired(visit, now_ms);
	revoke_tick(visit, now_ms);
	visit->expire_ms = now_ms + EXPIRE_MS;
	return visit->expire_ms;
}
