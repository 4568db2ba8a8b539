/* node_tunnel.c - packets between the device and the sockets. */
#include "agentd/dataplane/node_tunnel.h"

#include <errno.h>
#include <linux/virtio_net.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "agentd/dataplane/node_link.h"
#include "agentd/dataplane/tun_device.h"
#include "agentd/dataplane/user_sockets.h"

#define BATCH 64u /* packets of one source, then the others have their turn */
#define ROOM (IP4_TOTAL_MAX + TUNNEL_OVERHEAD_MAX)

static const uint8_t protocols[] = { IP4_IPIP, IP4_MINIMAL, IP4_GRE };

#define PROTOCOLS (sizeof(protocols) / sizeof(protocols[0]))

_Static_assert(PROTOCOLS + 1 == NODE_TUNNEL_SOURCES, "the device and a socket for each");

struct node_tunnel {
	int device, sender;
	int link; /* not ours; -1: none */
	unsigned interface;
	int sockets[PROTOCOLS];
	uint16_t id; /* of the next outer packet */
	struct node_tunnels tunnels;
	uint64_t counts[NODE_FATES_COUNT];
	struct {
		struct virtio_net_hdr facts; /* nothing is left to be done with it */
		uint8_t packet[ROOM];
	} in;
	uint8_t out[ROOM];
};

/* ---- beginning and end ---- */

static enum ha_error open_sockets(struct node_tunnel *tunnel, uint32_t mark)
{
	static const struct in_addr any;
	enum ha_error why = HA_OK;

	for (size_t i = 0; i < PROTOCOLS && why == HA_OK; i++)
		tunnel->sockets[i] = user_socket_open(any, protocols[i], &why);
	if (why == HA_OK)
		tunnel->sender = user_socket_open_sender(mark, &why);
	return why;
}

struct node_tunnel *node_tunnel_open(const char *device, uint32_t mark, enum ha_error *why,
                                     char *report, size_t size)
{
	struct node_tunnel *tunnel = calloc(1, sizeof(*tunnel));

	if (!tunnel) {
		*why = ha_refuse(report, size, HA_E_NOMEM, "out of memory");
		return NULL;
	}
	tunnel->sender = tunnel->link = -1;
	for (size_t i = 0; i < PROTOCOLS; i++)
		tunnel->sockets[i] = -1;
	tunnel->device = tun_device_open(device, why, report, size);
	if (*why == HA_OK) {
		*why = open_sockets(tunnel, mark);
		if (*why != HA_OK)
			ha_refuse(report, size, *why, "raw sockets for tunnels: %s",
			          ha_strerror(*why));
	}
	if (*why == HA_OK)
		return tunnel;
	node_tunnel_close(tunnel);
	return NULL;
}

void node_tunnel_close(struct node_tunnel *tunnel)
{
	if (!tunnel)
		return;
	for (size_t i = 0; i < PROTOCOLS; i++)
		if (tunnel->sockets[i] >= 0)
			close(tunnel->sockets[i]);
	if (tunnel->sender >= 0)
		close(tunnel->sender);
	if (tunnel->device >= 0)
		close(tunnel->device);
	free(tunnel);
}

void node_tunnel_attach(struct node_tunnel *tunnel, int link, unsigned interface)
{
	tunnel->link = link;
	tunnel->interface = interface;
}

void node_tunnel_use(struct node_tunnel *tunnel, const struct node_tunnels *tunnels)
{
	tunnel->tunnels = *tunnels;
}

size_t node_tunnel_sources(const struct node_tunnel *tunnel, int out[NODE_TUNNEL_SOURCES])
{
	out[0] = tunnel->device;
	memcpy(out + 1, tunnel->sockets, sizeof(tunnel->sockets));
	return NODE_TUNNEL_SOURCES;
}

uint64_t node_tunnel_count(const struct node_tunnel *tunnel, enum node_fate fate)
{
	return tunnel->counts[fate];
}

/* ---- out ---- */

/* A node without an address on the link has no route there either, but the link address of the
 * agent, from its advertisements. */
static bool send_on_link(const struct node_tunnel *tunnel, struct span packet)
{
	return tunnel->link >= 0 &&
	       node_link_put(tunnel->link, tunnel->interface, tunnel->tunnels.agent_mac, packet);
}

static enum node_fate send_outer(const struct node_tunnel *tunnel, const struct writer *out)
{
	bool sent = tunnel->tunnels.on_link ? send_on_link(tunnel, writer_span(out))
	                                    : user_socket_send(tunnel->sender, out->begin,
	                                                       writer_used(out), 0) == 0;

	return sent ? NODE_WRAPPED : NODE_UNSENT;
}

static void take_from_host(struct node_tunnel *tunnel, struct span packet)
{
	struct writer out = writer_over(tunnel->out, sizeof(tunnel->out));
	enum node_fate fate = node_wrap(&tunnel->tunnels, packet, tunnel->id++, &out);

	if (fate == NODE_WRAPPED)
		fate = send_outer(tunnel, &out);
	tunnel->counts[fate]++;
}

void node_tunnel_keepalive(struct node_tunnel *tunnel, struct in_addr home_agent, uint16_t sequence)
{
	struct writer out = writer_over(tunnel->out, sizeof(tunnel->out));

	if (node_keepalive(&tunnel->tunnels, home_agent, sequence, &out) == NODE_WRAPPED)
		(void)send_outer(tunnel, &out);
}

/* ---- in ---- */

static enum node_fate deliver(struct node_tunnel *tunnel, enum node_fate fate, struct span inner)
{
	struct virtio_net_hdr facts = { 0 };
	struct iovec pieces[] = { { &facts, sizeof(facts) },
		                  { (void *)(uintptr_t)inner.at, inner.size } };

	if (fate == NODE_DELIVERED && writev(tunnel->device, pieces, 2) < 0)
		fate = NODE_UNSENT;
	tunnel->counts[fate]++;
	return fate;
}

static void take_from_net(struct node_tunnel *tunnel, struct span packet)
{
	struct writer scratch = writer_over(tunnel->out, sizeof(tunnel->out));
	struct span inner;
	enum node_fate fate = node_unwrap(&tunnel->tunnels, packet, &scratch, &inner);

	(void)deliver(tunnel, fate, inner);
}

enum node_fate node_tunnel_datagram(struct node_tunnel *tunnel, const struct ip4 *outer,
                                    uint16_t source_port, uint16_t destination_port,
                                    struct span payload)
{
	struct writer scratch = writer_over(tunnel->out, sizeof(tunnel->out));
	struct span inner;
	enum node_fate fate = node_unwrap_datagram(&tunnel->tunnels, outer, source_port,
	                                           destination_port, payload, &scratch, &inner);

	return deliver(tunnel, fate, inner);
}

bool node_tunnel_work(struct node_tunnel *tunnel)
{
	const size_t facts = offsetof(typeof(tunnel->in), packet);
	bool there = true;
	ssize_t size;

	for (unsigned i = 0; i < BATCH; i++) {
		size = read(tunnel->device, &tunnel->in, sizeof(tunnel->in));
		there = size >= 0 || errno != EBADFD;
		if (size < (ssize_t)facts)
			break;
		take_from_host(tunnel, (struct span){ tunnel->in.packet, (size_t)size - facts });
	}
	for (size_t s = 0; s < PROTOCOLS; s++)
		for (unsigned i = 0; i < BATCH; i++) {
			size = read(tunnel->sockets[s], tunnel->in.packet,
			            sizeof(tunnel->in.packet));
			if (size < 0)
				break;
			take_from_net(tunnel, (struct span){ tunnel->in.packet, (size_t)size });
		}
	return there;
}
