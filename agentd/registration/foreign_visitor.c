/* foreign_visitor.c - what is kept of a mobile node while it waits, and once it is
 * served. */
#include "agentd/registration/foreign_checks.h"

#include "agentd/base/binding.h"

struct foreign_registration foreign_registration_of(const struct foreign_request *request,
                                                    const struct foreign_relay *relay,
                                                    uint32_t stamp, uint64_t now_ms)
{
	const struct mip_extensions *e = &request->extensions;
	struct foreign_registration out = {
		.home = request->fixed.home,
		.home_agent = request->fixed.home_agent,
		.relayed_to = relay->destination,
		.care_of = request->fixed.care_of,
		.source = request->source,
		.destination = request->destination,
		.identification = request->fixed.identification,
		.since_ms = now_ms,
		.interface = request->interface,
		.revocation_stamp = relay->revocation ? stamp : 0,
		.source_port = request->source_port,
		.lifetime_s = request->fixed.lifetime_s,
		.flags = request->fixed.flags,
	};
	unsigned features = (e->delivery_count ? FOREIGN_HAS_DELIVERY : 0u) |
	                    (relay->udp_request ? FOREIGN_HAS_UDP : 0u) |
	                    (relay->revocation ? FOREIGN_HAS_REVOCATION : 0u) |
	                    (relay->revocation && relay->inform ? FOREIGN_HAS_INFORM : 0u) |
	                    (relay->authenticated ? FOREIGN_HAS_SIGNED : 0u) |
	                    (relay->challenge ? FOREIGN_HAS_CHALLENGE : 0u);

	out.features = (uint8_t)features;
	memcpy(out.link, request->link, sizeof(out.link));
	if (e->challenge_count && e->challenge.size <= FOREIGN_CHALLENGE_MAX) {
		out.challenge_size = (uint8_t)e->challenge.size;
		memcpy(out.challenge, e->challenge.at, e->challenge.size);
	}
	if (e->nai_count && e->nai.size <= MIP_NAI_MAX) {
		out.nai_size = (uint8_t)e->nai.size;
		memcpy(out.nai, e->nai.at, e->nai.size);
	}
	return out;
}

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static uint64_t add_proof(uint64_t sum, struct span octets, uint64_t seed)
{
	for (size_t i = 0; i < octets.size; i++)
		sum = mix((sum ^ octets.at[i]) + seed);
	return mix(sum + octets.size);
}

uint64_t foreign_request_proof(const struct foreign_request *request, uint64_t seed)
{
	const struct mip_extensions *e = &request->extensions;
	uint64_t sum = seed;

	if (e->mobile_home_count)
		sum = add_proof(sum, e->mobile_home.authenticator, seed);
	if (e->mobile_aaa_count)
		sum = add_proof(sum, e->mobile_aaa.authenticator, seed);
	if (e->mobile_foreign_count)
		sum = add_proof(sum, e->mobile_foreign.authenticator, seed);
	return sum;
}

bool foreign_registration_is_of(const struct foreign_registration *registration,
                                struct in_addr home, struct span nai)
{
	bool named = registration->nai_size > 0 && nai.size > 0;

	if (named && (nai.size != registration->nai_size ||
	              memcmp(nai.at, registration->nai, nai.size) != 0))
		return false;
	return registration->home.s_addr == INADDR_ANY || registration->home.s_addr == home.s_addr;
}

struct foreign_denial foreign_denial_of_pending(const struct foreign_registration *pending,
                                                enum foreign_code code, const char *reason)
{
	return (struct foreign_denial){
		.code = code,
		.lifetime_s = pending->lifetime_s,
		.home = pending->home,
		.home_agent = pending->home_agent,
		.identification = pending->identification,
		.reason = reason,
	};
}

/* With both flags the home agent has the choice; it takes GRE where it can. */
static uint8_t encapsulation_of(unsigned flags)
{
	if (flags & MIP_REQUEST_GRE)
		return ENCAPSULATION_GRE;
	return flags & MIP_REQUEST_MINIMAL ? ENCAPSULATION_MINIMAL : ENCAPSULATION_IPIP;
}

bool foreign_is_home_agents_word(const struct foreign_reply *reply,
                                 const struct foreign_reply_facts *facts, struct span octets)
{
	if (!facts->home_agent_associated)
		return true;
	return facts->foreign_home == AUTHENTICATION_VALID &&
	       mip_authentication_covers(&reply->extensions.foreign_home, octets);
}

static unsigned granted_features(const struct foreign_reply *reply,
                                 const struct foreign_reply_facts *facts)
{
	const struct mip_extensions *e = &reply->extensions;
	unsigned asked = facts->pending->features;
	unsigned granted = asked & FOREIGN_HAS_DELIVERY;

	if (e->udp_reply_count && e->udp_reply.code < MIP_UDP_DECLINED &&
	    foreign_is_home_agents_word(reply, facts, e->udp_reply.at))
		granted |= asked & FOREIGN_HAS_UDP;
	if (e->revocation_count && foreign_is_home_agents_word(reply, facts, e->revocation.at))
		granted |= asked & FOREIGN_HAS_REVOCATION;
	if (granted & FOREIGN_HAS_REVOCATION && e->revocation.inform)
		granted |= asked & FOREIGN_HAS_INFORM;
	return granted;
}

static bool stays(const struct foreign_reply_facts *facts)
{
	const struct foreign_visitor *visitor = facts->visitor;

	return visitor && visitor->asked.interface == facts->pending->interface &&
	       memcmp(visitor->asked.link, facts->pending->link, FOREIGN_LINK_SIZE) == 0;
}

struct foreign_visitor foreign_visitor_of(const struct foreign_reply *reply,
                                          const struct foreign_reply_facts *facts,
                                          const struct foreign_reply_verdict *verdict,
                                          const struct foreign_answer *answer, uint64_t now_ms)
{
	const struct mip_extensions *e = &reply->extensions;
	unsigned features = granted_features(reply, facts);
	struct foreign_visitor out = {
		.asked = *facts->pending,
		.home = reply->fixed.home,
		.home_agent = reply->fixed.home_agent,
		.began_ms = stays(facts) ? facts->visitor->began_ms : now_ms,
		.granted_ms = now_ms,
		.expires_ms = verdict->lifetime_s == LIFETIME_INFINITE
		                      ? BINDING_NEVER_EXPIRES
		                      : now_ms + verdict->lifetime_s * UINT64_C(1000),
		.home_agent_stamp = features & FOREIGN_HAS_REVOCATION ? e->revocation.timestamp : 0,
		.mobile_spi = answer->mobile.key ? answer->mobile.spi : 0,
		.granted_s = verdict->lifetime_s,
		.keepalive_s = features & FOREIGN_HAS_UDP ? e->udp_reply.keepalive_s : 0,
		.encapsulation = encapsulation_of(facts->pending->flags),
		.features = (uint8_t)features,
	};

	if (answer->challenge.size && answer->challenge.size <= FOREIGN_CHALLENGE_MAX) {
		out.offered_size = (uint8_t)answer->challenge.size;
		memcpy(out.offered, answer->challenge.at, answer->challenge.size);
	}
	return out;
}
