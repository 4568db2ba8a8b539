/* node_link.c - a packet socket with a filter, and packets made by hand. */
#include "agentd/dataplane/node_link.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agentd/dataplane/packet_facts.h"
#include "proto/advertisement.h"

/* Where they stand in a packet; behind the header of IP by its size. */
#define PROTOCOL_AT 9u
#define FRAGMENT_AT 6u
#define FRAGMENT_MASK 0x1fffu
#define UDP_PORT_AT 2u
#define UDP_HEADER 8u
#define TTL_OF_A_LINK 1u

static bool filter(int fd, uint16_t port)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, FRAGMENT_AT),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, FRAGMENT_MASK, 8, 0),
		BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, PROTOCOL_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ICMP, 0, 2),
		BPF_STMT(BPF_LD | BPF_B | BPF_IND, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ADVERTISEMENT_TYPE, 4, 3),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 2),
		BPF_STMT(BPF_LD | BPF_H | BPF_IND, UDP_PORT_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, port, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, NODE_DATAGRAM_MAX),
	};
	const struct sock_fprog all = {
		.len = sizeof(program) / sizeof(program[0]),
		.filter = program,
	};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &all, sizeof(all)) == 0;
}

int node_link_open(unsigned interface, uint16_t port, enum ha_error *why)
{
	const struct sockaddr_ll place = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = (int)interface,
	};
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), yes = 1;

	*why = HA_OK;
	if (fd >= 0 && filter(fd, port) &&
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof(yes)) == 0 &&
	    setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &yes, sizeof(yes)) == 0 &&
	    bind(fd, (const struct sockaddr *)&place, sizeof(place)) == 0)
		return fd;
	*why = ha_error_of_errno(errno);
	if (fd >= 0)
		close(fd);
	return -1;
}

/* ---- in ---- */

/* A wrong checksum of UDP has the reply discarded (RFC 5944 section 3.6.2.1). One that was left
 * to a device is only `begun` between hosts on one machine, and says nothing. */
static bool is_sound(const struct ip4 *ip, struct span udp, uint16_t checksum, bool begun)
{
	uint64_t sum = ip4_sum_pseudo(ip->source, ip->destination, IP4_UDP, udp.size);

	return begun || checksum == 0 || ip4_sum_finish(ip4_sum(sum, udp)) == 0;
}

static bool take_udp(struct node_heard *out, bool begun)
{
	struct reader in = reader_over(out->payload.at, out->payload.size);
	struct span udp = { out->payload.at, 0 };
	uint16_t checksum;

	out->source_port = get_u16(&in);
	get_u16(&in);
	udp.size = get_u16(&in);
	checksum = get_u16(&in);
	if (udp.size < UDP_HEADER || udp.size > out->payload.size ||
	    !is_sound(&out->ip, udp, checksum, begun))
		return false;
	out->payload = (struct span){ udp.at + UDP_HEADER, udp.size - UDP_HEADER };
	return true;
}

static bool take(struct span packet, bool begun, struct node_heard *out)
{
	if (ip4_read(packet, &out->ip) != HA_OK || ip4_is_fragment(&out->ip))
		return false;
	out->payload = ip4_payload(packet, &out->ip);
	return out->ip.protocol != IP4_UDP || take_udp(out, begun);
}

/* false: none waits. */
static bool receive(int fd, struct span room, struct sockaddr_ll *from, size_t *size, bool *begun)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	struct iovec piece = { (void *)(uintptr_t)room.at, room.size };
	struct msghdr message = {
		.msg_name = from,
		.msg_namelen = sizeof(*from),
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct tpacket_auxdata facts = { 0 };
	ssize_t got = recvmsg(fd, &message, MSG_TRUNC);

	if (got < 0)
		return false;
	(void)packet_facts(&message, &facts);
	*begun = facts.tp_status & TP_STATUS_CSUMNOTREADY;
	*size = (size_t)got;
	return true;
}

bool node_link_receive(int fd, uint8_t *room, size_t size, struct node_heard *out)
{
	struct sockaddr_ll from;
	size_t got;
	bool begun;

	while (receive(fd, (struct span){ room, size }, &from, &got, &begun)) {
		*out = (struct node_heard){ 0 };
		if (got > size || from.sll_halen != MAC_OCTETS ||
		    from.sll_pkttype == PACKET_OTHERHOST)
			continue;
		memcpy(out->from.octets, from.sll_addr, MAC_OCTETS);
		if (take((struct span){ room, got }, begun, out))
			return true;
	}
	return false;
}

/* ---- out ---- */

bool node_link_put(int fd, unsigned interface, struct mac to, struct span packet)
{
	struct sockaddr_ll place = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = (int)interface,
		.sll_halen = MAC_OCTETS,
	};

	memcpy(place.sll_addr, to.octets, MAC_OCTETS);
	return sendto(fd, packet.at, packet.size, MSG_DONTWAIT, (const struct sockaddr *)&place,
	              sizeof(place)) >= 0;
}

bool node_link_solicit(int fd, unsigned interface, struct in_addr source)
{
	static const struct mac all = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };
	uint8_t octets[IP4_HEADER_MIN + SOLICITATION_SIZE];
	struct writer out = writer_over(octets, sizeof(octets));
	const struct ip4 ip = {
		.source = source,
		.destination = { INADDR_BROADCAST },
		.total = sizeof(octets),
		.ttl = TTL_OF_A_LINK,
		.protocol = IP4_ICMP,
	};

	ip4_write(&out, &ip);
	solicitation_write(&out);
	return out.error == HA_OK && node_link_put(fd, interface, all, writer_span(&out));
}

static uint16_t checksum_of(const struct node_datagram *d, struct span udp)
{
	uint64_t sum = ip4_sum_pseudo(d->source, d->destination, IP4_UDP, udp.size);
	uint16_t checksum = ip4_sum_finish(ip4_sum(sum, udp));

	return checksum ? checksum : 0xffffu; /* zero would say that there is none */
}

bool node_link_send(int fd, unsigned interface, struct mac to, const struct node_datagram *d)
{
	uint8_t octets[NODE_DATAGRAM_MAX];
	struct writer out = writer_over(octets, sizeof(octets));
	size_t udp_size = UDP_HEADER + d->payload.size;
	const struct ip4 ip = {
		.source = d->source,
		.destination = d->destination,
		.total = (uint16_t)(IP4_HEADER_MIN + udp_size),
		.ttl = d->ttl,
		.protocol = IP4_UDP,
	};
	uint16_t checksum;

	if (udp_size > sizeof(octets) - IP4_HEADER_MIN)
		return false;
	ip4_write(&out, &ip);
	put_u16(&out, d->source_port);
	put_u16(&out, d->destination_port);
	put_u16(&out, (uint16_t)udp_size);
	put_u16(&out, 0);
	put_octets(&out, d->payload.at, d->payload.size);
	checksum = checksum_of(d, (struct span){ octets + IP4_HEADER_MIN, udp_size });
	octets[IP4_HEADER_MIN + 6] = (uint8_t)(checksum >> 8);
	octets[IP4_HEADER_MIN + 7] = (uint8_t)checksum;
	return out.error == HA_OK && node_link_put(fd, interface, to, writer_span(&out));
}
