/* user_receive.c - packets from the kernel to forwarding. The clock is read after each
 * packet has come, and before they leave: a process that was stopped meanwhile finds the
 * fence closed. */
#include "agentd/dataplane/user_internal.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agentd/base/clock.h"

static bool is_ipv4(struct span packet)
{
	return packet.size > 0 && packet.at[0] >> 4 == 4;
}

/* The kernel lets nobody outside send from an address of this host, so it is from here. */
static enum forward_arrival arrival_of(const struct user *user, struct span packet)
{
	struct ip4 ip;

	if (ip4_read(packet, &ip) != HA_OK)
		return FORWARD_ROUTED;
	for (size_t i = 0; i < user->host.count; i++)
		if (address_equal(user->host.addresses[i], ip.source))
			return FORWARD_FROM_HOST;
	return FORWARD_ROUTED;
}

static void take_home(struct user *user, struct span packet)
{
	if (!is_ipv4(packet)) {
		user_count(USER_OTHER); /* such as what a link says of itself by IPv6 */
		return;
	}
	user_count(USER_HOME);
	forward_home(&user->context, user->settings.agents[0].realm, packet,
	             arrival_of(user, packet));
}

static void take_tunnel(struct user *user, struct span packet)
{
	user_count(USER_TUNNEL);
	if (!user_merged_take(user, packet))
		forward_tunnel(&user->context, packet);
}

static void take_icmp(struct user *user, struct span packet)
{
	user_count(USER_ERRORS);
	forward_icmp(&user->context, packet);
	if (user->options.learnt)
		user->options.learnt(user->options.context, packet);
}

/* ---- datagrams ---- */

static void note_header(const struct msghdr *message, struct ip4 *outer)
{
	for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at;
	     at = CMSG_NXTHDR((struct msghdr *)message, at)) {
		int ttl;

		if (at->cmsg_level != IPPROTO_IP)
			continue;
		if (at->cmsg_type == IP_TTL && at->cmsg_len == CMSG_LEN(sizeof(ttl))) {
			memcpy(&ttl, CMSG_DATA(at), sizeof(ttl));
			outer->ttl = (uint8_t)ttl;
		}
		if (at->cmsg_type == IP_TOS)
			outer->tos = *CMSG_DATA(at);
	}
}

static ssize_t receive_datagram(struct user *user)
{
	_Alignas(struct cmsghdr) char control[128];
	struct sockaddr_in from = { 0 };
	struct iovec piece = { user->in.packet, sizeof(user->in.packet) };
	struct msghdr message = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t size = recvmsg(user->sources[USER_FROM_UDP], &message, MSG_DONTWAIT);
	struct ip4 outer = {
		.destination = user->options.agent,
		.ttl = user->settings.ttl,
		.protocol = IP4_UDP,
	};

	if (size < 0)
		return size;
	user_count(USER_TUNNEL);
	outer.source = from.sin_addr;
	note_header(&message, &outer);
	user->context.now_ns = clock_monotonic_ns();
	/* A registration can come here while the port is being opened; it comes again. */
	if (size > 0 && user->in.packet[0] == TUNNEL_UDP_DATA)
		forward_datagram(&user->context, &outer, ntohs(from.sin_port),
		                 user->settings.udp_port,
		                 (struct span){ user->in.packet, (size_t)size });
	return size;
}

/* ---- the rest ---- */

static void (*const takers[USER_SOURCES])(struct user *user, struct span packet) = {
	[USER_FROM_DEVICE] = take_home,    [USER_FROM_IPIP] = take_tunnel,
	[USER_FROM_MINIMAL] = take_tunnel, [USER_FROM_GRE] = take_tunnel,
	[USER_FROM_ICMP] = take_icmp,
};

static ssize_t read_packet(struct user *user, enum user_source source)
{
	const ssize_t facts = offsetof(typeof(user->in), packet);
	ssize_t size;

	if (source != USER_FROM_DEVICE)
		return read(user->sources[source], user->in.packet, sizeof(user->in.packet));
	size = read(user->sources[source], &user->in, sizeof(user->in));
	return size < facts ? size : size - facts;
}

static ssize_t receive_packet(struct user *user, enum user_source source)
{
	ssize_t size = read_packet(user, source);

	if (size < 0)
		return size;
	user->context.now_ns = clock_monotonic_ns();
	if ((size_t)size < sizeof(user->in.packet))
		takers[source](user, (struct span){ user->in.packet, (size_t)size });
	else
		user_count(USER_CUT);
	return size;
}

void user_receive(struct user *user, enum user_source source)
{
	for (unsigned i = 0; i < USER_BATCH; i++) {
		ssize_t size;

		user_ports_begin(user);
		size = source == USER_FROM_UDP ? receive_datagram(user)
		                               : receive_packet(user, source);
		if (size < 0 && errno != EINTR)
			break;
	}
	user_queue_send(user->queue);
}
