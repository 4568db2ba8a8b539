/* advertiser.c - agent advertisements of a link: what is in them, and to whom they go. When,
 * is agentd/discovery's matter. */
#include "agentd/visit/internal.h"

#include "agentd/base/address.h"
#include "agentd/base/clock.h"
#include "agentd/base/log.h"
#include "agentd/visit/counters.h"
#include "proto/ip4.h"

#define ADVERTISED_TTL 1u /* RFC 1256 section 4.1, RFC 5944 section 2.1 */
#define CHALLENGE_SIZE 16u

/* ---- what is said ---- */

bool visit_is_busy(const struct visit *visit)
{
	return carry_fails(visit) || (visit->visitors && visitors_count(visit->visitors) >=
	                                                         visit->settings.visitors_busy);
}

unsigned advertiser_roles(const struct visit *visit, const struct served_link *link)
{
	unsigned roles = link->settings->of.roles;

	if (link->interface.index == 0 || !atomic_load(&visit->running) ||
	    visit->settings.disabled || visit->home.disabled)
		return 0;
	if (!visit->home.answers)
		roles &= ~(unsigned)ADVERTISED_HOME;
	return order_serves(visit, link) ? roles : roles & ~(unsigned)ADVERTISED_FOREIGN;
}

uint16_t advertiser_flags(const struct visit *visit, const struct served_link *link)
{
	unsigned roles = advertiser_roles(visit, link), flags = 0;

	if (roles & ADVERTISED_HOME)
		flags |= AGENT_HOME;
	if (roles & ADVERTISED_FOREIGN)
		flags |= visit->settings.policy.offers;
	else if (roles & ADVERTISED_HOME)
		flags |= visit->home.flags;
	if (roles & ADVERTISED_FOREIGN && link->settings->of.required)
		flags |= AGENT_REGISTRATION_REQUIRED;
	return (uint16_t)flags;
}

uint16_t visit_lifetime_s(const struct visit *visit, const struct served_link *link)
{
	if (!(link->settings->of.roles & ADVERTISED_FOREIGN))
		return visit->home.max_lifetime_s;
	return link->settings->own_lifetime ? link->settings->max_lifetime_s
	                                    : visit->settings.policy.max_lifetime_s;
}

struct in_addr visit_address(const struct visit *visit, const struct served_link *link)
{
	if (advertiser_roles(visit, link) & ADVERTISED_HOME &&
	    interface_has_address(&link->interface, visit->settings.home_agent))
		return visit->settings.home_agent;
	return served_address(link);
}

struct in_addr served_address(const struct served_link *link)
{
	return interface_has_address(&link->interface, link->settings->shared)
	               ? link->settings->shared
	               : link->interface.addresses[0].address;
}

/* The one that moves alone: of the others that this host has there the next one knows nothing. */
static void add_shared_router(const struct served_link *link, struct advertisement *out)
{
	const struct in_addr shared = link->settings->shared;

	out->routers[out->router_count++] = (struct advertisement_router){
		.address = shared,
		.prefix_length = out->has_prefix_lengths
		                         ? interface_prefix_of(&link->interface, shared)
		                         : 0,
	};
}

static void add_routers(const struct served_link *link, struct advertisement *out)
{
	out->has_prefix_lengths = link->settings->of.prefix_lengths;
	if (interface_has_address(&link->interface, link->settings->shared)) {
		add_shared_router(link, out);
		return;
	}
	for (size_t i = 0; i < link->interface.address_count; i++)
		out->routers[out->router_count++] = (struct advertisement_router){
			.address = link->interface.addresses[i].address,
			.prefix_length = out->has_prefix_lengths
			                         ? link->interface.addresses[i].prefix_length
			                         : 0,
		};
}

static void fill(const struct visit *visit, const struct served_link *link,
                 struct advertisement *out)
{
	const struct foreign_policy *policy = &visit->settings.policy;

	*out = (struct advertisement){
		.code = link->settings->of.router ? ADVERTISEMENT_ROUTES : ADVERTISEMENT_ROUTES_NOT,
		.flags = advertiser_flags(visit, link),
		.registration_lifetime_s = visit_lifetime_s(visit, link),
	};
	add_routers(link, out);
	if (!(out->flags & AGENT_FOREIGN))
		return;
	for (size_t i = 0; i < policy->care_of_count; i++)
		out->care_of[out->care_of_count++] = policy->care_of[i];
}

/* RFC 4721 section 2: one that cannot be guessed. */
static void make_challenge(struct served_link *link)
{
	uint8_t octets[CHALLENGE_SIZE];

	visit_random_octets(octets, sizeof(octets));
	(void)foreign_challenges_add(&link->challenges, (struct span){ octets, sizeof(octets) });
}

/* The last one that this node was given and has not answered, else one for it alone. */
static struct span challenge_of_node(struct visit *visit, const struct served_link *link,
                                     const uint8_t *to_link)
{
	struct node *node = nodes_place(visit->nodes, link->interface.index, to_link);
	uint8_t octets[CHALLENGE_SIZE];

	if (node->offered.size == 0) {
		visit_random_octets(octets, sizeof(octets));
		node_note(&node->offered, (struct span){ octets, sizeof(octets) });
	}
	return (struct span){ node->offered.octets, node->offered.size };
}

static struct span challenge_of(struct visit *visit, struct served_link *link,
                                enum advertise_challenge which, const uint8_t *to_link)
{
	const struct foreign_challenge_value *newest = &link->challenges.newest[0];

