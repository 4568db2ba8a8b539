/* revoke.c - revocation of registrations (RFC 3543), both ways: home agents end visitors, and
 * are told of those that end here. A mobile node is told by an advertisement to it alone, of an
 * agent that has begun anew (section 4.1). */
#include "agentd/visit/internal.h"

#include "agentd/base/address.h"
#include "agentd/base/clock.h"
#include "agentd/base/log.h"
#include "agentd/registration/foreign_revocation.h"
#include "agentd/visit/counters.h"

#define SENDS_PER_TICK 64u

uint32_t visit_stamp(void)
{
	return (uint32_t)(clock_ntp_of_ms(clock_wall_ms()) >> 32);
}

static void tell_node(struct visit *visit, unsigned interface, const uint8_t *link,
                      struct in_addr home, uint64_t now_ms)
{
	for (size_t i = 0; i < visit->link_count; i++)
		if (interface && visit->links[i].interface.index == interface)
			advertiser_reset(visit, &visit->links[i], link, home, now_ms);
}

/* ---- from home agents ---- */

/* The place of the last that was taken; one that nobody foresees gives way to another. */
static struct foreign_revoked *revoked_place(struct visit *visit, struct in_addr home,
                                             struct in_addr home_agent)
{
	uint64_t x = ((uint64_t)home.s_addr << 32 | home_agent.s_addr) ^ visit->nodes->seed;

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9) + visit->nodes->seed;
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return &visit->revoked[(x ^ x >> 31) % VISIT_REVOKED_MAX];
}

/* In the order of enum revocation_fate. */
static const enum visiting_counter counter_of_fate[] = {
	[REVOCATION_TAKEN] = VISITING_REVOCATIONS_ACKNOWLEDGED,
	[REVOCATION_UNAUTHENTICATED] = VISITING_REVOCATIONS_UNAUTHENTICATED,
	[REVOCATION_UNSOUND] = VISITING_REPLIES_MALFORMED,
	[REVOCATION_REFLECTED] = VISITING_REVOCATIONS_REFLECTED,
	[REVOCATION_REPLAYED] = VISITING_REVOCATIONS_REPLAYED,
	[REVOCATION_UNKNOWN] = VISITING_REVOCATIONS_UNKNOWN,
};

static enum authentication authenticate(const struct visit *visit, struct in_addr source,
                                        const struct mip_extensions *e,
                                        struct foreign_signer *signer)
{
	const struct keys_peer peer = { .kind = PEER_FOREIGN_AGENT, .address = source };
	uint32_t spi = e->foreign_home.spi;

	*signer = (struct foreign_signer){ 0 };
	if (e->foreign_home_count && spi)
		signer->key = keys_find(visit->keys, &peer, spi, &signer->spi);
	return registration_authenticate(&e->foreign_home, e->foreign_home_count, signer->key);
}

/* The visitor ends before that is acknowledged: among members of a cluster when it is sent anew,
 * for by then it has ended on their disks. false: that is not now. */
static bool end_visitor(struct visit *visit, const struct foreign_visitor *found,
                        const struct revocation_message *message,
                        const struct foreign_revocation_verdict *verdict, uint64_t now_ms)
{
	const struct foreign_visitor visitor = *found;

	*revoked_place(visit, visitor.home, visitor.home_agent) = (struct foreign_revoked){
		.home = visitor.home,
		.home_agent = visitor.home_agent,
		.care_of = visitor.asked.care_of,
		.identifier = message->fixed.identifier,
		.told = verdict->tell,
	};
	if (visitor_end(visit, &visitor) != HA_OK)
		return false;
	visiting_count(VISITING_VISITORS_REVOKED);
	visitor_log(&visitor, "its home agent has revoked its registration");
	if (verdict->tell)
		tell_node(visit, visitor.asked.interface, visitor.asked.link, visitor.home, now_ms);
	return !visit->members;
}

static void acknowledge(struct visit *visit, const struct port *port,
                        const struct port_heard *heard, const struct revocation_message *message,
                        bool inform, const struct foreign_signer *signer)
{
	const struct mip_revocation_ack ack = {
		.inform = inform,
		.home = message->fixed.home,
		.identifier = message->fixed.identifier,
	};
	uint8_t octets[REVOCATION_MESSAGE_MAX];
	size_t size = revocation_ack_write(&ack, signer->spi, signer->key, octets);

	if (size == 0 || ports_send(&visit->ports, port->address, heard->source, heard->source_port,
	                            (struct span){ octets, size }) != 0)
		visiting_count(VISITING_SEND_FAILED);
}

void revoke_hear(struct visit *visit, const struct port *port, const struct port_heard *heard,
                 uint64_t now_ms)
{
	struct foreign_revocation_facts facts = { 0 };
	struct foreign_revocation_verdict verdict;
	struct revocation_message message;
	struct foreign_revoked *revoked;
	struct foreign_signer signer;

	if (revocation_decode(heard->message, &message) != HA_OK) {
		visiting_count(VISITING_REPLIES_MALFORMED);
		return;
	}
	visiting_count(VISITING_REVOCATIONS);
	message.source = heard->source;
	facts.foreign_home = authenticate(visit, message.source, &message.extensions, &signer);
	revoked = revoked_place(visit, message.fixed.home, message.fixed.home_domain);
	facts.visitor = visitors_find(visit->visitors, message.fixed.home,
	                              message.fixed.home_domain);
	if (address_equal(revoked->home, message.fixed.home) &&
	    address_equal(revoked->home_agent, message.fixed.home_domain) && revoked->identifier)
		facts.revoked = revoked;
	verdict = foreign_revocation_decide(&message, &facts);
	if (verdict.fate != REVOCATION_TAKEN)
		visiting_count(counter_of_fate[verdict.fate]);
	log_debug("revocation of %s for %s: %s", address_format(message.source).text,
	          address_format(message.fixed.home).text, verdict.reason);
	if (verdict.fate != REVOCATION_TAKEN)
		return;
	if (!verdict.ends)
		revoked->identifier = message.fixed.identifier;
	else if (!end_visitor(visit, facts.visitor, &message, &verdict, now_ms))
		return;
	visiting_count(VISITING_REVOCATIONS_ACKNOWLEDGED);
	acknowledge(visit, port, heard, &message, verdict.inform, &signer);
}

