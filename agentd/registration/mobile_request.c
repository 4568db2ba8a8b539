/* mobile_request.c - the fields of a mobile node's request and its IP header, one rule of
 * RFC 5944 section 3.6.1 after the other, and the order of its extensions (3.6.1.3). */
#include "agentd/registration/mobile.h"

#include "proto/extension_write.h"

#define ALL_MOBILITY_AGENTS 0xe000000bu /* 224.0.0.11 */
#define TTL_OF_A_LINK 1u

static bool is_zero(struct in_addr address)
{
	return address.s_addr == 0;
}

struct in_addr mobile_directed_broadcast(const struct address_prefix *network)
{
	uint32_t hosts = network->length >= 32 ? 0 : UINT32_MAX >> network->length;

	return (struct in_addr){ .s_addr = network->network.s_addr | htonl(hosts) };
}

static bool ends(enum mobile_purpose purpose)
{
	return purpose == MOBILE_UNBIND || purpose == MOBILE_UNBIND_ALL;
}

/* ---- what cannot be asked for ---- */

struct question {
	const struct mobile_node *node;
	const struct mobile_attachment *at;
	const struct mobile_wishes *wishes;
	enum mobile_purpose purpose;
};

static bool offers(const struct question *q, unsigned flag)
{
	return (q->at->offers & flag) != 0;
}

static bool has_key(const struct question *q)
{
	return q->node->mobile_home.key != NULL;
}

static bool has_identity(const struct question *q)
{
	return !is_zero(q->node->home) || q->node->nai.size > 0;
}

/* Only who has a name may ask for any home agent (RFC 4433 section 5.1). */
static bool has_home_agent(const struct question *q)
{
	return !is_zero(q->node->home_agent) || q->node->nai.size > 0 ||
	       q->node->home_network.length > 0;
}

/* To look for any home agent without a foreign agent one must know where to ask. */
static bool has_destination(const struct question *q)
{
	return q->at->by_agent || !is_zero(q->node->home_agent) || !is_zero(q->node->requested) ||
	       q->node->home_network.length > 0;
}

static bool has_care_of(const struct question *q)
{
	return q->at->way == MOBILE_AT_HOME || q->purpose == MOBILE_UNBIND_ALL ||
	       (address_is_unicast(q->at->care_of) &&
	        !address_equal(q->at->care_of, q->node->home));
}

static bool only_ends_at_home(const struct question *q)
{
	return q->at->way != MOBILE_AT_HOME || ends(q->purpose);
}

static bool home_is_known_at_the_end(const struct question *q)
{
	return q->purpose != MOBILE_UNBIND_ALL || !is_zero(q->node->home);
}

static bool decapsulates(const struct question *q)
{
	return q->at->way == MOBILE_CO_LOCATED;
}

static bool encapsulation_is_offered(const struct question *q)
{
	static const uint16_t flags[] = {
		[ENCAPSULATION_IPIP] = 0,
		[ENCAPSULATION_MINIMAL] = AGENT_MINIMAL,
		[ENCAPSULATION_GRE] = AGENT_GRE,
	};
	uint8_t wished = q->wishes->encapsulation;

	if (wished >= sizeof(flags) / sizeof(flags[0]))
		return false;
	return ends(q->purpose) || decapsulates(q) || flags[wished] == 0 ||
	       offers(q, flags[wished]);
}

static bool reverse_is_offered(const struct question *q)
{
	return ends(q->purpose) || decapsulates(q) || !q->wishes->reverse ||
	       offers(q, AGENT_REVERSE_TUNNEL);
}

