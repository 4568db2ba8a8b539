/* visit_facts.c - small questions about settings and packets, and what leaves. */
#include "agentd/dataplane/visit_internal.h"

#include <string.h>

struct visit_forward_settings visit_forward_settings_default(void)
{
	return (struct visit_forward_settings){
		.link_mtu = 1500,
		.mtu_floor = IP4_DATAGRAM_MIN,
		.udp_port = TUNNEL_UDP_PORT,
		.nesting = 4,
		.ttl = 64,
	};
}

static bool is_among(const struct in_addr *list, size_t count, struct in_addr address)
{
	for (size_t i = 0; i < count; i++)
		if (address_equal(list[i], address))
			return true;
	return false;
}

bool visit_forward_is_own(const struct visit_forward_settings *s, struct in_addr address)
{
	return is_among(s->own, s->own_count, address);
}

bool visit_forward_is_care_of(const struct visit_forward_settings *s, struct in_addr address)
{
	return is_among(s->care_of, s->care_of_count, address);
}

const struct visit_forward_link *visit_forward_link_of(const struct visit_forward_settings *s,
                                                       unsigned index)
{
	for (size_t i = 0; i < s->link_count; i++)
		if (s->links[i].index == index)
			return &s->links[i];
	return NULL;
}

struct tunnel_end visit_forward_end(const struct visit_forward_settings *s,
                                    const struct visit_path *path)
{
	return (struct tunnel_end){
		.local = path->care_of,
		.remote = path->home_agent,
		.local_port = path->udp ? s->udp_port : 0,
		.remote_port = path->udp ? path->udp_port : 0,
		.encapsulation = path->encapsulation,
		.udp = path->udp,
	};
}

bool visit_forward_is_allowed(struct visit_forward_run *run)
{
	if (run->context->may_forward(run->context->context))
		return true;
	visit_forward_ends(run, VISITOR_FENCED);
	return false;
}

bool visit_forward_count_hop(struct visit_forward_run *run, struct visit_forward_subject *subject)
{
	uint8_t *room = run->context->buffers->packet;

	memcpy(room, subject->packet.at, subject->ip.total);
	subject->packet = (struct span){ room, subject->ip.total };
	if (ip4_decrement_ttl(room, &subject->ip))
		return true;
	visit_forward_ends(run, VISITOR_EXPIRED);
	return false;
}

/* ---- what leaves ---- */

void visit_forward_emit_on_link(struct visit_forward_run *run, const struct visit_path *path,
                                struct span packet)
{
	struct visit_forward_output output = { .kind = VISIT_FORWARD_LINK,
		                               .packet = packet,
		                               .interface = path->interface };

	memcpy(output.link, path->link, sizeof(output.link));
	visit_forward_emit(run, &output);
}

/* false: there is none. */
static bool complain(struct visit_forward_run *run, struct in_addr source, struct span about,
                     const struct complaint *complaint, struct writer *out)
{
	const struct visit_forward_context *context = run->context;
	enum complaint_fate fate = complaint_write(out, complaint, source, run->settings->ttl,
	                                           about, context->soft, context->now_ns,
	                                           context->trial);

	if (fate == COMPLAINT_WRITTEN) {
		visit_forward_note(run, "ICMP type %u code %u is sent", complaint->type,
		                   complaint->code);
		visit_forward_happened(run, VISITOR_ERROR_SENT);
		return true;
	}
	visit_forward_happened(run, fate == COMPLAINT_LIMITED ? VISITOR_ERROR_LIMITED
	                                                      : VISITOR_ERROR_FORBIDDEN);
	return false;
}

static struct writer room_for_error(const struct visit_forward_run *run)
{
	return writer_over(run->context->buffers->error, sizeof(run->context->buffers->error));
}

bool visit_forward_complain_to_visitor(struct visit_forward_run *run, const struct visit_path *path,
                                       struct span about, struct complaint complaint)
{
	const struct visit_forward_link *link = visit_forward_link_of(run->settings,
	                                                              path->interface);
	struct writer out = room_for_error(run);

	if (!complain(run, link ? link->address : path->care_of, about, &complaint, &out))
		return false;
	visit_forward_emit_on_link(run, path, writer_span(&out));
	return true;
}

void visit_forward_complain_to_sender(struct visit_forward_run *run, const struct visit_path *path,
                                      struct span about, struct complaint complaint)
{
	struct writer out = room_for_error(run);

	if (complain(run, path->care_of, about, &complaint, &out))
		visit_forward_emit(run,
		                   &(struct visit_forward_output){ .kind = VISIT_FORWARD_ICMP,
		                                                   .packet = writer_span(&out) });
}
