/* forward_icmp.c - errors from inside of tunnels to care-of addresses, and what those hear
 * who sent something to home addresses. */
#include "agentd/dataplane/forward_internal.h"

#include "agentd/dataplane/tunnel_error.h"

struct report {
	struct forward_run *run;
	const struct forward_agent *agent;
	struct tunnel_error_facts facts;
	struct tunnel_error error;
};

/* One about a packet that is not remembered is believed if it would go where the quoted one
 * went. */
static bool is_about_ours(const struct report *report)
{
	const struct tunnel_quoted *quoted = &report->error.quoted;
	struct tunnels_home found;

	if (report->error.recalled)
		return true;
	if (!quoted->has_destination)
		return false;
	tunnels_find(report->run->context->tunnels, report->agent->realm, quoted->destination,
	             &found);
	for (size_t i = 0; i < found.count; i++)
		if (address_equal(found.bindings[i].endpoint, quoted->outer.destination))
			return true;
	return false;
}

static void relay(struct report *report)
{
	struct forward_run *run = report->run;
	struct tunnel_error *error = &report->error;
	struct complaint complaint;
	bool own;

	forward_note(run, "ICMP type %u code %u from inside of the tunnel to %s", error->icmp.type,
	             error->icmp.code, address_format(error->quoted.outer.destination).text);
	if (tunnel_error_is_silent(error)) {
		forward_ends(run, FORWARD_ERROR_SILENT);
		return;
	}
	if (tunnel_error_is_doubtful(&report->facts, error))
		forward_happened(run, FORWARD_MTU_DOUBTED);
	tunnel_error_learn(&report->facts, error);
	own = forward_network_of(run->settings, report->agent->realm, error->ip.destination);
	if (tunnel_error_complaint(&report->facts, error, own, &complaint) &&
	    forward_complain(run, report->agent, error->original, complaint))
		forward_ends(run, FORWARD_RELAYED);
	else
		forward_ends(run, FORWARD_NOTED);
}

/* Why it is none of ours; FORWARD_RELAYED: it is. */
static enum forward_reason read_report(struct report *report, struct span packet)
{
	const struct forward_context *context = report->run->context;
	struct writer room = tunnel_room(context->buffers->inner, packet);
	enum ha_error error;
	struct ip4 ip;

	if (ip4_read(packet, &ip) != HA_OK)
		return FORWARD_HEADER;
	report->agent = forward_agent_at(context->settings, ip.destination);
	if (!report->agent)
		return FORWARD_ERROR_ELSE;
	report->facts = (struct tunnel_error_facts){ .local = report->agent->address,
		                                     .soft = context->soft,
		                                     .now_ns = context->now_ns,
		                                     .udp_port = context->settings->udp_port,
		                                     .mtu_floor = context->settings->mtu_floor,
		                                     .ttl = context->settings->ttl,
		                                     .trial = context->trial };
	error = tunnel_error_read(&report->facts, packet, &ip, &room, &report->error);
	if (error == HA_OK)
		return FORWARD_RELAYED;
	return error == HA_E_NOTFOUND ? FORWARD_ERROR_ELSE : FORWARD_ERROR_BROKEN;
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
	if (!report.error.rule)
		forward_ends(&run, FORWARD_ERROR_SILENT);
	else if (!is_about_ours(&report))
		forward_ends(&run, FORWARD_ERROR_UNKNOWN);
	else
		relay(&report);
	return run.verdict;
}