static const struct obstacle {
	bool (*passes)(const struct question *);
	enum ha_error why;
	const char *reason;
} obstacles[] = {
	{ has_key, HA_E_NOTFOUND, "there is no association with a home agent" },
	{ has_identity, HA_E_NOTFOUND, "there is neither a home address nor a name" },
	{ has_home_agent, HA_E_NOTFOUND,
	  "no home agent is given, and neither a home network nor a name to look for one with" },
	{ has_destination, HA_E_NOTFOUND,
	  "no home agent is given, and none to ask first without a foreign agent" },
	{ only_ends_at_home, HA_E_MALFORMED, "at home there is nothing to be bound to" },
	{ home_is_known_at_the_end, HA_E_NOTFOUND, "the home address is not known yet" },
	{ has_care_of, HA_E_MALFORMED, "the care-of address is none that can be reached" },
	{ encapsulation_is_offered, HA_E_UNSUPPORTED,
	  "the foreign agent does not offer that encapsulation" },
	{ reverse_is_offered, HA_E_UNSUPPORTED,
	  "the foreign agent does not offer reverse tunnels" },
};

/* ---- the fields ---- */

static uint8_t flags_of(const struct question *q)
{
	static const uint8_t encapsulations[] = {
		[ENCAPSULATION_IPIP] = 0,
		[ENCAPSULATION_MINIMAL] = MIP_REQUEST_MINIMAL,
		[ENCAPSULATION_GRE] = MIP_REQUEST_GRE,
	};
	uint8_t flags = decapsulates(q) ? MIP_REQUEST_DECAPSULATES : 0;

	if (ends(q->purpose))
		return flags;
	flags |= encapsulations[q->wishes->encapsulation];
	if (q->purpose == MOBILE_BIND_BESIDE)
		flags |= MIP_REQUEST_SIMULTANEOUS;
	if (q->wishes->reverse)
		flags |= MIP_REQUEST_REVERSE;
	if (q->wishes->broadcasts && decapsulates(q))
		flags |= MIP_REQUEST_BROADCAST;
	return flags;
}

/* No more than the agent takes; where it was not told, no more than an advertisement is
 * good for when it does not say (RFC 5944 section 3.6.1.2). */
static uint16_t lifetime_of(const struct question *q)
{
	uint16_t most = q->at->agent_lifetime_s ? q->at->agent_lifetime_s
	                                        : (uint16_t)MOBILE_DEFAULT_LIFETIME_S;

	if (ends(q->purpose))
		return 0;
	if (!q->at->by_agent || q->wishes->lifetime_s < most)
		return q->wishes->lifetime_s;
	return most;
}

static struct in_addr home_agent_of(const struct question *q)
{
	const struct mobile_node *node = q->node;

	if (!is_zero(node->home_agent))
		return node->home_agent;
	if (node->nai.size == 0 || (is_zero(node->requested) && node->home_network.length > 0))
		return mobile_directed_broadcast(&node->home_network);
	return (struct in_addr){ .s_addr = INADDR_BROADCAST };
}

static struct in_addr source_of(const struct question *q)
{
	return q->at->way == MOBILE_CO_LOCATED ? q->at->care_of : q->node->home;
}

static struct in_addr destination_of(const struct question *q, struct in_addr home_agent)
{
	const struct in_addr agents = { .s_addr = htonl(ALL_MOBILITY_AGENTS) };

	if (q->at->by_agent)
		return is_zero(q->at->agent) ? agents : q->at->agent;
	return home_agent.s_addr == INADDR_BROADCAST ? q->node->requested : home_agent;
}

static bool goes_to_many(const struct question *q, struct in_addr home_agent)
{
	if (q->at->by_agent)
		return is_zero(q->at->agent);
	return is_zero(q->node->home_agent) && home_agent.s_addr != INADDR_BROADCAST;
}

static struct in_addr care_of_of(const struct question *q)
{
	return q->purpose == MOBILE_UNBIND_ALL || q->at->way == MOBILE_AT_HOME ? q->node->home
	                                                                       : q->at->care_of;
}

/* ---- the extensions ---- */

/* RFC 3519 section 4.4. */
static bool asks_for_udp(const struct question *q)
{
	return decapsulates(q) && !ends(q->purpose) && q->wishes->udp != MOBILE_UDP_NO &&
	       (!q->at->by_agent || offers(q, AGENT_UDP_TUNNEL));
}

static enum mobile_challenge challenge_place(const struct question *q)
{
	if (!q->at->by_agent || q->at->challenge.size == 0)
		return MOBILE_CHALLENGE_NONE;
	return q->at->mobile_foreign.key || q->node->mobile_aaa.key ? MOBILE_CHALLENGE_OUTER
	                                                            : MOBILE_CHALLENGE_INNER;
}

