/* forward_internal.h - what the files of forward.h share.
 *
 * May include: agentd/dataplane/complaint.h, forward.h, tunnel_entry.h, proto, agentd/base. */
#ifndef AGENTD_DATAPLANE_FORWARD_INTERNAL_H
#define AGENTD_DATAPLANE_FORWARD_INTERNAL_H

#include "agentd/dataplane/complaint.h"
#include "agentd/dataplane/forward.h"
#include "agentd/dataplane/tunnel_entry.h"
#include "proto/icmp4.h"
#include "proto/tunnel.h"

/* One packet's way. */
struct forward_run {
	const struct forward_context *context;
	const struct forward_settings *settings; /* of the context */
	struct forward_verdict verdict;
};

/* A packet that is to go on. */
struct forward_subject {
	uint32_t realm;
	struct span packet;  /* as it goes on */
	struct ip4 ip;       /* its header */
	struct span arrived; /* as it came, to be quoted in errors */
	bool counted;        /* its hop is counted already */
	bool from_host;      /* this host made it */
	bool at_home;        /* for who asked from there, bound or not */
	/* How it ends if it goes on into a tunnel, or elsewhere. */
	enum forward_reason tunnelled;
	enum forward_reason routed;
};

/* Something happened: counted, noted, and in the verdict. */
void forward_happened(struct forward_run *run, enum forward_reason reason);
/* The same, and that was the end. */
void forward_ends(struct forward_run *run, enum forward_reason reason);
/* A sentence for who asked why; without a full stop. */
void forward_tell(struct forward_run *run, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The same. What it names is not even put into words when nobody asked. */
#define forward_note(run, ...)                                                                     \
	do {                                                                                       \
		if ((run)->context->note)                                                          \
			forward_tell(run, __VA_ARGS__);                                            \
	} while (0)
void forward_emit(struct forward_run *run, const struct forward_output *output);

static inline struct forward_run forward_begin(const struct forward_context *context)
{
	return (struct forward_run){ .context = context, .settings = context->settings };
}

/* forward_facts.c: what the settings say. NULL: nothing. */
const struct forward_agent *forward_agent_of(const struct forward_settings *settings,
                                             uint8_t group);
const struct forward_agent *forward_agent_at(const struct forward_settings *settings,
                                             struct in_addr address);
const struct forward_network *forward_network_of(const struct forward_settings *settings,
                                                 uint32_t realm, struct in_addr address);
bool forward_is_own(const struct forward_settings *settings, struct in_addr address);
/* Is it the broadcast address of that network? */
bool forward_is_directed(const struct forward_network *network, struct in_addr address);
/* The two ends of a binding's tunnel. */
struct tunnel_end forward_end(const struct forward_run *run, const struct forward_agent *agent,
                              const struct tunnels_binding *binding);
/* false: ended as FENCED. */
bool forward_is_allowed(struct forward_run *run, uint8_t group);
/* Is what is on the links of that group this node's to spread? */
bool forward_attracts(const struct forward_run *run, uint8_t group);
/* Can it come from where it says (RFC 1812 section 5.3.7, RFC 2003 section 3.2)? What
 * this host made can come from anywhere. false: it ended. */
bool forward_is_from_there(struct forward_run *run, const struct forward_subject *subject);
/* Count the hop of a packet. false: it ended as EXPIRED. */
bool forward_count_hop(struct forward_run *run, const struct forward_agent *agent,
                       struct forward_subject *subject);

/* forward_error.c: an ICMP error of the agent's about a packet to its source, if there
 * may be one. true: it was sent. */
bool forward_complain(struct forward_run *run, const struct forward_agent *agent, struct span about,
                      struct complaint complaint);

/* forward_copy.c: one binding's copy of a packet. */
struct forward_copied {
	enum forward_reason reason; /* why not; meaningful unless `sent` */
	bool sent;
	bool broken;  /* into a tunnel that is known not to work */
	uint16_t mtu; /* not 0: the sender must make do with that */
};
struct forward_copied forward_copy(struct forward_run *run, const struct forward_subject *subject,
                                   const struct tunnels_home *home,
                                   const struct tunnels_binding *binding);

/* forward_home.c: to a bound home address, and to one without a binding. */
void forward_bound(struct forward_run *run, struct forward_subject *subject,
                   const struct tunnels_home *home);
void forward_unbound(struct forward_run *run, struct forward_subject *subject);

/* forward_broadcast.c: copies for those of a network that asked for them, except for
 * one home address. How many. */
uint32_t forward_fan_out(struct forward_run *run, const struct forward_network *network,
                         struct span packet, struct in_addr except);

#endif
