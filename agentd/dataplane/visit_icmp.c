/* visit_icmp.c - errors from inside of reverse tunnels to care-of addresses, and what those
 * visitors hear whose packets they are about. */
#include "agentd/dataplane/visit_internal.h"

#include "agentd/dataplane/tunnel_error.h"

struct report {
	struct visit_forward_run *run;
	struct tunnel_error_facts facts;
	struct tunnel_error error;
	struct visit_found visitor;
	bool found; /* whose packet it is about */
};

/* Whose it is says the packet that was inside: it is the visitor's own. */
static void find_visitor(struct report *report)
{
	const struct tunnel_error *error = &report->error;

	report->found = error->original.size &&
	                visit_table_find(report->run->context->table, error->ip.source,
	                                 error->quoted.outer.destination, &report->visitor);
}

static void relay(struct report *report)
{
	struct visit_forward_run *run = report->run;
	struct tunnel_error *error = &report->error;
	struct complaint complaint;

	visit_forward_note(run, "ICMP type %u code %u from inside of the tunnel to %s",
	                   error->icmp.type, error->icmp.code,
	                   address_format(error->quoted.outer.destination).text);
	if (tunnel_error_is_silent(error)) {
		visit_forward_ends(run, VISITOR_ERROR_SILENT);
		return;
	}
	if (tunnel_error_is_doubtful(&report->facts, error))
		visit_forward_happened(run, VISITOR_MTU_DOUBTED);
	tunnel_error_learn(&report->facts, error);
	if (report->found && tunnel_error_complaint(&report->facts, error, false, &complaint) &&
	    visit_forward_complain_to_visitor(run, &report->visitor.path, error->original,
	                                      complaint))
		visit_forward_ends(run, VISITOR_RELAYED);
	else
		visit_forward_ends(run, VISITOR_NOTED);
}

/* Why it is none of ours; VISITOR_RELAYED: it is. */
static enum visitor_reason read_report(struct report *report, struct span packet)
{
	const struct visit_forward_context *context = report->run->context;
	struct writer room = tunnel_room(context->buffers->inner, packet);
	enum ha_error error;
	struct ip4 ip;

	if (ip4_read(packet, &ip) != HA_OK)
		return VISITOR_HEADER;
	if (!visit_forward_is_care_of(context->settings, ip.destination))
		return VISITOR_ERROR_ELSE;
	report->facts = (struct tunnel_error_facts){ .local = ip.destination,
		                                     .soft = context->soft,
		                                     .now_ns = context->now_ns,
		                                     .udp_port = context->settings->udp_port,
		                                     .mtu_floor = context->settings->mtu_floor,
		                                     .ttl = context->settings->ttl,
		                                     .trial = context->trial };
	error = tunnel_error_read(&report->facts, packet, &ip, &room, &report->error);
	if (error == HA_OK)
		return VISITOR_RELAYED;
	return error == HA_E_NOTFOUND ? VISITOR_ERROR_ELSE : VISITOR_ERROR_BROKEN;
}

struct visit_forward_verdict visit_forward_from_icmp(const struct visit_forward_context *context,
                                                     struct span packet)
{
	struct visit_forward_run run = visit_forward_begin(context);
	struct report report = { .run = &run };
	enum visitor_reason why = read_report(&report, packet);

	if (why != VISITOR_RELAYED) {
		visit_forward_ends(&run, why);
		return run.verdict;
	}
	if (!visit_forward_is_allowed(&run))
		return run.verdict;
	find_visitor(&report);
	if (!report.error.rule)
		visit_forward_ends(&run, VISITOR_ERROR_SILENT);
	else if (!report.error.recalled && !report.found)
		visit_forward_ends(&run, VISITOR_ERROR_UNKNOWN);
	else
		relay(&report);
	return run.verdict;
}
