/* ports.c - UDP sockets that are told of ICMP errors. */
#include "agentd/visit/ports.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <linux/filter.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agentd/base/address.h"
#include "proto/message.h"
#include "proto/tunnel.h"

#define BUFFER (1 << 20)

#define TYPE_AT 8u /* behind the header of UDP */

/* What comes to the same port and is taken elsewhere wakes nobody here: packets of tunnels in UDP,
 * for which the data plane has a socket, and requests, which are heard on their link. */
static bool leave_others(int fd)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, TYPE_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TUNNEL_UDP_DATA, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MIP_TYPE_REQUEST, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	const struct sock_fprog all = {
		.len = sizeof(program) / sizeof(program[0]),
		.filter = program,
	};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &all, sizeof(all)) == 0;
}

static bool bind_here(int fd, struct in_addr address)
{
	const struct sockaddr_in here = {
		.sin_family = AF_INET,
		.sin_addr = address,
		.sin_port = htons(MIP_PORT),
	};
	int yes = 1, octets = BUFFER;

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &octets, sizeof(octets));
	return setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &yes, sizeof(yes)) == 0 &&
	       setsockopt(fd, IPPROTO_IP, IP_RECVERR, &yes, sizeof(yes)) == 0 &&
	       setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &yes, sizeof(yes)) == 0 && leave_others(fd) &&
	       bind(fd, (const struct sockaddr *)&here, sizeof(here)) == 0;
}

int ports_find(const struct ports *ports, struct in_addr address)
{
	for (size_t i = 0; i < ports->count; i++)
		if (address_equal(ports->at[i].address, address))
			return ports->at[i].fd;
	return -1;
}

enum ha_error ports_open(struct ports *ports, struct in_addr address)
{
	enum ha_error why;
	int fd;

	if (ports_find(ports, address) >= 0)
		return HA_OK;
	if (ports->count == PORTS_MAX)
		return HA_E_CAPACITY;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && bind_here(fd, address)) {
		ports->at[ports->count++] = (struct port){ address, fd };
		return HA_OK;
	}
	why = ha_error_of_errno(errno);
	if (fd >= 0)
		close(fd);
	return why;
}

void ports_drop(struct ports *ports, size_t keep, size_t i)
{
	if (i < keep || i >= ports->count)
		return;
	close(ports->at[i].fd);
	ports->at[i] = ports->at[--ports->count];
}

int ports_send(const struct ports *ports, struct in_addr from, struct in_addr to, uint16_t port,
               struct span message)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr = to,
		.sin_port = htons(port),
	};
	int fd = ports_find(ports, from);
	ssize_t sent = -1;

	errno = EADDRNOTAVAIL;
	/* The first try may tell of an earlier one instead. */
	for (unsigned i = 0; i < 2 && fd >= 0 && sent < 0; i++)
		sent = sendto(fd, message.at, message.size, MSG_DONTWAIT,
		              (const struct sockaddr *)&address, sizeof(address));
	return sent < 0 ? errno : 0;
}

/* ---- what comes ---- */

/* What the kernel tells beside the octets. */
static void read_beside(struct msghdr *message, struct port_heard *out)
{
	struct sock_extended_err error;
	struct in_pktinfo info;

	for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at; at = CMSG_NXTHDR(message, at)) {
		if (at->cmsg_level != IPPROTO_IP)
			continue;
		if (at->cmsg_type == IP_PKTINFO && at->cmsg_len >= CMSG_LEN(sizeof(info))) {
			memcpy(&info, CMSG_DATA(at), sizeof(info));
			out->interface = (unsigned)info.ipi_ifindex;
		} else if (at->cmsg_type == IP_RECVERR && at->cmsg_len >= CMSG_LEN(sizeof(error))) {
			memcpy(&error, CMSG_DATA(at), sizeof(error));
			out->failed = error.ee_origin == SO_EE_ORIGIN_ICMP;
			out->type = error.ee_type;
			out->code = error.ee_code;
		}
	}
}

static ssize_t receive(int fd, uint8_t *room, size_t size, int flags, struct port_heard *out)
{
	_Alignas(struct cmsghdr) char control[256];
	struct sockaddr_in from = { 0 };
	struct iovec piece = { room, size };
	struct msghdr message = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t got = recvmsg(fd, &message, flags | MSG_DONTWAIT);

	if (got < 0)
		return got;
	*out = (struct port_heard){
		.message = { room, (size_t)got },
		.source = from.sin_addr,
		.source_port = ntohs(from.sin_port),
	};
	read_beside(&message, out);
	if (message.msg_flags & MSG_TRUNC || (flags & MSG_ERRQUEUE && !out->failed))
		out->message.size = 0; /* nobody takes it for a message */
	return got;
}

bool ports_receive(int fd, uint8_t *room, size_t size, struct port_heard *out)
{
	/* An error that waits is told instead of a message, whether there is one or not. */
	if (receive(fd, room, size, 0, out) >= 0)
		return true;
	for (unsigned i = 0; i < 3; i++) {
		if (receive(fd, room, size, MSG_ERRQUEUE, out) >= 0)
			return true;
		if (receive(fd, room, size, 0, out) >= 0)
			return true;
		if (errno == EAGAIN)
			return false;
	}
	return false;
}

void ports_close(struct ports *ports)
{
	for (size_t i = 0; i < ports->count; i++)
		close(ports->at[i].fd);
	ports->count = 0;
}
