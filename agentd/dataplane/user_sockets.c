/* user_sockets.c - raw sockets, opened and sent from. */
#include "agentd/dataplane/user_sockets.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/icmp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/tunnel.h"

#define BUFFER (4 << 20) /* octets each way, of which the kernel makes twice as many */

static int give_up(int fd, enum ha_error *why)
{
	*why = ha_error_of_errno(errno);
	if (fd >= 0)
		close(fd);
	return -1;
}

/* What is learnt of paths is ours to judge: the kernel would believe any error about a
 * packet of ours, of 552 octets even, and drop what is larger without a word. */
static int open_raw(int protocol)
{
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
	int octets = BUFFER, discovery = IP_PMTUDISC_INTERFACE;

	if (fd < 0)
		return fd;
	(void)setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &discovery, sizeof(discovery));
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof(octets)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &octets, sizeof(octets));
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &octets, sizeof(octets)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &octets, sizeof(octets));
	return fd;
}

int user_socket_open(struct in_addr agent, int protocol, enum ha_error *why)
{
	const struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr = agent };
	int fd = open_raw(protocol), yes = 1;

	*why = HA_OK;
	if (fd >= 0 && setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &yes, sizeof(yes)) == 0 &&
	    bind(fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	return give_up(fd, why);
}

#define PORT_AT 2u /* behind the header of IP */
#define TYPE_AT 8u /* likewise, of the message in it */

int user_socket_open_udp(struct in_addr agent, uint16_t port, enum ha_error *why)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
		BPF_STMT(BPF_LD | BPF_H | BPF_IND, PORT_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, port, 0, 3),
		BPF_STMT(BPF_LD | BPF_B | BPF_IND, TYPE_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TUNNEL_UDP_DATA, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog all = { .len = sizeof(program) / sizeof(program[0]),
		                        .filter = program };
	int fd = user_socket_open(agent, IPPROTO_UDP, why);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &all, sizeof(all)) == 0)
		return fd;
	return give_up(fd, why);
}

bool user_socket_tell_interface(int fd)
{
	int yes = 1;

	return setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &yes, sizeof(yes)) == 0;
}

ssize_t user_socket_read(int fd, uint8_t *room, size_t size, unsigned *interface)
{
	_Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(struct in_pktinfo))];
	struct iovec piece = { room, size };
	struct msghdr message = { .msg_iov = &piece,
		                  .msg_iovlen = 1,
		                  .msg_control = control,
		                  .msg_controllen = sizeof(control) };
	ssize_t got = recvmsg(fd, &message, MSG_DONTWAIT);

	*interface = 0;
	if (got < 0)
		return -errno;
	for (struct cmsghdr *at = CMSG_FIRSTHDR(&message); at; at = CMSG_NXTHDR(&message, at)) {
		struct in_pktinfo facts;

		if (at->cmsg_level != IPPROTO_IP || at->cmsg_type != IP_PKTINFO)
			continue;
		memcpy(&facts, CMSG_DATA(at), sizeof(facts));
		*interface = (unsigned)facts.ipi_ifindex;
	}
	return got;
}

int user_socket_open_icmp(struct in_addr agent, enum ha_error *why)
{
	const struct icmp_filter unwanted = {
		.data = ~(1u << ICMP_DEST_UNREACH | 1u << ICMP_SOURCE_QUENCH |
		          1u << ICMP_TIME_EXCEEDED | 1u << ICMP_PARAMETERPROB),
	};
	int fd = user_socket_open(agent, IPPROTO_ICMP, why);

	if (fd < 0 || setsockopt(fd, SOL_RAW, ICMP_FILTER, &unwanted, sizeof(unwanted)) == 0)
		return fd;
	return give_up(fd, why);
}

int user_socket_open_sender(uint32_t mark, enum ha_error *why)
{
	int fd = open_raw(IPPROTO_RAW); /* which brings its own headers, and hears nothing */
	int yes = 1;

	*why = HA_OK;
	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &yes, sizeof(yes)) == 0 &&
	    (mark == 0 || setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) == 0))
		return fd;
	return give_up(fd, why);
}

#define DESTINATION_AT 16u /* in the header of IP */

/* Ancillary data that names the interface. */
static void name_interface(struct msghdr *message, void *room, size_t size, unsigned interface)
{
	const struct in_pktinfo facts = { .ipi_ifindex = (int)interface };
	struct cmsghdr *at;

	message->msg_control = room;
	message->msg_controllen = size;
	at = CMSG_FIRSTHDR(message);
	at->cmsg_level = IPPROTO_IP;
	at->cmsg_type = IP_PKTINFO;
	at->cmsg_len = CMSG_LEN(sizeof(facts));
	memcpy(CMSG_DATA(at), &facts, sizeof(facts));
}

int user_socket_send(int fd, const uint8_t *packet, size_t size, unsigned interface)
{
	_Alignas(struct cmsghdr) uint8_t room[CMSG_SPACE(sizeof(struct in_pktinfo))] = { 0 };
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct iovec piece = { (void *)(uintptr_t)packet, size };
	struct msghdr message = {
		.msg_name = &to,
		.msg_namelen = sizeof(to),
		.msg_iov = &piece,
		.msg_iovlen = 1,
	};

	if (size < DESTINATION_AT + sizeof(to.sin_addr))
		return EINVAL;
	memcpy(&to.sin_addr, packet + DESTINATION_AT, sizeof(to.sin_addr));
	if (interface)
		name_interface(&message, room, sizeof(room), interface);
	return sendmsg(fd, &message, MSG_DONTWAIT) >= 0 ? 0 : errno;
}
