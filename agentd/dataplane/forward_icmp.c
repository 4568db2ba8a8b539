/* forward_icmp.c - errors from inside of tunnels (RFC 2003 sections 4 and 5): what they
 * say about the tunnel, and what the sender of the packet is told. */
#include "agentd/dataplane/forward_internal.h"

#define ANY_CODE 0xffu
#define POINTER_TOS 1u

enum lesson {
	TEACHES_NOTHING,
	TEACHES_BROKEN,
	TEACHES_BROKEN_PORT, /* of UDP; there is none in other tunnels */
	TEACHES_MTU,
	TEACHES_LENGTH,
};

enum telling {
	TELLS_NOBODY,
	TELLS_HOST,    /* host unreachable */
	TELLS_NETWORK, /* network unreachable, or host for a home address of ours */
	TELLS_MTU,     /* fragmentation needed, less what the tunnel adds */
	TELLS_POINTER, /* parameter problem, where the field was the sender's */
};

/* RFC 2003 section 4, and the codes of RFC 1122 and 1812 by the nearest of its rows. */
static const struct rule {
	uint8_t type;
	uint8_t code;
	uint8_t lesson;
	uint8_t telling;
} rules[] = {
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

static const struct rule *rule_of(const struct icmp4 *icmp)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		if (rules[i].type == icmp->type &&
		    (rules[i].code == icmp->code || rules[i].code == ANY_CODE))
			return &rules[i];
	return NULL;
}

/* An error, the packet that it is about, and the one that was in that. */
struct report {
	struct forward_run *run;
	const struct forward_agent *agent;
	const struct rule *rule;
	struct icmp4 icmp;
	struct tunnel_quoted quoted;
	struct soft_sent sent;
	bool recalled;
	uint16_t mtu;         /* of the tunnel now, if that is what it is about */
	struct span original; /* as much of it as is known; empty: nothing */
	struct ip4 ip;        /* its header */
};

static bool is_bound_there(const struct report *report, struct in_addr home)
{
	struct tunnels_home found;

	tunnels_find(report->run->context->tunnels, report->agent->realm, home, &found);
	for (size_t i = 0; i < found.count; i++)
		if (address_equal(found.bindings[i].endpoint, report->quoted.outer.destination))
			return true;
	return false;
}

static bool is_same_packet(const struct ip4 *a, const struct ip4 *b)
{
	return address_equal(a->source, b->source) &&
	       address_equal(a->destination, b->destination) && a->id == b->id;
}

/* Anybody can write an error. Believed is one about a packet that is remembered, or that
 * would go where the quoted one went. Another packet may have had the same
 * identification: then what is remembered says nothing, and what is quoted counts. */
static bool is_about_ours(struct report *report)
{
	const struct tunnel_quoted *quoted = &report->quoted;
	struct span kept;

	report->recalled = soft_recall(report->run->context->soft, quoted->outer.destination,
	                               quoted->outer.id, report->run->context->now_ns,
	                               &report->sent);
	kept = (struct span){ report->sent.quote, report->sent.quote_size };
	if (report->recalled && ip4_read_quoted(kept, &report->ip) == HA_OK)
		report->original = kept;
	if (quoted->has_inner) {
		if (report->original.size && !is_same_packet(&report->ip, &quoted->ip))
			report->recalled = false;
		report->original = quoted->inner;
		report->ip = quoted->ip;
	}
	return report->recalled ||
	       (quoted->has_destination && is_bound_there(report, quoted->destination));
}

static uint8_t ttl_sent(const struct report *report)
{
	return report->recalled ? report->sent.ttl : report->run->settings->ttl;
}

/* Anybody between here and the exit can tell of an MTU, and one of 68 octets would be as
 * good as no tunnel: what is below the floor counts as the floor. */
static void doubt_mtu(const struct report *report)
{
	if (report->rule->telling == TELLS_MTU &&
	    soft_believed_mtu(report->icmp.mtu, report->quoted.outer.total, 0) <
	            report->run->settings->mtu_floor)
		forward_happened(report->run, FORWARD_MTU_DOUBTED);
}

static void learn(struct report *report)
{
	const struct forward_context *context = report->run->context;
	struct in_addr exit = report->quoted.outer.destination;

	switch (context->trial ? TEACHES_NOTHING : report->rule->lesson) {
	case TEACHES_BROKEN_PORT:
	case TEACHES_BROKEN:
		soft_broken(context->soft, exit, context->now_ns);
		break;
	case TEACHES_MTU:
		report->mtu = soft_too_big(context->soft, exit, report->icmp.mtu,
		                           report->quoted.outer.total,
		                           report->run->settings->mtu_floor, context->now_ns);
		break;
	case TEACHES_LENGTH:
		soft_too_far(context->soft, exit, ttl_sent(report), context->now_ns);
		break;
	default:
		report->mtu = soft_believed_mtu(report->icmp.mtu, report->quoted.outer.total,
		                                report->run->settings->mtu_floor);
	}
}

