/* relay.c - requests of mobile nodes: facts, the verdict of agentd/registration, and what comes
 * of it. */
#include "agentd/visit/internal.h"

#include <errno.h>

#include "agentd/base/address.h"
#include "agentd/base/clock.h"
#include "agentd/base/log.h"
#include "agentd/visit/counters.h"

#define UDP_HEADER 8u
#define ALL_AGENTS UINT32_C(0xe000000b) /* 224.0.0.11 */

/* ---- what came ---- */

/* The message in a UDP packet, with its checksum verified; empty: it is none. */
static struct span message_of(const struct link_heard *heard, const struct ip4 *ip, uint16_t *port)
{
	const struct span packet = ip4_payload(heard->packet, ip), none = { 0 };
	struct reader in = reader_over(packet.at, packet.size);
	uint16_t size, sum;
	struct span datagram;

	*port = get_u16(&in);
	(void)get_u16(&in);
	size = get_u16(&in);
	sum = get_u16(&in);
	if (in.error != HA_OK || size <= UDP_HEADER || size > packet.size)
		return none;
	datagram = (struct span){ packet.at, size };
	if (sum && !heard->begun &&
	    ip4_sum_finish(ip4_sum(ip4_sum_pseudo(ip->source, ip->destination, IP4_UDP, size),
	                           datagram)) != 0)
		return none;
	return (struct span){ packet.at + UDP_HEADER, size - UDP_HEADER };
}

/* The link hears also what this host only forwards, such as requests of nodes with an
 * address of their own. */
static bool is_for_us(const struct visit *visit, const struct served_link *link,
                      struct in_addr destination)
{
	if (address_is_home_agents(visit, destination))
		return false;
	return address_host(destination) == ALL_AGENTS || destination.s_addr == INADDR_BROADCAST ||
	       interface_has_address(&link->interface, destination) ||
	       address_is_care_of(visit, destination);
}

/* ---- facts ---- */

static bool shares_key(const struct visit *visit, const struct keys_peer *peer)
{
	uint32_t spi;

	return keys_find(visit->keys, peer, 0, &spi) != NULL;
}

static void add_keys(const struct visit *visit, const struct foreign_request *request,
                     struct foreign_facts *facts)
{
	const struct mip_extensions *e = &request->extensions;
	const struct keys_peer node = {
		.kind = PEER_MOBILE_NODE,
		.address = request->fixed.home,
		.nai = e->nai,
	};
	const struct keys_peer home_agent = {
		.kind = PEER_FOREIGN_AGENT,
		.address = foreign_home_agent(request, facts->policy),
	};
	uint32_t spi = e->mobile_foreign.spi;

	facts->mobile_associated = shares_key(visit, &node);
	facts->home_agent_associated = shares_key(visit, &home_agent);
	facts->mobile_foreign = registration_authenticate(
		&e->mobile_foreign, e->mobile_foreign_count,
		spi ? keys_find(visit->keys, &node, spi, &spi) : NULL);
	facts->mobile_aaa = e->mobile_aaa_count ? AUTHENTICATION_NO_ASSOCIATION
	                                        : AUTHENTICATION_ABSENT;
}

/* Who waits may become a visitor, and has its place. Where keys are shared a quarter of all is
 * for those who have to do with one: a home agent that grants is easily made up. */
static bool is_full(const struct visit *visit, const struct foreign_facts *facts)
{
	bool known = facts->mobile_foreign == AUTHENTICATION_VALID ||
	             facts->home_agent_associated || facts->served_here;
	uint32_t places = visit->settings.visitors_max;

	if (!known && keys_count(visit->keys) > 0)
		places -= places / 4;
	return visitors_count(visit->visitors) + foreign_pendings_count(visit->pendings) +
	               orders_waiting(visit) >=
	       places;
}

