/* visit_plane_send.c - what becomes of packets of visitors, to the kernel. */
#include "agentd/dataplane/visit_plane_internal.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "agentd/dataplane/user_sockets.h"

static const struct {
	int number;
	enum visit_plane_counter counter;
} failures[] = {
	{ EMSGSIZE, VISIT_PLANE_SEND_TOO_BIG },
	{ ENETUNREACH, VISIT_PLANE_SEND_NO_ROUTE },
	{ EHOSTUNREACH, VISIT_PLANE_SEND_NO_ROUTE },
	{ ENXIO, VISIT_PLANE_SEND_NO_ROUTE },
	{ ENODEV, VISIT_PLANE_SEND_NO_ROUTE },
	{ ENETDOWN, VISIT_PLANE_SEND_NO_ROUTE },
	{ EAGAIN, VISIT_PLANE_SEND_FULL },
	{ ENOBUFS, VISIT_PLANE_SEND_FULL },
	{ USER_QUEUE_FENCED, VISIT_PLANE_SEND_FENCED },
};

static void count(int number)
{
	enum visit_plane_counter counter = number ? VISIT_PLANE_SEND_FAILED : VISIT_PLANE_SENT;

	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
		if (failures[i].number == number)
			counter = failures[i].counter;
	visit_plane_count(counter);
}

/* The group is the only one: the plane has one fence. */
static bool may_leave(void *context, uint8_t group, uint64_t now_ns)
{
	struct visit_plane *plane = context;

	(void)group;
	return now_ns < atomic_load(&plane->until_ns);
}

/* The first link is narrower than the widest one of this host: as good as an ICMP error,
 * and nobody can have forged it. */
static void left(void *context, const struct user_queued *packet, int number)
{
	const struct visit_plane *plane = context;

	count(number);
	if (number == EMSGSIZE && packet->interface == 0)
		soft_too_big(plane->soft, packet->endpoint, 0, packet->size, IP4_MTU_MIN,
		             plane->context.now_ns);
}

enum ha_error visit_plane_queues_open(struct visit_plane *plane, char *report, size_t size)
{
	const int descriptors[VISIT_QUEUES] = {
		[VISIT_TO_TUNNELS] = plane->tunnels,
		[VISIT_TO_LINKS] = plane->hosts,
	};

	for (unsigned i = 0; i < VISIT_QUEUES; i++) {
		plane->queues[i] = user_queue_new(
			&(struct user_queue_options){ .fd = descriptors[i],
		                                      .to_links = i == VISIT_TO_LINKS,
		                                      .may_leave = may_leave,
		                                      .left = left,
		                                      .context = plane });
		if (!plane->queues[i])
			return ha_refuse(report, size, HA_E_NOMEM, "%s", ha_strerror(HA_E_NOMEM));
	}
	return HA_OK;
}

void visit_plane_queues_close(struct visit_plane *plane)
{
	for (unsigned i = 0; i < VISIT_QUEUES; i++)
		user_queue_free(plane->queues[i]);
}

void visit_plane_queues_send(struct visit_plane *plane)
{
	for (unsigned i = 0; i < VISIT_QUEUES; i++)
		user_queue_send(plane->queues[i]);
}

/* Into the kernel, as if it had arrived. */
static int give(const struct visit_plane *plane, struct span packet)
{
	struct virtio_net_hdr facts = { .flags = 0 };
	struct iovec pieces[] = { { &facts, sizeof(facts) },
		                  { (void *)(uintptr_t)packet.at, packet.size } };

	return writev(plane->tun, pieces, 2) >= 0 ? 0 : errno;
}

static void put(const struct visit_plane *plane, enum visit_plane_queue queue,
                const struct visit_forward_output *output)
{
	struct user_queued facts = { .endpoint = output->endpoint,
		                     .size = (uint16_t)output->packet.size,
		                     .interface = output->interface };

	memcpy(facts.link, output->link, sizeof(facts.link));
	user_queue_put(plane->queues[queue], output->packet, &facts);
}

void visit_plane_emit(void *context, const struct visit_forward_output *output)
{
	const struct visit_plane *plane = context;

	switch (output->kind) {
	case VISIT_FORWARD_OUTER:
		put(plane, VISIT_TO_TUNNELS, output);
		break;
	case VISIT_FORWARD_LINK:
		put(plane, VISIT_TO_LINKS, output);
		break;
	case VISIT_FORWARD_ROUTED:
		count(give(plane, output->packet));
		break;
	case VISIT_FORWARD_ICMP:
		count(user_socket_send(plane->routed, output->packet.at, output->packet.size, 0));
		break;
	}
}