/* What the tunnel adds to such a packet. */
static size_t overhead_of(const struct report *report)
{
	struct tunnel_end end = { .local = report->agent->address,
		                  .remote = report->quoted.outer.destination,
		                  .encapsulation = report->quoted.encapsulation,
		                  .udp = report->quoted.udp };

	return tunnel_overhead(&end, &report->ip);
}

/* Fields that the outer header took over: TOS, and of minimal encapsulation all but
 * length, protocol, checksum and addresses (RFC 2004 section 3.1). */
static bool is_senders_field(const struct report *report)
{
	uint8_t pointer = report->icmp.pointer;

	if (pointer == POINTER_TOS)
		return true;
	return report->quoted.has_encapsulation && !report->quoted.udp &&
	       report->quoted.encapsulation == ENCAPSULATION_MINIMAL &&
	       ((pointer >= 4 && pointer <= 8) ||
	        (pointer >= IP4_HEADER_MIN && pointer < report->quoted.outer.header_size));
}

static bool has_something_to_say(const struct report *report, struct forward_complaint *out)
{
	struct forward_run *run = report->run;
	size_t overhead;

	*out = (struct forward_complaint){ .type = ICMP4_UNREACHABLE, .code = ICMP4_HOST };
	switch (report->rule->telling) {
	case TELLS_HOST:
		return true;
	case TELLS_NETWORK:
		if (!forward_network_of(run->settings, report->agent->realm,
		                        report->ip.destination))
			out->code = ICMP4_NETWORK;
		return true;
	/* One who allows fragments can do nothing about it, nor one whose packet fits what is
	 * believed. */
	case TELLS_MTU:
		overhead = overhead_of(report);
		out->code = ICMP4_TOO_BIG;
		out->mtu = (uint16_t)(report->mtu > overhead ? report->mtu - overhead : 0);
		return report->ip.df && out->mtu < report->ip.total;
	case TELLS_POINTER:
		out->type = ICMP4_PARAMETER_PROBLEM;
		out->code = report->icmp.code;
		out->pointer = report->icmp.pointer;
		return is_senders_field(report);
	default:
		return false;
	}
}

static void relay(struct report *report)
{
	struct forward_complaint complaint;
	struct forward_run *run = report->run;

	forward_note(run, "ICMP type %u code %u from inside of the tunnel to %s", report->icmp.type,
	             report->icmp.code, address_format(report->quoted.outer.destination).text);
	if (report->rule->lesson == TEACHES_NOTHING && report->rule->telling == TELLS_NOBODY) {
		forward_ends(run, FORWARD_ERROR_SILENT);
		return;
	}
	doubt_mtu(report);
	learn(report);
	if (report->original.size && has_something_to_say(report, &complaint) &&
	    forward_complain(run, report->agent, report->original, complaint))
		forward_ends(run, FORWARD_RELAYED);
	else
		forward_ends(run, FORWARD_NOTED);
}

/* Why it is none of ours; FORWARD_RELAYED: it is. */
static enum forward_reason read_report(struct report *report, struct span packet)
{
	const struct forward_settings *settings = report->run->settings;
	struct writer room = forward_room(report->run->context->buffers->inner, packet);
	enum ha_error error;
	struct ip4 ip;

	if (ip4_read(packet, &ip) != HA_OK)
		return FORWARD_HEADER;
	report->agent = forward_agent_at(settings, ip.destination);
	if (!report->agent || ip.protocol != IP4_ICMP || ip4_is_fragment(&ip))
		return FORWARD_ERROR_ELSE;
	if (icmp4_read(ip4_payload(packet, &ip), &report->icmp) != HA_OK)
		return FORWARD_ERROR_BROKEN;
	if (!icmp4_is_error(report->icmp.type))
		return FORWARD_ERROR_ELSE;
	error = tunnel_quote(report->icmp.body, &room, &report->quoted);
	if (error == HA_E_NOTFOUND || error == HA_E_UNSUPPORTED)
		return FORWARD_ERROR_ELSE;
	if (error != HA_OK)
		return FORWARD_ERROR_BROKEN;
	if (!address_equal(report->quoted.outer.source, report->agent->address) ||
	    (report->quoted.udp && report->quoted.source_port != settings->udp_port))
		return FORWARD_ERROR_ELSE;
	return FORWARD_RELAYED;
}

struct forward_verdict forward_icmp(const struct forward_context *context, struct span packet)
{
	struct forward_run run = forward_begin(context);
	struct report report = { .run = &run };
	enum forward_reason why = read_report(&report, packet);

	if (why != FORWARD_RELAYED) {
		forward_ends(&run, why);
		return run.verdict;
	}
	if (!forward_is_allowed(&run, report.agent->group))
		return run.verdict;
	report.rule = rule_of(&report.icmp);
	if (!report.rule || (report.rule->lesson == TEACHES_BROKEN_PORT && !report.quoted.udp))
		forward_ends(&run, FORWARD_ERROR_SILENT);
	else if (!is_about_ours(&report))
		forward_ends(&run, FORWARD_ERROR_UNKNOWN);
	else
		relay(&report);
	return run.verdict;
}