static struct foreign_facts facts_of(const struct visit *visit,
                                     const struct foreign_request *request,
                                     const struct foreign_policy *policy, uint64_t now_ms)
{
	struct foreign_facts facts = { .policy = policy };
	struct in_addr home_agent = foreign_home_agent(request, policy);

	add_keys(visit, request, &facts);
	facts.visiting = visitors_find(visit->visitors, request->fixed.home, home_agent) != NULL;
	facts.home_is_ours = address_is_at_home_here(visit, request->fixed.home, home_agent);
	facts.home_agent_is_ours = address_is_here(visit, home_agent);
	facts.served_here = address_is_home_agents(visit, home_agent);
	facts.no_resources = !facts.visiting && is_full(visit, &facts);
	facts.denied_lately = node_was_denied(
		nodes_find(visit->nodes, request->interface, request->link), now_ms);
	return facts;
}

static const struct foreign_visitor *visitor_of(const struct visit *visit,
                                                const struct foreign_registration *registration)
{
	return visitors_find(visit->visitors, registration->home, registration->relayed_to);
}

static bool is_there(const struct foreign_visitor *visitor,
                     const struct foreign_registration *registration)
{
	return visitor && visitor->asked.interface == registration->interface &&
	       memcmp(visitor->asked.link, registration->link, FOREIGN_LINK_SIZE) == 0;
}

/* What is known of a visitor is in the visitor list, whoever has its place among the nodes. */
static void add_visitor_past(const struct foreign_visitor *visitor,
                             const struct foreign_registration *registration,
                             struct foreign_challenge_past *past)
{
	past->accepted = (struct span){ visitor->asked.challenge, visitor->asked.challenge_size };
	if (past->offered.at == NULL && is_there(visitor, registration))
		past->offered = (struct span){ visitor->offered, visitor->offered_size };
}

/* What was pending when the request came, and its challenge. */
static void add_past(const struct visit *visit, const struct served_link *link,
                     const struct foreign_request *request,
                     const struct foreign_registration *registration, struct foreign_facts *facts)
{
	const struct node *node = nodes_find(visit->nodes, request->interface, request->link);
	const struct foreign_visitor *visitor = visitor_of(visit, registration);
	struct foreign_challenge_past past = {
		.repeated = foreign_pendings_repeats(visit->pendings, registration),
		.copied = nodes_proved(visit->nodes, registration->proof) ||
		          foreign_pendings_copies(visit->pendings, registration),
	};

	if (node) {
		past.used = (struct span){ node->used.octets, node->used.size };
		past.offered = (struct span){ node->offered.octets, node->offered.size };
	}
	if (visitor)
		add_visitor_past(visitor, registration, &past);
	facts->pending_full = foreign_pendings_full(visit->pendings, registration);
	if (request->extensions.challenge_count)
		facts->challenge = foreign_challenge_judge(&link->challenges, &past,
		                                           request->extensions.challenge);
}

/* ---- what comes of it ---- */

static enum foreign_code code_of_errno(int number)
{
	return number == EHOSTUNREACH ? FOREIGN_HOST_UNREACHABLE : FOREIGN_NETWORK_UNREACHABLE;
}

static void note_challenge(struct visit *visit, const struct foreign_request *request,
                           uint64_t proof)
{
	if (request->extensions.challenge_count == 0)
		return;
	node_answered(nodes_place(visit->nodes, request->interface, request->link),
	              request->extensions.challenge);
	nodes_prove(visit->nodes, proof);
}

static void keep(struct visit *visit, const struct foreign_registration *registration,
                 uint64_t now_ms)
{
	struct foreign_registration gone;
	enum foreign_pending_put put = foreign_pendings_put(visit->pendings, registration, &gone);

	if (put == FOREIGN_PENDING_AGAIN)
		visiting_count(VISITING_REQUESTS_AGAIN);
	if (put != FOREIGN_PENDING_REPLACED || gone.doubted)
		return;
	visiting_count(VISITING_TIMEOUTS);
	node_deny(visit, &gone, FOREIGN_TIMEOUT, "the home agent did not answer", gone.lifetime_s,
	          now_ms);
}

