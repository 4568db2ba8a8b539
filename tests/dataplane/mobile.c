/* mobile.c - the far end of a tunnel: a mobile node with a co-located care-of address.
 *
 *     mobile --agent ADDRESS --care-of ADDRESS --device NAME
 *            --encapsulation ipip|minimal|gre [--udp PORT] [--key KEY] [--port PORT]
 *
 * What comes from the agent through such a tunnel is put into the TUN device, and what
 * the node sends to the device goes through the tunnel to the agent. Says `ready`, then
 * nothing; ends when its standard input does. Registering is left to others. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agentd/base/address.h"
#include "proto/tunnel.h"

static struct tunnel_end end = { .local_port = 0, .remote_port = TUNNEL_UDP_PORT };
static int device, tunnel, plain = -1, sender; /* plain: what minimal encapsulation cannot carry */
static uint8_t packet[IP4_TOTAL_MAX + 1], scratch[IP4_TOTAL_MAX + 1];

static void stop(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static struct in_addr address_of(const char *text)
{
	struct in_addr address;

	if (address_parse(text, &address))
		return address;
	fprintf(stderr, "mobile: %s is no address\n", text);
	exit(EXIT_FAILURE);
}

static uint8_t encapsulation_of(const char *text)
{
	return strcmp(text, "minimal") == 0 ? ENCAPSULATION_MINIMAL
	       : strcmp(text, "gre") == 0   ? ENCAPSULATION_GRE
	                                    : ENCAPSULATION_IPIP;
}

static void open_device(const char *name)
{
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	device = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
	if (device < 0 || ioctl(device, TUNSETIFF, &request) != 0)
		stop("TUN device");
}

static void open_tunnel(void)
{
	static const int protocols[] = {
		[ENCAPSULATION_IPIP] = IP4_IPIP,
		[ENCAPSULATION_MINIMAL] = IP4_MINIMAL,
		[ENCAPSULATION_GRE] = IP4_GRE,
	};
	struct sockaddr_in here = {
		.sin_family = AF_INET,
		.sin_addr = end.local,
		.sin_port = htons(end.local_port),
	};

	if (!end.udp && end.encapsulation == ENCAPSULATION_MINIMAL)
		plain = socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK, IP4_IPIP);
	tunnel = end.udp ? socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0)
	                 : socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK, protocols[end.encapsulation]);
	sender = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	if (tunnel < 0 || sender < 0 ||
	    bind(tunnel, (const struct sockaddr *)&here, sizeof(here)) != 0)
		stop("sockets");
}

static void take_one(size_t size, const struct sockaddr_in *from)
{
	struct writer room = writer_over(scratch, sizeof(scratch));
	const struct span octets = { packet, size };
	const struct ip4 outer = {
		.source = from->sin_addr,
		.destination = end.local,
		.ttl = 64,
		.protocol = IP4_UDP,
	};
	struct tunnel_end ends = end;
	struct tunnel_unwrapped in;
	enum ha_error why = end.udp ? tunnel_unwrap_datagram(&outer, ntohs(from->sin_port),
	                                                     end.local_port, octets, &room, &in)
	                            : tunnel_unwrap(octets, &room, &in);

	if (why == HA_OK && plain >= 0 && ip4_is_fragment(&in.ip))
		ends.encapsulation = ENCAPSULATION_IPIP;
	if (why != HA_OK || !tunnel_matches(&ends, &in))
		fprintf(stderr, "refused: %s\n", tunnel_fault_text(in.fault));
	else if (write(device, in.inner.at, in.inner.size) < 0)
		perror("into the device");
}

static void take(int from_socket)
{
	struct sockaddr_in from;
	socklen_t from_size = sizeof(from);
	ssize_t size;

	while ((size = recvfrom(from_socket, packet, sizeof(packet), 0, (struct sockaddr *)&from,
	                        &from_size)) >= 0)
		take_one((size_t)size, &from);
}

static void send_one(size_t size)
{
	static uint16_t last;
	struct writer out = writer_over(scratch, sizeof(scratch));
	const struct tunnel_outer outer = { .ttl = 64, .id = (uint16_t)(last + 1) };
	const struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr = end.remote };

	last++;
	if (packet[0] >> 4 != 4)
		return;
	if (tunnel_wrap(&end, &outer, (struct span){ packet, size }, &out) != HA_OK)
		fprintf(stderr, "not wrapped\n");
	else if (sendto(sender, scratch, writer_used(&out), 0, (const struct sockaddr *)&to,
	                sizeof(to)) < 0)
		perror("into the tunnel");
}

static void give(void)
{
	ssize_t size;

	while ((size = read(device, packet, sizeof(packet))) >= 0)
		send_one((size_t)size);
}

static void take_option(int option)
{
	switch (option) {
	case 'a':
		end.remote = address_of(optarg);
		break;
	case 'c':
		end.local = address_of(optarg);
		break;
	case 'd':
		open_device(optarg);
		break;
	case 'e':
		end.encapsulation = encapsulation_of(optarg);
		break;
	case 'u':
		end.udp = true;
		end.local_port = (uint16_t)atoi(optarg);
		break;
	case 'p':
		end.remote_port = (uint16_t)atoi(optarg);
		break;
	default:
		exit(2);
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "agent", required_argument, NULL, 'a' },
		{ "care-of", required_argument, NULL, 'c' },
		{ "device", required_argument, NULL, 'd' },
		{ "encapsulation", required_argument, NULL, 'e' },
		{ "udp", required_argument, NULL, 'u' },
		{ "port", required_argument, NULL, 'p' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		take_option(option);
	open_tunnel();
	puts("ready");
	fflush(stdout);
	for (;;) {
		struct pollfd about[] = {
			{ .fd = STDIN_FILENO, .events = POLLIN },
			{ .fd = device, .events = POLLIN },
			{ .fd = tunnel, .events = POLLIN },
			{ .fd = plain, .events = POLLIN },
		};

		if (poll(about, 4, -1) < 0 && errno != EINTR)
			stop("poll");
		if (about[0].revents)
			return EXIT_SUCCESS;
		give();
		take(tunnel);
		if (plain >= 0)
			take(plain);
	}
}
