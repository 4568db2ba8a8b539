/* tap.c - writes down which host of a switch answered what and when, as the
 * switch's ports see it: before anything on the way can lose an answer.
 *
 *     tap FILE UDP-PORT PORT-OF-THE-SWITCH...
 *
 * Registration replies and gratuitous ARP, 32 octets each, network order:
 * wall clock in nanoseconds (8), which port, from 0 (1), kind (1), code (1),
 * nothing (1), lifetime (2), nothing (2), address: home, or announced (4),
 * nothing (4), identification (8). Prints "ready"; ends with SIGTERM and prints
 * how much it took and how much the kernel dropped. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PORTS_MAX 8u
#define FRAME_MAX 256u
#define ENTRY_SIZE 32u
#define BUFFER_OCTETS (16 << 20)
#define UDP_SIZE 8u
#define REPLY_TYPE 3u
#define REPLY_SIZE 20u
#define ARP_SIZE 28u

enum kind {
	KIND_REPLY = 1,
	KIND_ANNOUNCEMENT = 2
};

static volatile sig_atomic_t stop;
static FILE *out;
static uint64_t taken;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

/* Everything of ARP, and UDP from one port. */
static int filter(int fd, uint16_t udp_port)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_ARP, 6, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 0, 6),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 14 + 9),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 4),
		BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 14),
		BPF_STMT(BPF_LD | BPF_H | BPF_IND, 14),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, udp_port, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, FRAME_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog program = { .len = sizeof(code) / sizeof(code[0]), .filter = code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

static int open_port(const char *name, uint16_t udp_port)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET,
		                       .sll_protocol = htons(ETH_P_ALL),
		                       .sll_ifindex = (int)if_nametoindex(name) };
	const int on = 1, buffer = BUFFER_OCTETS;
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0 || address.sll_ifindex == 0 || filter(fd, udp_port) != 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer)) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) != 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) != 0)
		return -1;
	return bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ? fd : -1;
}

/* ---- frames ---- */

struct entry {
	uint64_t ns;
	uint8_t port, kind, code;
	const uint8_t *lifetime, *address, *identification; /* NULL: none */
};

static void write_entry(const struct entry *entry)
{
	uint8_t octets[ENTRY_SIZE] = { 0 };

	for (unsigned i = 0; i < 8; i++)
		octets[i] = (uint8_t)(entry->ns >> (56 - 8 * i));
	octets[8] = entry->port;
	octets[9] = entry->kind;
	octets[10] = entry->code;
	if (entry->lifetime)
		memcpy(octets + 12, entry->lifetime, 2);
	memcpy(octets + 16, entry->address, 4);
	if (entry->identification)
		memcpy(octets + 24, entry->identification, 8);
	fwrite(octets, sizeof(octets), 1, out);
	taken++;
}

/* Announces the address of its own sender. */
static void take_arp(const uint8_t *arp, size_t size, struct entry *entry)
{
	if (size < ARP_SIZE || memcmp(arp + 14, arp + 24, 4) != 0)
		return;
	entry->kind = KIND_ANNOUNCEMENT;
	entry->address = arp + 14;
	write_entry(entry);
}

static void take_ip(const uint8_t *ip, size_t size, struct entry *entry)
{
	size_t header = (size_t)(ip[0] & 15u) * 4;
	const uint8_t *reply = ip + header + UDP_SIZE;

	if (size < header + UDP_SIZE + REPLY_SIZE || reply[0] != REPLY_TYPE)
		return;
	entry->kind = KIND_REPLY;
	entry->code = reply[1];
	entry->lifetime = reply + 2;
	entry->address = reply + 4;
	entry->identification = reply + 12;
	write_entry(entry);
}

static void take_frame(const uint8_t *frame, size_t size, struct entry *entry)
{
	uint16_t type;

	if (size <= ETH_HLEN)
		return;
	memcpy(&type, frame + 12, sizeof(type));
	if (type == htons(ETH_P_ARP))
		take_arp(frame + ETH_HLEN, size - ETH_HLEN, entry);
	else
		take_ip(frame + ETH_HLEN, size - ETH_HLEN, entry);
}

