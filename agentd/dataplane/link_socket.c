/* link_socket.c - packet sockets that leave the header of the link to the kernel. */
#include "agentd/dataplane/link_socket.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/virtio_net.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "agentd/dataplane/packet_facts.h"
#include "proto/ip4.h"

#define SEND_BUFFER (4 << 20)
#define HEAR_BUFFER (1 << 20)
#define TRAFFIC_BUFFER (4 << 20)
#define SKIPPED_MAX 64u  /* before others have their turn */
#define WENT_DOWN_MAX 3u /* a socket tells once that its interface was down before */
#define SOLICITATION 10u /* RFC 1256 */
#define ROUTERS                                                                                    \
	{                                                                                          \
		0x01, 0x00, 0x5e, 0x00, 0x00, 0x02                                                 \
	} /* 224.0.0.2 on Ethernet */
#define AGENTS                                                                                     \
	{                                                                                          \
		0x01, 0x00, 0x5e, 0x00, 0x00, 0x0b                                                 \
	} /* 224.0.0.11 */

static int give_up(int fd, enum ha_error *why)
{
	*why = ha_error_of_errno(errno);
	if (fd >= 0)
		close(fd);
	return -1;
}

/* ---- to a neighbour ---- */

int link_socket_open(enum ha_error *why)
{
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int octets = SEND_BUFFER;

	*why = HA_OK;
	if (fd < 0)
		return give_up(fd, why);
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &octets, sizeof(octets)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &octets, sizeof(octets));
	return fd;
}

struct sockaddr_ll link_socket_place(unsigned interface, const uint8_t link[LINK_ADDRESS_OCTETS])
{
	struct sockaddr_ll place = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = (int)interface,
		.sll_halen = LINK_ADDRESS_OCTETS,
	};

	memcpy(place.sll_addr, link, LINK_ADDRESS_OCTETS);
	return place;
}

int link_socket_send(int fd, unsigned interface, const uint8_t link[LINK_ADDRESS_OCTETS],
                     struct span packet)
{
	const struct sockaddr_ll to = link_socket_place(interface, link);

	while (sendto(fd, packet.at, packet.size, MSG_DONTWAIT, (const struct sockaddr *)&to,
	              sizeof(to)) < 0)
		if (errno != EINTR)
			return errno;
	return 0;
}

/* ---- from neighbours ---- */

/* Where things stand in a packet. */
#define FRAGMENT_AT 6u
#define PROTOCOL_AT 9u
#define DESTINATION_AT 16u
#define ANY_FRAGMENT 0x3fffu
#define PORT_AT 2u /* behind the header */

#define FACT(which) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + (which)))
#define IF_EQUAL(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no)

/* What the kernel gives to others, such as traffic of visitors, never wakes a thread. The
 * tag of a VLAN: it comes once more, without, by the interface of that. */
static bool filter(int fd, uint16_t port)
{
	struct sock_filter program[] = {
		FACT(SKF_AD_PKTTYPE),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, PACKET_MULTICAST, 12, 0),
		FACT(SKF_AD_VLAN_TAG_PRESENT),
		IF_EQUAL(0, 0, 10),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, FRAGMENT_AT),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, ANY_FRAGMENT, 8, 0),
		BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, PROTOCOL_AT),
		IF_EQUAL(IP4_UDP, 3, 0),
		IF_EQUAL(IP4_ICMP, 0, 4),
		BPF_STMT(BPF_LD | BPF_B | BPF_IND, 0),
		IF_EQUAL(SOLICITATION, 3, 2),
		BPF_STMT(BPF_LD | BPF_H | BPF_IND, PORT_AT),
		IF_EQUAL(port, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, IP4_TOTAL_MAX),
	};
	const struct sock_fprog all = {
		.len = sizeof(program) / sizeof(program[0]),
		.filter = program,
	};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &all, sizeof(all)) == 0;
}

/* As above, of any protocol, and of what comes to this host's link address alone. */
static bool filter_traffic(int fd, struct in_addr own)
{
	struct sock_filter program[] = {
		FACT(SKF_AD_PKTTYPE),
		IF_EQUAL(PACKET_HOST, 0, 5),
		FACT(SKF_AD_VLAN_TAG_PRESENT),
		IF_EQUAL(0, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)SKF_NET_OFF + DESTINATION_AT),
		IF_EQUAL(ntohl(own.s_addr), 1, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog all = {
		.len = sizeof(program) / sizeof(program[0]),
		.filter = program,
	};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &all, sizeof(all)) == 0;
}

static bool join(int fd, unsigned interface)
{
	static const uint8_t groups[][LINK_ADDRESS_OCTETS] = { ROUTERS, AGENTS };

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		struct packet_mreq group = {
			.mr_ifindex = (int)interface,
			.mr_type = PACKET_MR_MULTICAST,
			.mr_alen = LINK_ADDRESS_OCTETS,
		};

		memcpy(group.mr_address, groups[i], LINK_ADDRESS_OCTETS);
		if (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &group, sizeof(group)) != 0)
			return false;
	}
	return true;
}

