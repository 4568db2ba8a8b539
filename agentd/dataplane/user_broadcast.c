/* user_broadcast.c - broadcasts and multicasts of home links, for mobile nodes that are
 * away and asked for them (RFC 5944 section 4.3). A packet socket for each link; while
 * nobody asks, its filter takes nothing, and nothing of the link wakes the thread. */
#include "agentd/dataplane/user_internal.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agentd/base/clock.h"
#include "agentd/base/log.h"
#include "agentd/dataplane/packet_facts.h"

/* ---- what the socket takes ---- */

static bool set_filter(int fd, bool wanted)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_BROADCAST, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_MULTICAST, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, wanted ? IP4_TOTAL_MAX : 0),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog all = {
		.len = sizeof(program) / sizeof(program[0]),
		.filter = program,
	};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &all, sizeof(all)) == 0;
}

void user_broadcasts_want(struct user *user)
{
	bool wanted = tunnels_totals(user->options.tunnels).wanting > 0;

	if (wanted == user->wanted)
		return;
	user->wanted = wanted;
	for (size_t i = 0; i < user->link_count; i++)
		if (!set_filter(user->links[i].fd, wanted))
			log_warning("broadcasts of %s cannot be told apart: %s",
			            user->links[i].interface, strerror(errno));
}

/* ---- where it is ---- */

/* An interface that went away and came back is another one to the kernel. */
void user_broadcasts_follow(struct user *user)
{
	for (size_t i = 0; i < user->link_count; i++) {
		struct user_link *link = &user->links[i];
		unsigned index = if_nametoindex(link->interface);
		const struct sockaddr_ll place = {
			.sll_family = AF_PACKET,
			.sll_protocol = htons(ETH_P_IP),
			.sll_ifindex = (int)index,
		};

		if (index && index != link->index &&
		    bind(link->fd, (const struct sockaddr *)&place, sizeof(place)) == 0)
			link->index = index;
	}
}

static int open_link(void)
{
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), yes = 1;
	int number;

	if (fd >= 0 && set_filter(fd, false) &&
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof(yes)) == 0 &&
	    setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &yes, sizeof(yes)) == 0)
		return fd;
	number = errno;
	if (fd >= 0)
		close(fd);
	errno = number;
	return -1;
}

enum ha_error user_broadcasts_open(struct user *user, char *report, size_t size)
{
	const struct home_network *networks = user->options.interception.networks;
	size_t given = 0; /* networks of the settings are those that are given, in order */

	for (size_t i = 0; i < HOME_NETWORKS_MAX; i++) {
		struct user_link *link = &user->links[user->link_count];

		if (!home_network_is_given(&networks[i]))
			continue;
		if (*networks[i].interface) {
			link->network = &user->settings.networks[given];
			link->interface = networks[i].interface;
			link->fd = open_link();
			if (link->fd < 0)
				return ha_refuse(report, size, ha_error_of_errno(errno),
				                 "broadcasts of %s cannot be heard: %s",
				                 link->interface, strerror(errno));
			user->link_count++;
		}
		given++;
	}
	user_broadcasts_follow(user);
	return HA_OK;
}

void user_broadcasts_close(struct user *user)
{
	for (size_t i = 0; i < user->link_count; i++)
		close(user->links[i].fd);
	user->link_count = 0;
}

/* ---- what comes ---- */

static bool is_checksum_open(struct msghdr *message)
{
	struct tpacket_auxdata facts;

	return packet_facts(message, &facts) && facts.tp_status & TP_STATUS_CSUMNOTREADY;
}

#define UDP_HEADER 8u
#define UDP_CHECKSUM_AT 6u

/* A sender on this host leaves the checksum to its device, which there is none of on the
 * way to a tunnel. */
static void finish_checksum(uint8_t *octets, size_t size)
{
	const struct span packet = { octets, size };
	struct span payload;
	struct ip4 ip;
	uint16_t sum;
	uint8_t *at;

	if (ip4_read(packet, &ip) != HA_OK || ip.protocol != IP4_UDP || ip4_is_fragment(&ip))
		return;
	payload = ip4_payload(packet, &ip);
	if (payload.size < UDP_HEADER)
		return;
	at = octets + ip.header_size + UDP_CHECKSUM_AT;
	at[0] = at[1] = 0;
	sum = ip4_sum_finish(
		ip4_sum(ip4_sum_pseudo(ip.source, ip.destination, IP4_UDP, payload.size), payload));
	if (sum == 0)
		sum = UINT16_MAX; /* 0 would say that there is none */
	at[0] = (uint8_t)(sum >> 8);
	at[1] = (uint8_t)sum;
}

static ssize_t receive_one(struct user *user, const struct user_link *link)
{
	_Alignas(struct cmsghdr) char control[128];
	struct iovec piece = { user->in.packet, sizeof(user->in.packet) };
	struct msghdr message = {
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t size = recvmsg(link->fd, &message, MSG_DONTWAIT);

	if (size <= 0)
		return size;
	user_count(USER_BROADCASTS);
	user->context.now_ns = clock_monotonic_ns();
	if (is_checksum_open(&message))
		finish_checksum(user->in.packet, (size_t)size);
	forward_broadcast(&user->context, link->network,
	                  (struct span){ user->in.packet, (size_t)size });
	return size;
}

/* What comes while the link is down is an error once. */
void user_broadcasts_receive(struct user *user, const struct user_link *link)
{
	for (unsigned i = 0; i < USER_BATCH; i++)
		if (receive_one(user, link) < 0 && errno != EINTR && errno != ENETDOWN)
			break;
	user_queue_send(user->queue);
}
