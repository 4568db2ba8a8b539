/* user_sockets.c - raw sockets, opened and sent from. */
#include "agentd/dataplane/user_sockets.h"

#include <errno.h>
#include <linux/icmp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER (4 << 20) /* octets each way, of which the kernel makes twice as many */

static int give_up(int fd, enum ha_error *why)
{
	*why = ha_error_of_errno(errno);
	if (fd >= 0)
		close(fd);
	return -1;
}

static int open_raw(int protocol)
{
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
	int octets = BUFFER;

	if (fd < 0)
		return fd;
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

	*why = HA_OK;
	if (fd >= 0 && (mark == 0 || setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) == 0))
		return fd;
	return give_up(fd, why);
}

#define DESTINATION_AT 16u /* in the header of IP */

int user_socket_send(int fd, const uint8_t *packet, size_t size)
{
	struct sockaddr_in to = { .sin_family = AF_INET };

	if (size < DESTINATION_AT + sizeof(to.sin_addr))
		return EINVAL;
	memcpy(&to.sin_addr, packet + DESTINATION_AT, sizeof(to.sin_addr));
	if (sendto(fd, packet, size, MSG_DONTWAIT, (const struct sockaddr *)&to, sizeof(to)) >= 0)
		return 0;
	return errno;
}
