/* forward_copy.c - one binding's copy, into its tunnel unless that leads nowhere. */
#include "agentd/dataplane/forward_internal.h"

struct copying {
	struct forward_run *run;
	const struct forward_subject *subject;
	const struct tunnels_home *home;
	const struct tunnels_binding *binding;
	const struct forward_agent *agent;
	struct tunnel_entry entry;
	struct forward_copied result;
};

static void drop(struct copying *copy, enum forward_reason reason)
{
	copy->result.sent = false;
	copy->result.reason = reason;
	forward_happened(copy->run, reason);
}

static void emit_outer(void *context, struct span outer)
{
	const struct copying *copy = context;

	forward_emit(copy->run, &(struct forward_output){
					.kind = FORWARD_OUTER,
					.packet = outer,
					.realm = copy->home->realm,
					.home = copy->home->home,
					.care_of = copy->binding->care_of,
					.endpoint = copy->binding->endpoint,
					.port = copy->binding->endpoint_port,
					.group = copy->home->group,
				});
}

static struct tunnel_entry entry_of(struct copying *copy)
{
	const struct forward_context *context = copy->run->context;
	const struct forward_settings *settings = copy->run->settings;

	return (struct tunnel_entry){
		.end = forward_end(copy->run, copy->agent, copy->binding),
		.soft = context->soft,
		.now_ns = context->now_ns,
		.realm = copy->home->realm,
		.link_mtu = settings->link_mtu,
		.ttl = settings->ttl,
		.df_copied = settings->df_copied,
		.trial = context->trial,
		.piece = context->buffers->piece,
		.outer = context->buffers->outer,
		.emit = emit_outer,
		.context = copy,
	};
}

static void send_copy(struct copying *copy)
{
	static const uint8_t reasons[] = {
		[TUNNEL_TOO_BIG] = FORWARD_TOO_BIG,
		[TUNNEL_UNCUT] = FORWARD_UNCUT,
		[TUNNEL_TOO_LONG] = FORWARD_TOO_LONG,
	};
	const struct ip4 *ip = &copy->subject->ip;
	struct tunnel_entry_result entered;

	forward_note(copy->run,
	             "the copy for care-of address %s has %zu octets, and the tunnel takes %u",
	             address_format(copy->binding->care_of).text,
	             ip->total + tunnel_overhead(&copy->entry.end, ip),
	             tunnel_entry_mtu(&copy->entry));
	entered = tunnel_enter(&copy->entry, copy->subject->packet, ip);
	copy->result.sent = entered.what == TUNNEL_WENT_IN;
	copy->result.broken = entered.broken;
	copy->result.mtu = entered.mtu;
	if (entered.fragmented)
		forward_happened(copy->run, FORWARD_FRAGMENTED);
	if (!copy->result.sent)
		drop(copy, (enum forward_reason)reasons[entered.what]);
}

/* An outer packet to a bound home address would be copied again, for each tunnel of
 * that one: what 8 bindings make of one packet, 8 others multiply. */
static bool is_bound(const struct copying *copy, struct in_addr exit)
{
	struct tunnels_home there;

	return forward_network_of(copy->run->settings, copy->home->realm, exit) &&
	       tunnels_find(copy->run->context->tunnels, copy->home->realm, exit, &there);
}

/* RFC 2003 section 3.2, and what else leads nowhere. */
static bool leads_somewhere(struct copying *copy)
{
	struct in_addr exit = copy->entry.end.remote;

	if (address_equal(exit, copy->home->home))
		drop(copy, FORWARD_SELF_EXIT);
	else if (address_equal(exit, copy->subject->ip.source))
		drop(copy, FORWARD_EXIT_SOURCE);
	else if (is_bound(copy, exit))
		drop(copy, FORWARD_BOUND_EXIT);
	else if (copy->entry.end.udp && copy->entry.end.remote_port == 0)
		drop(copy, FORWARD_NO_PORT);
	else
		return true;
	return false;
}

static void count(const struct copying *copy)
{
	struct tunnels_counters *row = copy->run->context->trial
	                                       ? NULL
	                                       : tunnels_counters_of(copy->run->context->tunnels,
	                                                             copy->binding->slot);

	if (!row)
		return;
	tunnels_add(&row->out_packets, 1);
	tunnels_add(&row->out_octets, copy->subject->ip.total);
}

struct forward_copied forward_copy(struct forward_run *run, const struct forward_subject *subject,
                                   const struct tunnels_home *home,
                                   const struct tunnels_binding *binding)
{
	struct copying copy = {
		.run = run,
		.subject = subject,
		.home = home,
		.binding = binding,
		.agent = forward_agent_of(run->settings, home->group),
	};

	if (!copy.agent) {
		drop(&copy, FORWARD_NO_AGENT);
		return copy.result;
	}
	copy.entry = entry_of(&copy);
	if (!leads_somewhere(&copy))
		return copy.result;
	send_copy(&copy);
	if (copy.result.sent)
		count(&copy);
	return copy.result;
}
