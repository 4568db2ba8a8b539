/* echo.c - the yardstick: returns every datagram as it came, one thread, 64 to
 * a system call. What an agent on the same machine could do at most if
 * registrations cost nothing.
 *
 *     bench_echo PORT [ADDRESS]
 *
 * Listens on loopback, or on an address that may come later; prints "ready" and
 * ends with SIGTERM. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define BATCH 64u
#define DATAGRAM_MAX 256u
#define BUFFER_OCTETS (8 << 20)

static struct mmsghdr headers[BATCH];
static struct iovec pieces[BATCH];
static struct sockaddr_in peers[BATCH];
static uint8_t octets[BATCH][DATAGRAM_MAX];

static int open_socket(struct in_addr host, uint16_t port)
{
	const struct sockaddr_in address = { .sin_family = AF_INET,
		                             .sin_port = htons(port),
		                             .sin_addr = host };
	const int buffer = BUFFER_OCTETS, on = 1;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer)) != 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
	if (setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof(on)) != 0)
		return -1;
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
		return -1;
	return fd;
}

static void prepare(void)
{
	for (unsigned i = 0; i < BATCH; i++) {
		pieces[i] = (struct iovec){ .iov_base = octets[i], .iov_len = DATAGRAM_MAX };
		headers[i].msg_hdr = (struct msghdr){ .msg_name = &peers[i],
			                              .msg_namelen = sizeof(peers[i]),
			                              .msg_iov = &pieces[i],
			                              .msg_iovlen = 1 };
	}
}

static int receive(int fd)
{
	int count = recvmmsg(fd, headers, BATCH, MSG_WAITFORONE, NULL);

	for (int i = 0; i < count; i++)
		pieces[i].iov_len = headers[i].msg_len;
	return count;
}

static void send_back(int fd, unsigned count)
{
	unsigned sent = 0;

	while (sent < count) {
		int n = sendmmsg(fd, headers + sent, count - sent, 0);

		if (n < 0 && errno == EINTR)
			continue;
		sent += n > 0 ? (unsigned)n : 1;
	}
	for (unsigned i = 0; i < count; i++)
		pieces[i].iov_len = DATAGRAM_MAX;
}

int main(int argc, char **argv)
{
	struct in_addr host = { htonl(INADDR_LOOPBACK) };
	int port = argc == 2 || argc == 3 ? atoi(argv[1]) : 0;
	int fd;

	if (port < 1 || port > 65535 || (argc == 3 && inet_pton(AF_INET, argv[2], &host) != 1)) {
		fprintf(stderr, "usage: bench_echo PORT [ADDRESS]\n");
		return 2;
	}
	fd = open_socket(host, (uint16_t)port);
	if (fd < 0) {
		fprintf(stderr, "bench_echo: port %d: %s\n", port, strerror(errno));
		return 1;
	}
	prepare();
	puts("ready");
	fflush(stdout);
	for (;;) {
		int count = receive(fd);

		if (count > 0)
			send_back(fd, (unsigned)count);
	}
}
