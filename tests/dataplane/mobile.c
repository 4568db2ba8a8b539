/* mobile.c - the far end of a tunnel: a mobile node with a co-located care-of address.
 *
 *     mobile --agent ADDRESS --care-of ADDRESS --device NAME
 *            --encapsulation ipip|minimal|gre [--udp PORT] [--key KEY] [--port PORT]
 *
 * What comes from the agent through such a tunnel is put into the TUN device, and what
 * the node sends to the device goes through the tunnel to the agent. Says `ready`, then
 * nothing; ends when its standard input does. Registering is left to others.
 *
 * Packets come by a packet socket, which says of what the kernel has merged how it is to
 * be cut, and only what was in fragments by the sockets that put these together. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/if.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "agentd/base/address.h"
#include "proto/tunnel.h"

#define BUFFER (16 << 20)

static struct tunnel_end end = { .local_port = 0, .remote_port = TUNNEL_UDP_PORT };
static int device, wire, tunnel, plain = -1,
				 sender; /* plain: what minimal encapsulation cannot carry */
static uint8_t packet[IP4_TOTAL_MAX + 256], scratch[IP4_TOTAL_MAX + 1];

static void stop(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static void set(int fd, int level, int name, int value)
{
	if (setsockopt(fd, level, name, &value, sizeof(value)) != 0)
		stop("socket option");
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
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR };

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
	set(tunnel, IPPROTO_IP, IP_RECVFRAGSIZE, 1);
	if (plain >= 0)
		set(plain, IPPROTO_IP, IP_RECVFRAGSIZE, 1);
}

static void open_wire(void)
{
	const struct sockaddr_ll all = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP) };

	wire = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0);
	if (wire < 0)
		stop("packet socket");
	set(wire, SOL_PACKET, PACKET_VNET_HDR, 1);
	set(wire, SOL_PACKET, PACKET_AUXDATA, 1);
	if (bind(wire, (const struct sockaddr *)&all, sizeof(all)) != 0)
		stop("packet socket");
}

/* For a raw socket that is full the kernel answers that there is none. */
static void enlarge(void)
{
	set(wire, SOL_SOCKET, SO_RCVBUFFORCE, BUFFER);
	set(tunnel, SOL_SOCKET, SO_RCVBUFFORCE, BUFFER);
	if (plain >= 0)
		set(plain, SOL_SOCKET, SO_RCVBUFFORCE, BUFFER);
}

static void put(struct span inner, const struct virtio_net_hdr *facts)
{
	struct iovec pieces[] = { { (void *)(uintptr_t)facts, sizeof(*facts) },
		                  { (void *)(uintptr_t)inner.at, inner.size } };

	if (writev(device, pieces, 2) < 0)
		perror("into the device");
}

static void put_unwrapped(enum ha_error why, const struct tunnel_unwrapped *in,
                          const struct virtio_net_hdr *facts)
{
	struct tunnel_end ends = end;

	if (why == HA_OK && plain >= 0 && ip4_is_fragment(&in->ip))
		ends.encapsulation = ENCAPSULATION_IPIP;
	if (why != HA_OK || !tunnel_matches(&ends, in))
		fprintf(stderr, "refused: %s\n", tunnel_fault_text(in->fault));
	else
		put(in->inner, facts);
}

/* ---- packets as they come ---- */

static size_t header_of_link(struct msghdr *message)
{
	for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at; at = CMSG_NXTHDR(message, at)) {
		struct tpacket_auxdata known;

		if (at->cmsg_level != SOL_PACKET || at->cmsg_type != PACKET_AUXDATA)
			continue;
		memcpy(&known, CMSG_DATA(at), sizeof(known));
		return known.tp_net;
	}
	return 0;
}

static bool is_for_us(struct span octets)
{
	struct ip4 ip;
	struct span rest;

	if (ip4_read(octets, &ip) != HA_OK || ip4_is_fragment(&ip) ||
	    ip.destination.s_addr != end.local.s_addr)
		return false;
	rest = ip4_payload(octets, &ip);
	if (end.udp)
		return ip.protocol == IP4_UDP && rest.size >= 4 &&
		       (rest.at[2] << 8 | rest.at[3]) == end.local_port;
	return ip.protocol == IP4_IPIP || ip.protocol == IP4_GRE || ip.protocol == IP4_MINIMAL;
}

