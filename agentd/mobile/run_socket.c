/* run_socket.c - the socket of registrations, which chooses its source address anew for each
 * datagram. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agentd/mobile/run_internal.h"

int mobile_socket_open(uint32_t mark, uint16_t *port, enum ha_error *why)
{
	struct sockaddr_in here = { .sin_family = AF_INET };
	socklen_t size = sizeof(here);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), yes = 1;

	*why = HA_OK;
	if (fd >= 0 && setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &yes, sizeof(yes)) == 0 &&
	    setsockopt(fd, IPPROTO_IP, IP_RECVTTL, &yes, sizeof(yes)) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &yes, sizeof(yes)) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) == 0 &&
	    bind(fd, (const struct sockaddr *)&here, sizeof(here)) == 0 &&
	    getsockname(fd, (struct sockaddr *)&here, &size) == 0) {
		*port = ntohs(here.sin_port);
		return fd;
	}
	*why = ha_error_of_errno(errno);
	if (fd >= 0)
		close(fd);
	return -1;
}

static void note(const struct cmsghdr *at, struct ip4 *outer)
{
	struct in_pktinfo facts;
	int ttl;

	if (at->cmsg_level != IPPROTO_IP)
		return;
	if (at->cmsg_type == IP_PKTINFO && at->cmsg_len == CMSG_LEN(sizeof(facts))) {
		memcpy(&facts, CMSG_DATA(at), sizeof(facts));
		outer->destination = facts.ipi_addr;
	}
	if (at->cmsg_type == IP_TTL && at->cmsg_len == CMSG_LEN(sizeof(ttl))) {
		memcpy(&ttl, CMSG_DATA(at), sizeof(ttl));
		outer->ttl = (uint8_t)ttl;
	}
}

bool mobile_socket_receive(int fd, uint8_t *room, size_t size, struct mobile_datagram *out)
{
	_Alignas(struct cmsghdr) char control[128];
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
	ssize_t got = recvmsg(fd, &message, 0);

	*out = (struct mobile_datagram){ .outer = { .protocol = IP4_UDP } };
	if (got < 0)
		return false;
	for (struct cmsghdr *at = CMSG_FIRSTHDR(&message); at; at = CMSG_NXTHDR(&message, at))
		note(at, &out->outer);
	out->outer.source = from.sin_addr;
	out->source_port = ntohs(from.sin_port);
	out->payload = (struct span){ room, (size_t)got };
	return true;
}

bool mobile_socket_send(int fd, unsigned interface, const struct node_datagram *d)
{
	_Alignas(struct cmsghdr) char room[CMSG_SPACE(sizeof(struct in_pktinfo))] = { 0 };
	const struct in_pktinfo facts = { .ipi_ifindex = (int)interface,
		                          .ipi_spec_dst = d->source };
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(d->destination_port),
		.sin_addr = d->destination,
	};
	struct iovec piece = { (void *)(uintptr_t)d->payload.at, d->payload.size };
	struct msghdr message = {
		.msg_name = &to,
		.msg_namelen = sizeof(to),
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = room,
		.msg_controllen = sizeof(room),
	};
	struct cmsghdr *at = CMSG_FIRSTHDR(&message);
	int ttl = d->ttl;

	at->cmsg_level = IPPROTO_IP;
	at->cmsg_type = IP_PKTINFO;
	at->cmsg_len = CMSG_LEN(sizeof(facts));
	memcpy(CMSG_DATA(at), &facts, sizeof(facts));
	return setsockopt(fd, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl)) == 0 &&
	       sendmsg(fd, &message, 0) >= 0;
}
