/* tunnel_error.c - see the header. */
#include "agentd/dataplane/tunnel_error.h"

#include "agentd/base/address.h"

#define ANY_CODE 0xffu
#define POINTER_TOS 1u

/* RFC 2003 section 4, and the codes of RFC 1122 and 1812 by the nearest of its rows. */
static const struct tunnel_error_rule rules[] = {
	{ ICMP4_UNREACHABLE, ICMP4_NETWORK, TEACHES_BROKEN, TELLS_NETWORK },
	{ ICMP4_UNREACHABLE, ICMP4_HOST, TEACHES_BROKEN, TELLS_HOST },
	{ ICMP4_UNREACHABLE, ICMP4_PROTOCOL, TEACHES_BROKEN, TELLS_NETWORK },
	{ ICMP4_UNREACHABLE, ICMP4_PORT, TEACHES_BROKEN_PORT, TELLS_NOBODY },
	{ ICMP4_UNREACHABLE, ICMP4_TOO_BIG, TEACHES_MTU, TELLS_MTU },
	{ ICMP4_UNREACHABLE, ICMP4_SOURCE_ROUTE, TEACHES_NOTHING, TELLS_NOBODY },
	{ ICMP4_UNREACHABLE, 6, TEACHES_BROKEN, TELLS_NETWORK },   /* network unknown */
	{ ICMP4_UNREACHABLE, 7, TEACHES_BROKEN, TELLS_HOST },      /* host unknown */
	{ ICMP4_UNREACHABLE, 8, TEACHES_BROKEN, TELLS_HOST },      /* source isolated */
	{ ICMP4_UNREACHABLE, 9, TEACHES_BROKEN, TELLS_NETWORK },   /* network prohibited */
	{ ICMP4_UNREACHABLE, 10, TEACHES_BROKEN, TELLS_HOST },     /* host prohibited */
	{ ICMP4_UNREACHABLE, 11, TEACHES_NOTHING, TELLS_NETWORK }, /* for that TOS */
	{ ICMP4_UNREACHABLE, 12, TEACHES_NOTHING, TELLS_HOST },    /* for that TOS */
	{ ICMP4_UNREACHABLE, ICMP4_PROHIBITED, TEACHES_BROKEN, TELLS_HOST },
	{ ICMP4_TIME_EXCEEDED, ICMP4_IN_TRANSIT, TEACHES_LENGTH, TELLS_HOST },
	{ ICMP4_TIME_EXCEEDED, ICMP4_REASSEMBLY, TEACHES_NOTHING, TELLS_HOST },
	{ ICMP4_PARAMETER_PROBLEM, ANY_CODE, TEACHES_NOTHING, TELLS_POINTER },
	{ ICMP4_SOURCE_QUENCH, ANY_CODE, TEACHES_NOTHING, TELLS_NOBODY },
	{ ICMP4_REDIRECT, ANY_CODE, TEACHES_NOTHING, TELLS_NOBODY },
};

static const struct tunnel_error_rule *rule_of(const struct icmp4 *icmp)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		if (rules[i].type == icmp->type &&
		    (rules[i].code == icmp->code || rules[i].code == ANY_CODE))
			return &rules[i];
	return NULL;
}

static bool is_same_packet(const struct ip4 *a, const struct ip4 *b)
{
	return address_equal(a->source, b->source) &&
	       address_equal(a->destination, b->destination) && a->id == b->id;
}

/* Another packet may have had the same identification: then what is remembered says nothing,
 * and what is quoted counts. */
static void recall(const struct tunnel_error_facts *facts, struct tunnel_error *error)
{
	const struct tunnel_quoted *quoted = &error->quoted;
	struct span kept;

	error->recalled = soft_recall(facts->soft, quoted->outer.destination, quoted->outer.id,
	                              facts->now_ns, &error->sent);
	kept = (struct span){ error->sent.quote, error->sent.quote_size };
	if (error->recalled && ip4_read_quoted(kept, &error->ip) == HA_OK)
		error->original = kept;
	if (!quoted->has_inner)
		return;
	if (error->original.size && !is_same_packet(&error->ip, &quoted->ip))
		error->recalled = false;
	error->original = quoted->inner;
	error->ip = quoted->ip;
}

