/* visit_plane_explain.c - what would become of a packet, in sentences. Nothing is sent, and
 * nothing remembered. */
#include "agentd/dataplane/visit_plane_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/base/clock.h"

struct explaining {
	struct visit_plane *plane;
	visit_teller *tell;
	void *context;
	uint64_t now_ns;
	struct host host;
	struct visit_forward_settings settings;
	struct visit_forward_link links[VISIT_LINKS_MAX];
};

__attribute__((format(printf, 3, 4))) static void tell(const struct explaining *e, const char *part,
                                                       const char *format, ...)
{
	char text[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	e->tell(e->context, part, text);
}

static bool may_forward(void *context)
{
	const struct explaining *e = context;

	return e->now_ns < atomic_load(&e->plane->until_ns);
}

static void note(void *context, const char *sentence)
{
	tell(context, "note", "%s", sentence);
}

static void tell_output(void *context, const struct visit_forward_output *output)
{
	struct ip4 ip = { 0 };

	(void)ip4_read(output->packet, &ip);
	switch (output->kind) {
	case VISIT_FORWARD_OUTER:
		tell(context, "output", "%zu octets into the tunnel to %s", output->packet.size,
		     address_format(output->endpoint).text);
		break;
	case VISIT_FORWARD_LINK:
		tell(context, "output",
		     "%zu octets to %s on link %u, at %02x:%02x:%02x:%02x:%02x:%02x",
		     output->packet.size, address_format(ip.destination).text, output->interface,
		     output->link[0], output->link[1], output->link[2], output->link[3],
		     output->link[4], output->link[5]);
		break;
	case VISIT_FORWARD_ROUTED:
		tell(context, "output", "%zu octets to %s, by the routes of this host",
		     output->packet.size, address_format(ip.destination).text);
		break;
	case VISIT_FORWARD_ICMP:
		tell(context, "output", "an ICMP error to %s", address_format(ip.destination).text);
		break;
	}
}

/* From the visitor that it claims to come from, if there is one. */
static struct visit_forward_verdict run(const struct explaining *e,
                                        const struct visit_forward_context *context,
                                        struct span packet, unsigned interface)
{
	static const uint8_t nobody[LINK_ADDRESS_OCTETS];
	struct visit_found visitor;
	struct ip4 ip;

	if (ip4_read(packet, &ip) != HA_OK)
		return visit_forward_from_tunnel(context, packet, interface);
	if (visit_forward_is_own(&e->settings, ip.destination) &&
	    tunnel_is_one(e->settings.udp_port, packet, &ip))
		return visit_forward_from_tunnel(context, packet, interface);
	if (ip.protocol == IP4_ICMP && visit_forward_is_care_of(&e->settings, ip.destination))
		return visit_forward_from_icmp(context, packet);
	if (visit_table_seen(e->plane->visitors, ip.source, interface, NULL, &visitor) !=
	    VISIT_SEEN_THERE)
		return visit_forward_from_link(context, packet, interface, nobody);
	return visit_forward_from_link(context, packet, visitor.path.interface, visitor.path.link);
}

enum ha_error visit_plane_explain(struct visit_plane *plane, struct span packet, unsigned interface,
                                  visit_teller *teller, void *context)
{
	struct explaining e = {
		.plane = plane,
		.tell = teller,
		.context = context,
		.now_ns = clock_monotonic_ns(),
	};
	struct visit_forward_context trial = {
		.settings = &e.settings,
		.table = plane->visitors,
		.soft = plane->soft,
		.buffers = malloc(sizeof(struct visit_forward_buffers)),
		.now_ns = e.now_ns,
		.context = &e,
		.may_forward = may_forward,
		.emit = tell_output,
		.note = note,
		.trial = true,
	};
	struct visit_forward_verdict verdict;

	if (!trial.buffers)
		return HA_E_NOMEM;
	pthread_mutex_lock(&plane->mutex);
	e.host = plane->host;
	e.settings = plane->settings;
	memcpy(e.links, plane->on_links, sizeof(e.links));
	pthread_mutex_unlock(&plane->mutex);
	e.settings.own = e.host.addresses;
	e.settings.links = e.links;
	verdict = run(&e, &trial, packet, interface);
	tell(&e, "verdict", "%s", visitor_reason_info(verdict.reason)->name);
	free(trial.buffers);
	return HA_OK;
}
