/* user_send.c - what forwarding puts out, to the kernel. */
#include "agentd/dataplane/user_internal.h"

#include <errno.h>
#include <unistd.h>

#include "agentd/dataplane/user_sockets.h"

static const struct {
	int number;
	enum user_counter counter;
} failures[] = {
	{ EMSGSIZE, USER_SEND_TOO_BIG },      { ENETUNREACH, USER_SEND_NO_ROUTE },
	{ EHOSTUNREACH, USER_SEND_NO_ROUTE }, { EAGAIN, USER_SEND_FULL },
	{ ENOBUFS, USER_SEND_FULL },
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
	if (write(user->sources[USER_FROM_DEVICE], packet.at, packet.size) >= 0)
		return 0;
	return errno;
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
static void learn(const struct user *user, const struct forward_output *output)
{
	soft_too_big(user->context.soft, output->endpoint, 0, (uint16_t)output->packet.size,
	             IP4_MTU_MIN, user->context.now_ns);
}

static int put(const struct user *user, const struct forward_output *output)
{
	switch (output->kind) {
	case FORWARD_OUTER:
		return send_by(user, USER_SEND_MARKED, output->packet);
	case FORWARD_ICMP:
		return send_by(user, USER_SEND_ROUTED, output->packet);
	case FORWARD_INNER:
		if (output->on_link)
			return send_to_link(user, output);
		return give(user, output->packet);
	case FORWARD_HOST:
		return give(user, output->packet);
	case FORWARD_PORT:
		break;
	}
	return 0;
}

void user_emit(void *context, const struct forward_output *output)
{
	struct user *user = context;
	int number;

	if (output->kind == FORWARD_PORT) {
		user_ports_learn(user, output);
		return;
	}
	if (output->kind == FORWARD_OUTER && user->completing) {
		user_ports_keep(user, output->packet);
		return;
	}
	number = put(user, output);
	count(number);
	if (number == EMSGSIZE && output->kind == FORWARD_OUTER)
		learn(user, output);
}

void user_send_outer(struct user *user, struct span packet)
{
	count(send_by(user, USER_SEND_MARKED, packet));
}