enum ha_error tunnel_error_read(const struct tunnel_error_facts *facts, struct span packet,
                                const struct ip4 *ip, struct writer *room, struct tunnel_error *out)
{
	enum ha_error error;

	*out = (struct tunnel_error){ .rule = NULL };
	if (ip->protocol != IP4_ICMP || ip4_is_fragment(ip))
		return HA_E_NOTFOUND;
	if (icmp4_read(ip4_payload(packet, ip), &out->icmp) != HA_OK)
		return HA_E_MALFORMED;
	if (!icmp4_is_error(out->icmp.type))
		return HA_E_NOTFOUND;
	error = tunnel_quote(out->icmp.body, room, &out->quoted);
	if (error == HA_E_NOTFOUND || error == HA_E_UNSUPPORTED)
		return HA_E_NOTFOUND;
	if (error != HA_OK)
		return HA_E_MALFORMED;
	if (!address_equal(out->quoted.outer.source, facts->local) ||
	    (out->quoted.udp && out->quoted.source_port != facts->udp_port))
		return HA_E_NOTFOUND;
	out->rule = rule_of(&out->icmp);
	if (out->rule && out->rule->lesson == TEACHES_BROKEN_PORT && !out->quoted.udp)
		out->rule = NULL;
	if (out->rule)
		recall(facts, out);
	return HA_OK;
}

bool tunnel_error_is_silent(const struct tunnel_error *error)
{
	return error->rule->lesson == TEACHES_NOTHING && error->rule->telling == TELLS_NOBODY;
}

/* Anybody between here and the exit can tell of an MTU, and one of 68 octets would be as
 * good as no tunnel: what is below the floor counts as the floor. */
bool tunnel_error_is_doubtful(const struct tunnel_error_facts *facts,
                              const struct tunnel_error *error)
{
	return error->rule->telling == TELLS_MTU &&
	       soft_believed_mtu(error->icmp.mtu, error->quoted.outer.total, 0) < facts->mtu_floor;
}

void tunnel_error_learn(const struct tunnel_error_facts *facts, struct tunnel_error *error)
{
	struct in_addr exit = error->quoted.outer.destination;

	switch (facts->trial ? TEACHES_NOTHING : error->rule->lesson) {
	case TEACHES_BROKEN_PORT:
	case TEACHES_BROKEN:
		soft_broken(facts->soft, exit, facts->now_ns);
		break;
	case TEACHES_MTU:
		error->mtu = soft_too_big(facts->soft, exit, error->icmp.mtu,
		                          error->quoted.outer.total, facts->mtu_floor,
		                          facts->now_ns);
		break;
	case TEACHES_LENGTH:
		soft_too_far(facts->soft, exit, error->recalled ? error->sent.ttl : facts->ttl,
		             facts->now_ns);
		break;
	default:
		error->mtu = soft_believed_mtu(error->icmp.mtu, error->quoted.outer.total,
		                               facts->mtu_floor);
	}
}

/* What the tunnel adds to such a packet. */
static size_t overhead_of(const struct tunnel_error_facts *facts, const struct tunnel_error *error)
{
	struct tunnel_end end = { .local = facts->local,
		                  .remote = error->quoted.outer.destination,
		                  .encapsulation = error->quoted.encapsulation,
		                  .udp = error->quoted.udp };

	return tunnel_overhead(&end, &error->ip);
}

/* Fields that the outer header took over: TOS, and of minimal encapsulation all but
 * length, protocol, checksum and addresses (RFC 2004 section 3.1). */
static bool is_senders_field(const struct tunnel_error *error)
{
	const struct tunnel_quoted *quoted = &error->quoted;
	uint8_t pointer = error->icmp.pointer;

	if (pointer == POINTER_TOS)
		return true;
	return quoted->has_encapsulation && !quoted->udp &&
	       quoted->encapsulation == ENCAPSULATION_MINIMAL &&
	       ((pointer >= 4 && pointer <= 8) ||
	        (pointer >= IP4_HEADER_MIN && pointer < quoted->outer.header_size));
}

bool tunnel_error_complaint(const struct tunnel_error_facts *facts,
                            const struct tunnel_error *error, bool own_network,
                            struct complaint *out)
{
	size_t overhead;

	*out = (struct complaint){ .type = ICMP4_UNREACHABLE, .code = ICMP4_HOST };
	if (!error->original.size)
		return false;
	switch (error->rule->telling) {
	case TELLS_HOST:
		return true;
	case TELLS_NETWORK:
		if (!own_network)
			out->code = ICMP4_NETWORK;
		return true;
	/* One who allows fragments can do nothing about it, nor one whose packet fits what is
	 * believed. */
	case TELLS_MTU:
		overhead = overhead_of(facts, error);
		out->code = ICMP4_TOO_BIG;
		out->mtu = (uint16_t)(error->mtu > overhead ? error->mtu - overhead : 0);
		return error->ip.df && out->mtu < error->ip.total;
	case TELLS_POINTER:
		out->type = ICMP4_PARAMETER_PROBLEM;
		out->code = error->icmp.code;
		out->pointer = error->icmp.pointer;
		return is_senders_field(error);
	default:
		return false;
	}
}
