/* visit_internal.h - what the files of visit_forward.h share.
 *
 * May include: agentd/dataplane/complaint.h, visit_forward.h, proto, agentd/base. */
#ifndef AGENTD_DATAPLANE_VISIT_INTERNAL_H
#define AGENTD_DATAPLANE_VISIT_INTERNAL_H

#include "agentd/dataplane/complaint.h"
#include "agentd/dataplane/visit_forward.h"

/* One packet's way. */
struct visit_forward_run {
	const struct visit_forward_context *context;
	const struct visit_forward_settings *settings; /* of the context */
	struct visit_forward_verdict verdict;
};

/* A packet that is to go on. */
struct visit_forward_subject {
	const struct visit_found *visitor; /* whose it is; NULL: of nobody who visits */
	struct span packet;                /* as it goes on */
	struct ip4 ip;                     /* its header */
	struct span arrived;               /* as it came, to be quoted in errors */
};

static inline struct visit_forward_run
visit_forward_begin(const struct visit_forward_context *context)
{
	return (struct visit_forward_run){ .context = context, .settings = context->settings };
}

/* Something happened: counted, noted, and in the verdict. */
void visit_forward_happened(struct visit_forward_run *run, enum visitor_reason reason);
/* The same, and that was the end. */
void visit_forward_ends(struct visit_forward_run *run, enum visitor_reason reason);
/* A sentence for who asked why; without a full stop. */
void visit_forward_tell(struct visit_forward_run *run, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The same. What it names is not even put into words when nobody asked. */
#define visit_forward_note(run, ...)                                                               \
	do {                                                                                       \
		if ((run)->context->note)                                                          \
			visit_forward_tell(run, __VA_ARGS__);                                      \
	} while (0)
void visit_forward_emit(struct visit_forward_run *run, const struct visit_forward_output *output);

/* visit_facts.c */
bool visit_forward_is_own(const struct visit_forward_settings *settings, struct in_addr address);
bool visit_forward_is_care_of(const struct visit_forward_settings *settings,
                              struct in_addr address);
/* NULL: it is not visited. */
const struct visit_forward_link *
visit_forward_link_of(const struct visit_forward_settings *settings, unsigned index);
/* The two ends of the visitor's tunnel. */
struct tunnel_end visit_forward_end(const struct visit_forward_settings *settings,
                                    const struct visit_path *path);
/* false: ended as FENCED. */
bool visit_forward_is_allowed(struct visit_forward_run *run);
/* Count the hop, in a copy. false: its TTL ran out. */
bool visit_forward_count_hop(struct visit_forward_run *run, struct visit_forward_subject *subject);

/* An ICMP error about a packet, if there may be one: to a visitor on its link, or to who
 * sent it something, by the host's routes. true: it was sent. */
bool visit_forward_complain_to_visitor(struct visit_forward_run *run, const struct visit_path *path,
                                       struct span about, struct complaint complaint);
void visit_forward_complain_to_sender(struct visit_forward_run *run, const struct visit_path *path,
                                      struct span about, struct complaint complaint);
void visit_forward_emit_on_link(struct visit_forward_run *run, const struct visit_path *path,
                                struct span packet);

/* visit_reverse.c: a packet of the visitor's into its tunnel; so it ends. */
void visit_forward_reverse(struct visit_forward_run *run, struct visit_forward_subject *subject,
                           enum visitor_reason end);
/* A packet out of a tunnel whose outer source is a visitor's home address; `interface` by
 * which it came, 0: not known. */
void visit_forward_redeliver(struct visit_forward_run *run,
                             const struct tunnel_unwrapped *unwrapped, unsigned interface);

#endif