	if (visit->settings.policy.challenges && which == ADVERTISE_CHALLENGE_OF_NODE)
		return challenge_of_node(visit, link, to_link);
	if (!visit->settings.policy.challenges)
		return (struct span){ 0 };
	if (which == ADVERTISE_CHALLENGE_FRESH || newest->size == 0)
		make_challenge(link);
	return (struct span){ newest->octets, newest->size };
}

/* ---- sending ---- */

static void count_fate(enum advertise_fate fate, bool sent)
{
	visiting_count(VISITING_ADVERTISEMENTS);
	if (!sent)
		visiting_count(VISITING_ADVERTISEMENTS_FAILED);
	if (fate == ADVERTISE_ANSWER_ALL)
		visiting_count(VISITING_ADVERTISEMENTS_TO_ALL);
	if (fate == ADVERTISE_ANSWER_ONE)
		visiting_count(VISITING_ADVERTISEMENTS_TO_ONE);
}

/* `to_link` NULL: to everybody. Nothing where nothing is to be sent. */
static void send_verdict(struct visit *visit, struct served_link *link,
                         const struct advertise_verdict *verdict, const uint8_t *to_link,
                         uint64_t now_ms)
{
	uint8_t octets[ADVERTISEMENT_MAX];
	struct writer out = writer_over(octets, sizeof(octets));
	struct ip4 header = {
		.source = visit_address(visit, link),
		.destination = verdict->destination,
		.ttl = ADVERTISED_TTL,
		.protocol = IP4_ICMP,
	};
	struct advertisement message;
	bool sent;

	if (!advertise_fate_sends(verdict->fate))
		return;
	fill(visit, link, &message);
	if (message.flags & AGENT_FOREIGN)
		message.challenge = challenge_of(visit, link, verdict->challenge, to_link);
	/* Who is told that it is served no more is let in again. */
	advertise_fill(&message, verdict, visit_is_busy(visit) && verdict->fate != ADVERTISE_RESET);
	advertisement_write(&out, &message);
	sent = out.error == HA_OK && visit_send(visit, link, &header, to_link, writer_span(&out));
	count_fate(verdict->fate, sent);
	link->sent += sent;
	link->sent_ms = sent ? now_ms : link->sent_ms;
	log_debug("interface %s: advertisement %u to %s, %s%s", link->interface.name,
	          message.sequence, address_format(verdict->destination).text,
	          advertise_fate_word(verdict->fate), sent ? "" : ", not taken by the network");
}

void advertiser_tick(struct visit *visit, struct served_link *link, uint64_t now_ms)
{
	struct advertise_verdict verdict = advertise_tick(
		&link->advertise, &link->settings->advertise, now_ms, visit_random());

	send_verdict(visit, link, &verdict, NULL, now_ms);
}

void advertiser_update(struct visit *visit, struct served_link *link, uint64_t now_ms)
{
	if (advertiser_roles(visit, link) && link->settings->state == LINK_ACTIVE)
		advertise_begin(&link->advertise, &link->settings->advertise, now_ms,
		                visit_random());
	else /* the interface is gone, or another member is the home agent: no farewell */
		(void)advertise_end(&link->advertise, &link->settings->advertise, now_ms);
}

bool served_link_goes_on(const struct visit *visit, const struct served_link_settings *settings)
{
	return visit->settings.cluster && (visit->members || settings->of.roles == ADVERTISED_HOME);
}

void advertiser_end(struct visit *visit, struct served_link *link, uint64_t now_ms)
{
	bool goes_on = served_link_goes_on(visit, link->settings);
	struct advertise_verdict verdict = advertise_end(&link->advertise,
	                                                 &link->settings->advertise, now_ms);

	if (advertiser_roles(visit, link) && !goes_on)
		send_verdict(visit, link, &verdict, NULL, now_ms);
}

/* RFC 3543 section 4.1. */
void advertiser_reset(struct visit *visit, struct served_link *link, const uint8_t *to_link,
                      struct in_addr home, uint64_t now_ms)
{
	const struct advertise_verdict verdict = {
		.fate = ADVERTISE_RESET,
		.challenge = ADVERTISE_CHALLENGE_OF_NODE,
		.destination = home,
		.sequence = 0,
		.lifetime_s = link->settings->advertise.lifetime_s,
	};

	if (!(advertiser_roles(visit, link) & ADVERTISED_FOREIGN))
		return;
	visiting_count(VISITING_ADVERTISEMENTS_RESET);
	send_verdict(visit, link, &verdict, to_link, now_ms);
}

/* ---- solicitations ---- */

void advertiser_hear(struct visit *visit, struct served_link *link, const struct link_heard *heard,
                     struct span message, struct in_addr source, uint64_t now_ms)
{
	struct advertise_verdict verdict;

	if (solicitation_read(message) != DISCOVERY_SOUND) {
		visiting_count(VISITING_SOLICITATIONS_UNSOUND);
		return;
	}
	verdict = advertise_solicited(&link->advertise, &link->settings->advertise, &visit->total,
	                              source, now_ms, visit_random());
	visiting_count(verdict.fate == ADVERTISE_BAD_SOURCE ? VISITING_SOLICITATIONS_UNSOUND
	                                                    : VISITING_SOLICITATIONS);
	if (verdict.fate == ADVERTISE_POSTPONED)
		visiting_count(VISITING_SOLICITATIONS_POSTPONED);
	send_verdict(visit, link, &verdict, heard->link, now_ms);
}