static uint64_t time_of(struct msghdr *message)
{
	struct timespec at = { 0 };

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_TIMESTAMPNS)
			memcpy(&at, CMSG_DATA(c), sizeof(at));
	return (uint64_t)at.tv_sec * 1000000000u + (uint64_t)at.tv_nsec;
}

static bool take_one(int fd, uint8_t port)
{
	static uint8_t frame[FRAME_MAX];
	char control[64];
	struct iovec piece = { .iov_base = frame, .iov_len = sizeof(frame) };
	struct msghdr message = { .msg_iov = &piece,
		                  .msg_iovlen = 1,
		                  .msg_control = control,
		                  .msg_controllen = sizeof(control) };
	ssize_t size = recvmsg(fd, &message, MSG_DONTWAIT);
	struct entry entry = { .port = port };

	if (size < 0)
		return false; /* nothing there, or the port is gone or down */
	entry.ns = time_of(&message);
	take_frame(frame, (size_t)size, &entry);
	return true;
}

/* ---- ports that come and go ---- */

struct port {
	const char *name;
	unsigned interface;
	int fd; /* -1: not there */
	uint64_t dropped;
};

static uint64_t drops_of(int fd)
{
	struct tpacket_stats statistics = { 0 };
	socklen_t size = sizeof(statistics);

	getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &statistics, &size);
	return statistics.tp_drops;
}

static void close_port(struct port *port)
{
	if (port->fd < 0)
		return;
	port->dropped += drops_of(port->fd);
	close(port->fd);
	port->fd = -1;
}

/* A host that is plugged in anew has a port of the same name and another number. */
static void look_at(struct port *port, uint8_t number, uint16_t udp_port)
{
	unsigned interface = if_nametoindex(port->name);

	if (interface == port->interface)
		return;
	while (port->fd >= 0 && take_one(port->fd, number))
		;
	close_port(port);
	port->interface = interface;
	if (interface != 0)
		port->fd = open_port(port->name, udp_port);
}

static void run(struct port *ports, unsigned count, uint16_t udp_port)
{
	struct pollfd watched[PORTS_MAX];

	while (!stop) {
		for (unsigned i = 0; i < count; i++) {
			look_at(&ports[i], (uint8_t)i, udp_port);
			watched[i] = (struct pollfd){ .fd = ports[i].fd, .events = POLLIN };
		}
		poll(watched, count, 20);
		for (unsigned i = 0; i < count; i++)
			while (ports[i].fd >= 0 && take_one(ports[i].fd, (uint8_t)i))
				;
		fflush(out);
	}
}

int main(int argc, char **argv)
{
	static struct port ports[PORTS_MAX];
	const struct sigaction action = { .sa_handler = on_signal };
	unsigned count = argc > 3 ? (unsigned)argc - 3 : 0;
	uint16_t udp_port = argc > 3 ? (uint16_t)strtoul(argv[2], NULL, 10) : 0;
	uint64_t dropped = 0;

	if (count == 0 || count > PORTS_MAX || udp_port == 0) {
		fprintf(stderr, "usage: tap FILE UDP-PORT PORT-OF-THE-SWITCH...\n");
		return 2;
	}
	out = fopen(argv[1], "ab");
	if (!out) {
		perror(argv[1]);
		return 1;
	}
	for (unsigned i = 0; i < count; i++) {
		ports[i] = (struct port){ .name = argv[3 + i], .fd = -1 };
		look_at(&ports[i], (uint8_t)i, udp_port);
		if (ports[i].fd < 0) {
			perror(argv[3 + i]);
			return 1;
		}
	}
	sigaction(SIGTERM, &action, NULL);
	puts("ready");
	fflush(stdout);
	run(ports, count, udp_port);
	for (unsigned i = 0; i < count; i++) {
		close_port(&ports[i]);
		dropped += ports[i].dropped;
	}
	printf("{\"taken\": %" PRIu64 ", \"dropped\": %" PRIu64 "}\n", taken, dropped);
	return fclose(out) == 0 ? 0 : 1;
}
