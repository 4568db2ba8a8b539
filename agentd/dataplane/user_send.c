/* user_send.c - what forwarding puts out, to the kernel. */
#include "agentd/dataplane/user_internal.h"

#include <errno.h>
#include <sys/uio.h>

#include "agentd/dataplane/user_queue.h"
#include "agentd/dataplane/user_sockets.h"

static const struct {
	int number;
	enum user_counter counter;
} failures[] = {
	{ EMSGSIZE, USER_SEND_TOO_BIG },      { ENETUNREACH, USER_SEND_NO_ROUTE },
	{ EHOSTUNREACH, USER_SEND_NO_ROUTE }, { EAGAIN, USER_SEND_FULL },
	{ ENOBUFS, USER_SEND_FULL },          { USER_QUEUE_FENCED, USER_SEND_FENCED },
};

static void count(int number)
{
	enum user_counter counter = number ? USER_SEND_FAILED : USER_SENT;

	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
		if (failures[i].number == number)
			counter = failures[i].counter;
	user_count(counter);
}

/* Into the kernel, as if it had arrived. */
static int give(const struct user *user, struct span packet)
{
	struct virtio_net_hdr facts = user->whole;
	struct iovec pieces[] = { { &facts, sizeof(facts) },
		                  { (void *)(uintptr_t)packet.at, packet.size } };

	return writev(user->sources[USER_FROM_DEVICE], pieces, 2) >= 0 ? 0 : errno;
}

static int send_by(const struct user *user, enum user_sender sender, struct span packet)
{
	return user_socket_send(user->senders[sender], packet.at, packet.size, 0);
}

/* No route says to which home link a broadcast or multicast is to go. */
static int send_to_link(const struct user *user, const struct forward_output *output)
{
	unsigned interface = 0;

	for (size_t i = 0; i < user->link_count; i++)
		if (user->links[i].network == output->network)
			interface = user->links[i].index;
	return user_socket_send(user->senders[USER_SEND_MARKED], output->packet.at,
	                        output->packet.size, interface);
}

/* The link is narrower than the widest one of this host: as good as an ICMP error, and
 * nobody can have forged it. */
static void learn(const struct user *user, const struct user_queued *packet)
{
	soft_too_big(user->context.soft, packet->endpoint, 0, packet->size, IP4_MTU_MIN,
	             user->context.now_ns);
}

void user_left(void *context, const struct user_queued *packet, int number)
{
	const struct user *user = context;

	count(number);
	if (number == EMSGSIZE)
		learn(user, packet);
}

/* With those that come in the same batch. */
static void put_outer(struct user *user, const struct forward_output *output)
{
	user_queue_put(user->queue, output->packet,
	               &(struct user_queued){ .endpoint = output->endpoint,
	                                      .size = (uint16_t)output->packet.size,
	                                      .group = output->group });
}

void user_emit(void *context, const struct forward_output *output)
{
	struct user *user = context;

	switch (output->kind) {
	case FORWARD_OUTER:
		if (user->completing)
			user_ports_keep(user, output->packet);
		else
			put_outer(user, output);
		break;
	case FORWARD_ICMP:
		count(send_by(user, USER_SEND_ROUTED, output->packet));
		break;
	case FORWARD_INNER:
		count(output->on_link ? send_to_link(user, output) : give(user, output->packet));
		break;
	case FORWARD_HOST:
		count(give(user, output->packet));
		break;
	case FORWARD_PORT:
		user_ports_learn(user, output);
		break;
	}
}

void user_send_outer(struct user *user, struct span packet)
{
	count(send_by(user, USER_SEND_MARKED, packet));
}