static void relay(struct visit *visit, const struct foreign_request *request,
                  const struct foreign_relay *plan, const struct foreign_registration *registration,
                  uint64_t now_ms)
{
	uint8_t octets[VISIT_PACKET_MAX + FOREIGN_RELAY_ADDED_MAX];
	struct writer out = writer_over(octets, sizeof(octets));
	const struct keys_peer peer = { .kind = PEER_FOREIGN_AGENT, .address = plan->destination };
	struct foreign_signer signer = { 0 };
	int number;

	signer.key = keys_find(visit->keys, &peer, 0, &signer.spi);
	foreign_relay_write(plan, &signer, registration->revocation_stamp, &out);
	if (out.error != HA_OK) {
		visiting_count(VISITING_SEND_FAILED);
		return;
	}
	number = ports_send(&visit->ports, plan->source, plan->destination, MIP_PORT,
	                    writer_span(&out));
	if (number == 0) {
		visiting_count(VISITING_REQUESTS_RELAYED);
		note_challenge(visit, request, registration->proof);
		keep(visit, registration, now_ms);
		letters_hold(visit->letters, registration->home, registration->relayed_to,
		             now_ms + FOREIGN_PENDING_TIMEOUT_MS);
		return;
	}
	visiting_count(VISITING_SEND_FAILED);
	if (number == EHOSTUNREACH || number == ENETUNREACH) {
		visiting_count(VISITING_UNREACHABLE);
		node_deny(visit, registration, code_of_errno(number),
		          "there is no way to the home agent", registration->lifetime_s, now_ms);
	}
}

static void tell_log(const struct foreign_request *request, const struct served_link *link,
                     const struct foreign_verdict *verdict)
{
	static struct log_limit limit = { .per_second = 10 };
	uint64_t held_back;

	if (!log_enabled(LOG_LEVEL_INFO) ||
	    !log_limit_pass(&limit, clock_monotonic_ns(), &held_back))
		return;
	log_info("visitor %s on %s: %s", address_format(request->fixed.home).text,
	         link->interface.name, verdict->reason);
}

static void decide(struct visit *visit, struct served_link *link,
                   const struct foreign_request *request, uint64_t now_ms)
{
	struct foreign_policy policy = visit->settings.policy;
	struct foreign_registration registration;
	struct foreign_verdict verdict;
	struct foreign_facts facts;
	struct foreign_relay plan;

	policy.offers |= visit_is_busy(visit) ? AGENT_BUSY : 0u;
	policy.max_lifetime_s = visit_lifetime_s(visit, link);
	facts = facts_of(visit, request, &policy, now_ms);
	plan = foreign_relay_plan(request, &facts);
	registration = foreign_registration_of(request, &plan, visit_stamp(), now_ms);
	registration.proof = foreign_request_proof(request, visit->nodes->seed);
	if (facts.mobile_foreign == AUTHENTICATION_VALID)
		registration.features |= FOREIGN_HAS_PROVED;
	registration.served = is_there(visitor_of(visit, &registration), &registration);
	add_past(visit, link, request, &registration, &facts);
	verdict = foreign_decide(request, &facts);
	tell_log(request, link, &verdict);
	violate_by_request(visit, request, &verdict);
	switch (verdict.effect) {
	case FOREIGN_DROP:
		visiting_count(VISITING_REQUESTS_DROPPED);
		break;
	case FOREIGN_DENY:
		visiting_count(VISITING_REQUESTS_DENIED);
		node_deny(visit, &registration, verdict.code, verdict.reason, verdict.lifetime_s,
		          now_ms);
		break;
	case FOREIGN_RELAY:
	case FOREIGN_HAND_OVER: /* by the host's own way to itself */
		relay(visit, request, &plan, &registration, now_ms);
		break;
	}
}

void relay_hear(struct visit *visit, struct served_link *link, const struct link_heard *heard,
                const struct ip4 *ip, uint64_t now_ms)
{
	struct foreign_request request;
	uint16_t port;
	struct span message;

	if (!(advertiser_roles(visit, link) & ADVERTISED_FOREIGN) ||
	    !is_for_us(visit, link, ip->destination))
		return;
	message = message_of(heard, ip, &port);
	if (message.size == 0 || foreign_request_decode(message, &request) != HA_OK) {
		visiting_count(VISITING_REQUESTS_MALFORMED);
		return;
	}
	visiting_count(VISITING_REQUESTS);
	request.source = ip->source;
	request.destination = ip->destination;
	request.source_port = port;
	request.ttl = ip->ttl;
	request.interface = heard->interface;
	memcpy(request.link, heard->link, sizeof(request.link));
	decide(visit, link, &request, now_ms);
}