static void plan_extensions(const struct question *q, struct mobile_plan *out)
{
	out->udp_request = asks_for_udp(q);
	out->udp_forced = q->wishes->udp == MOBILE_UDP_FORCED;
	out->udp_through_agent = q->at->by_agent;
	out->delivery = q->at->way == MOBILE_BY_AGENT && q->wishes->encapsulating &&
	                (out->fixed.flags & MIP_REQUEST_REVERSE) != 0;
	out->challenge_place = challenge_place(q);
	if (out->challenge_place != MOBILE_CHALLENGE_NONE)
		out->challenge = q->at->challenge;
	out->nai = q->node->nai;
	if (is_zero(q->node->home_agent) && out->fixed.home_agent.s_addr == INADDR_BROADCAST)
		out->requested = q->node->requested;
	out->mobile_home = q->node->mobile_home;
	out->mobile_aaa = q->node->mobile_aaa;
	if (q->at->by_agent)
		out->mobile_foreign = q->at->mobile_foreign;
}

enum ha_error mobile_plan(const struct mobile_node *node, const struct mobile_attachment *at,
                          const struct mobile_wishes *wishes, enum mobile_purpose purpose,
                          struct mobile_plan *out, const char **reason)
{
	struct mobile_attachment here = *at;
	const struct question q = { node, &here, wishes, purpose };

	here.by_agent = at->way != MOBILE_AT_HOME && (at->by_agent || at->way == MOBILE_BY_AGENT);
	*out = (struct mobile_plan){ 0 };
	for (size_t i = 0; i < sizeof(obstacles) / sizeof(obstacles[0]); i++) {
		*reason = obstacles[i].reason;
		if (!obstacles[i].passes(&q))
			return obstacles[i].why;
	}
	*reason = "";
	out->fixed = (struct mip_request){
		.flags = flags_of(&q),
		.lifetime_s = lifetime_of(&q),
		.home = node->home,
		.home_agent = home_agent_of(&q),
		.care_of = care_of_of(&q),
	};
	out->source = source_of(&q);
	out->destination = destination_of(&q, out->fixed.home_agent);
	out->by_agent = here.by_agent;
	out->broadcast = goes_to_many(&q, out->fixed.home_agent);
	out->ttl = here.by_agent && is_zero(here.agent) ? TTL_OF_A_LINK : MOBILE_TTL;
	plan_extensions(&q, out);
	return HA_OK;
}

void mobile_request_write(const struct mobile_plan *plan, uint64_t identification,
                          struct writer *out)
{
	struct mip_request fixed = plan->fixed;

	fixed.identification = identification;
	mip_request_encode(out, &fixed);
	if (plan->nai.size > 0)
		mip_nai_append(out, plan->nai);
	if (!is_zero(plan->requested))
		mip_dynamic_ha_append(out, MIP_DYNAMIC_HA_REQUESTED, plan->requested, true);
	if (plan->udp_request)
		mip_udp_tunnel_request_append(out, plan->udp_forced, plan->udp_through_agent, 0);
	if (plan->challenge_place == MOBILE_CHALLENGE_INNER)
		mip_challenge_append(out, plan->challenge);
	mip_authentication_append(out, MIP_EXTENSION_MOBILE_HOME, plan->mobile_home.spi,
	                          plan->mobile_home.key);
	if (plan->challenge_place == MOBILE_CHALLENGE_OUTER)
		mip_challenge_append(out, plan->challenge);
	if (plan->mobile_aaa.key)
		mip_generalized_append(out, MIP_GENERALIZED_MOBILE_AAA, plan->mobile_aaa.spi,
		                       plan->mobile_aaa.key, plan->challenge);
	if (plan->delivery)
		mip_delivery_append(out);
	if (plan->mobile_foreign.key)
		mip_authentication_append(out, MIP_EXTENSION_MOBILE_FOREIGN,
		                          plan->mobile_foreign.spi, plan->mobile_foreign.key);
}