/* What is said of the packet is said of the one inside; offsets are from its begin. */
static void take_from_wire(struct span octets, struct virtio_net_hdr facts, size_t before)
{
	struct writer room = writer_over(scratch, sizeof(scratch));
	struct tunnel_unwrapped in;
	enum ha_error why = tunnel_unwrap(octets, &room, &in);
	size_t more = before + in.outer.total - in.ip.total;

	facts.flags &= VIRTIO_NET_HDR_F_NEEDS_CSUM;
	if (facts.flags)
		facts.csum_start = (uint16_t)(facts.csum_start - more);
	facts.hdr_len = 0;
	put_unwrapped(why, &in, &facts);
}

static void take_all_from_wire(void)
{
	for (;;) {
		_Alignas(struct cmsghdr) char control[128];
		struct virtio_net_hdr facts;
		struct iovec pieces[] = { { &facts, sizeof(facts) }, { packet, sizeof(packet) } };
		struct msghdr message = { .msg_iov = pieces,
			                  .msg_iovlen = 2,
			                  .msg_control = control,
			                  .msg_controllen = sizeof(control) };
		ssize_t size = recvmsg(wire, &message, 0);
		size_t begin;
		struct span octets;

		if (size < 0)
			return;
		begin = header_of_link(&message);
		octets = (struct span){ packet + begin, (size_t)size - sizeof(facts) - begin };
		if (is_for_us(octets))
			take_from_wire(octets, facts, begin);
	}
}

/* ---- packets out of fragments ---- */

static bool was_in_fragments(struct msghdr *message)
{
	for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at; at = CMSG_NXTHDR(message, at))
		if (at->cmsg_level == IPPROTO_IP && at->cmsg_type == IP_RECVFRAGSIZE)
			return true;
	return false;
}

static void take_one(size_t size, const struct sockaddr_in *from)
{
	static const struct virtio_net_hdr whole;
	struct writer room = writer_over(scratch, sizeof(scratch));
	const struct span octets = { packet, size };
	const struct ip4 outer = {
		.source = from->sin_addr,
		.destination = end.local,
		.ttl = 64,
		.protocol = IP4_UDP,
	};
	struct tunnel_unwrapped in;
	enum ha_error why = end.udp ? tunnel_unwrap_datagram(&outer, ntohs(from->sin_port),
	                                                     end.local_port, octets, &room, &in)
	                            : tunnel_unwrap(octets, &room, &in);

	put_unwrapped(why, &in, &whole);
}

static void take(int from_socket)
{
	for (;;) {
		_Alignas(struct cmsghdr) char control[128];
		struct sockaddr_in from = { 0 };
		struct iovec piece = { packet, sizeof(packet) };
		struct msghdr message = { .msg_name = &from,
			                  .msg_namelen = sizeof(from),
			                  .msg_iov = &piece,
			                  .msg_iovlen = 1,
			                  .msg_control = control,
			                  .msg_controllen = sizeof(control) };
		ssize_t size = recvmsg(from_socket, &message, 0);

		if (size < 0)
			return;
		if (was_in_fragments(&message))
			take_one((size_t)size, &from);
	}
}

/* ---- what the node sends ---- */

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
	struct virtio_net_hdr facts; /* nothing: the kernel leaves nothing to such a device */
	struct iovec pieces[] = { { &facts, sizeof(facts) }, { packet, sizeof(packet) } };
	ssize_t size;

	while ((size = readv(device, pieces, 2)) >= (ssize_t)sizeof(facts))
		send_one((size_t)size - sizeof(facts));
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
	open_wire();
	enlarge();
	puts("ready");
	fflush(stdout);
	for (;;) {
		struct pollfd about[] = {
			{ .fd = STDIN_FILENO, .events = POLLIN },
			{ .fd = device, .events = POLLIN },
			{ .fd = tunnel, .events = POLLIN },
			{ .fd = wire, .events = POLLIN },
			{ .fd = plain, .events = POLLIN },
		};

		if (poll(about, 5, -1) < 0 && errno != EINTR)
			stop("poll");
		if (about[0].revents)
			return EXIT_SUCCESS;
		give();
		take_all_from_wire();
		take(tunnel);
		if (plain >= 0)
			take(plain);
	}
}