/* A packet socket that hears nothing yet. */
static int open_quiet(unsigned interface, int type, int octets)
{
	int fd, yes = 1;

	errno = ENODEV;
	if (interface == 0) /* which would be all of them */
		return -1;
	fd = socket(AF_PACKET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof(octets)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &octets, sizeof(octets));
	if (fd >= 0) {
		(void)setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof(yes));
		(void)setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &yes, sizeof(yes));
	}
	return fd;
}

bool link_socket_move(int fd, unsigned interface)
{
	const struct sockaddr_ll place = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = (int)interface,
	};

	return bind(fd, (const struct sockaddr *)&place, sizeof(place)) == 0;
}

int link_socket_listen(unsigned interface, uint16_t port, enum ha_error *why)
{
	int fd = open_quiet(interface, SOCK_DGRAM, HEAR_BUFFER);

	*why = HA_OK;
	if (fd >= 0 && filter(fd, port) && join(fd, interface) && link_socket_move(fd, interface))
		return fd;
	return give_up(fd, why);
}

/* What was merged is told only with the header of the link. */
int link_socket_open_traffic(unsigned interface, struct in_addr own, enum ha_error *why)
{
	int fd = open_quiet(interface, SOCK_RAW, TRAFFIC_BUFFER), yes = 1;

	*why = HA_OK;
	if (fd >= 0 && filter_traffic(fd, own) &&
	    setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &yes, sizeof(yes)) == 0 &&
	    link_socket_move(fd, interface))
		return fd;
	return give_up(fd, why);
}

static bool read_facts(struct msghdr *message, const struct sockaddr_ll *from,
                       struct link_heard *out)
{
	struct tpacket_auxdata facts = { 0 };

	if (message->msg_flags & MSG_TRUNC || from->sll_halen != LINK_ADDRESS_OCTETS)
		return false;
	(void)packet_facts(message, &facts);
	memcpy(out->link, from->sll_addr, LINK_ADDRESS_OCTETS);
	out->interface = (unsigned)from->sll_ifindex;
	out->to_one = from->sll_pkttype == PACKET_HOST;
	out->begun = facts.tp_status & TP_STATUS_CSUMNOTREADY;
	return true;
}

bool link_socket_receive(int fd, uint8_t *room, size_t size, struct link_heard *out)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct tpacket_auxdata))];

	for (unsigned i = 0, down = 0; i < SKIPPED_MAX && down < WENT_DOWN_MAX; i++) {
		struct sockaddr_ll from = { 0 };
		struct iovec piece = { room, size };
		struct msghdr message = {
			.msg_name = &from,
			.msg_namelen = sizeof(from),
			.msg_iov = &piece,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof(control),
		};
		ssize_t got = recvmsg(fd, &message, MSG_DONTWAIT);

		if (got < 0 && errno != EINTR && errno != ENETDOWN)
			return false;
		down += got < 0;
		if (got < 0 || !read_facts(&message, &from, out))
			continue;
		out->packet = (struct span){ room, (size_t)got };
		return true;
	}
	return false;
}

/* 1: a packet, 0: nothing that can be made out, -1: none waits. */
static int receive_with_facts(int fd, uint8_t *room, size_t size, struct link_traffic *out)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	struct virtio_net_hdr facts;
	struct tpacket_auxdata place = { 0 };
	struct sockaddr_ll from = { 0 };
	struct iovec pieces[] = { { &facts, sizeof(facts) }, { room, size } };
	struct msghdr message = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = pieces,
		.msg_iovlen = 2,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t got = recvmsg(fd, &message, MSG_DONTWAIT), begin;

	if (got < 0)
		return errno == EAGAIN ? -1 : 0;
	(void)packet_facts(&message, &place);
	begin = (ssize_t)sizeof(facts) + place.tp_net;
	if (message.msg_flags & MSG_TRUNC || from.sll_halen != LINK_ADDRESS_OCTETS || got <= begin)
		return 0;
	out->packet = (struct span){ room + place.tp_net, (size_t)(got - begin) };
	memcpy(out->link, from.sll_addr, LINK_ADDRESS_OCTETS);
	out->begun = facts.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM;
	out->marked = facts.gso_type & VIRTIO_NET_HDR_GSO_ECN;
	out->size = facts.gso_type != VIRTIO_NET_HDR_GSO_NONE ? facts.gso_size : 0;
	return 1;
}

bool link_socket_receive_traffic(int fd, uint8_t *room, size_t size, struct link_traffic *out)
{
	int found = 0;

	for (unsigned i = 0; i < SKIPPED_MAX && found == 0; i++)
		found = receive_with_facts(fd, room, size, out);
	return found > 0;
}