/* ---- to home agents ---- */

/* Among members of a cluster it is written when it comes back from them (order.c). */
static bool write_letter(struct visit *visit, const struct foreign_visitor *visitor,
                         uint64_t now_ms)
{
	if (visit->members || letters_add(visit->letters, visitor, now_ms))
		return true;
	visiting_count(VISITING_REVOCATIONS_OVERFLOW);
	return false;
}

void revoke_owe(struct visit *visit, const struct foreign_visitor *visitor, uint64_t now_ms)
{
	bool agreed = visitor->features & FOREIGN_HAS_REVOCATION;
	bool owed = agreed && write_letter(visit, visitor, now_ms);

	/* Section 4.2.3.1: where that was agreed on the home agent says whether it is told. */
	if (!owed || !(visitor->features & FOREIGN_HAS_INFORM))
		tell_node(visit, visitor->asked.interface, visitor->asked.link, visitor->home,
		          now_ms);
}

static enum ha_error end_by_operator(struct visit *visit, const struct foreign_visitor *visitor,
                                     uint64_t now_ms)
{
	return visitor->features & FOREIGN_HAS_REVOCATION
	               ? visitor_end_owing(visit, visitor, letters_deadline(visitor, now_ms))
	               : visitor_end(visit, visitor);
}

uint32_t revoke_visitors(struct visit *visit, struct in_addr home, struct in_addr home_agent,
                         uint64_t now_ms)
{
	const struct foreign_visitor *found;
	struct foreign_visitor visitor;
	uint32_t place = 0, count = 0;

	for (found = visitors_next(visit->visitors, &place); found;
	     place++, found = visitors_next(visit->visitors, &place)) {
		if (!address_equal(found->home, home) ||
		    (home_agent.s_addr && !address_equal(found->home_agent, home_agent)))
			continue;
		visitor = *found;
		if (end_by_operator(visit, &visitor, now_ms) != HA_OK)
			continue;
		visiting_count(VISITING_VISITORS_REMOVED);
		visitor_log(&visitor, "it was removed by the operator");
		revoke_owe(visit, &visitor, now_ms);
		count++;
	}
	return count;
}

static void send_letter(struct visit *visit, struct letter *letter, uint64_t now_ms)
{
	const struct keys_peer peer = { .kind = PEER_FOREIGN_AGENT, .address = letter->home_agent };
	const struct mip_revocation revocation = {
		.inform = letter->inform,
		.home = letter->home,
		.home_domain = letter->home_agent,
		.foreign_domain = letter->care_of,
		.identifier = letter_send(letter, visit_stamp(), now_ms),
	};
	struct foreign_signer signer = { 0 };
	uint8_t octets[REVOCATION_MESSAGE_MAX];
	size_t size = 0;

	signer.key = keys_find(visit->keys, &peer, 0, &signer.spi);
	if (signer.key)
		size = revocation_write(&revocation, signer.spi, signer.key, octets);
	if (size && ports_send(&visit->ports, letter->care_of, letter->home_agent, MIP_PORT,
	                       (struct span){ octets, size }) == 0)
		visiting_count(VISITING_REVOCATIONS_SENT);
	else
		visiting_count(VISITING_SEND_FAILED);
}

void revoke_tick(struct visit *visit, uint64_t now_ms)
{
	uint32_t place = 0, given_up = letters_give_up(visit->letters, now_ms);
	struct letter *letter = NULL;

	if (!visit->members || visit->serves)
		letter = letters_due(visit->letters, now_ms, &place);
	if (given_up && (!visit->members || visit->serves))
		counter_add(&visiting_counters, VISITING_REVOCATIONS_GIVEN_UP, given_up);
	for (unsigned i = 0; letter && i < SENDS_PER_TICK; i++) {
		send_letter(visit, letter, now_ms);
		place++;
		letter = letters_due(visit->letters, now_ms, &place);
	}
}

void revoke_hear_ack(struct visit *visit, const struct port_heard *heard, uint64_t now_ms)
{
	struct revocation_ack_message message;
	struct foreign_signer signer;
	enum revocation_fate fate;
	struct letter letter;

	if (revocation_ack_decode(heard->message, &message) != HA_OK) {
		visiting_count(VISITING_REPLIES_MALFORMED);
		return;
	}
	message.source = heard->source;
	fate = revocation_ack_judge(
		&message, authenticate(visit, message.source, &message.extensions, &signer));
	if (fate != REVOCATION_TAKEN) {
		visiting_count(counter_of_fate[fate]);
		return;
	}
	if (!letters_acknowledge(visit->letters, message.source, message.fixed.home,
	                         message.fixed.identifier, &letter)) {
		visiting_count(VISITING_REVOCATION_ACKS_UNEXPECTED);
		return;
	}
	visiting_count(VISITING_REVOCATIONS_CONFIRMED);
	visitor_settle_owed(visit, letter.home, letter.home_agent);
	if (letter.inform && message.fixed.inform)
		tell_node(visit, letter.interface, letter.link, letter.home, now_ms);
}
