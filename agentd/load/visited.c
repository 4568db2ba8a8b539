/* visited.c - frames by hand, with all their checksums: the agent verifies them. */
#include "agentd/load/visited.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/ip4.h"
#include "proto/message.h"

#define UDP_HEADER 8u
#define CHECKSUM_AT (VISITED_HEADERS - 2)
#define TTL 255u
#define LOCALLY_ADMINISTERED 0x02u

/* Where they stand in a frame without options of IP. */
#define ETHERTYPE_AT 12u
#define VERSION_AT 14u
#define NO_OPTIONS 0x45u
#define FRAGMENT_AT 20u
#define FRAGMENT_MASK 0x3fffu
#define PROTOCOL_AT 23u
#define PORT_AT 36u

void visited_init(struct visited *out, struct in_addr agent)
{
	*out = (struct visited){ .agent = agent };
	memset(out->agent_mac.octets, 0xff, sizeof(out->agent_mac.octets));
}

/* ---- the socket ---- */

static bool filter(int fd)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, ETHERTYPE_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 0, 9),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, VERSION_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NO_OPTIONS, 0, 7),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, FRAGMENT_AT),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, FRAGMENT_MASK, 5, 0),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, PROTOCOL_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 3),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, PORT_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, VISITED_PORT, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog all = {
		.len = sizeof(program) / sizeof(program[0]),
		.filter = program,
	};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &all, sizeof(all)) == 0;
}

/* A card keeps frames to other link addresses to itself unless it is told. */
static bool hear_everybody(int fd, unsigned index)
{
	const struct packet_mreq all = { .mr_ifindex = (int)index, .mr_type = PACKET_MR_PROMISC };
	int yes = 1;

	return setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)) == 0 &&
	       setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof(yes)) == 0;
}

int visited_open(const char *interface, enum ha_error *why)
{
	const struct sockaddr_ll place = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = (int)if_nametoindex(interface),
	};
	int fd = -1;

	*why = HA_E_NOTFOUND;
	if (place.sll_ifindex == 0)
		return -1;
	*why = HA_OK;
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd >= 0 && filter(fd) && hear_everybody(fd, (unsigned)place.sll_ifindex) &&
	    bind(fd, (const struct sockaddr *)&place, sizeof(place)) == 0)
		return fd;
	*why = ha_error_of_errno(errno);
	if (fd >= 0)
		close(fd);
	return -1;
}

/* ---- frames ---- */

static void put_ethernet(struct writer *out, struct mac to, uint32_t node)
{
	put_octets(out, to.octets, sizeof(to.octets));
	put_u8(out, LOCALLY_ADMINISTERED);
	put_u8(out, 0);
	put_u32(out, node);
	put_u16(out, ETH_P_IP);
}

void visited_wrap(const struct visited *visited, uint32_t node, struct in_addr home, uint8_t *frame,
                  size_t size)
{
	struct writer out = writer_over(frame, VISITED_HEADERS);
	size_t udp_size = UDP_HEADER + size;
	const struct ip4 ip = {
		.source = home,
		.destination = visited->agent,
		.total = (uint16_t)(IP4_HEADER_MIN + udp_size),
		.ttl = TTL,
		.protocol = IP4_UDP,
	};
	const struct span udp = { frame + VISITED_HEADERS - UDP_HEADER, udp_size };
	uint16_t checksum;

	put_ethernet(&out, visited->agent_mac, node);
	ip4_write(&out, &ip);
	put_u16(&out, VISITED_PORT);
	put_u16(&out, MIP_PORT);
	put_u16(&out, (uint16_t)udp_size);
	put_u16(&out, 0);
	checksum = ip4_sum_finish(
		ip4_sum(ip4_sum_pseudo(ip.source, ip.destination, IP4_UDP, udp_size), udp));
	checksum = checksum ? checksum : 0xffffu; /* zero would say that there is none */
	frame[CHECKSUM_AT] = (uint8_t)(checksum >> 8);
	frame[CHECKSUM_AT + 1] = (uint8_t)checksum;
}

struct span visited_unwrap(struct visited *visited, struct span frame)
{
	const struct span none = { 0 };
	struct span packet, udp;
	struct ip4 ip;
	uint16_t size;

	if (frame.size < VISITED_HEADERS)
		return none;
	packet = (struct span){ frame.at + ETH_HLEN, frame.size - ETH_HLEN };
	if (ip4_read(packet, &ip) != HA_OK)
		return none;
	udp = ip4_payload(packet, &ip);
	if (udp.size < UDP_HEADER)
		return none;
	size = (uint16_t)(udp.at[4] << 8 | udp.at[5]);
	if (size < UDP_HEADER || size > udp.size)
		return none;
	memcpy(visited->agent_mac.octets, frame.at + ETH_ALEN, ETH_ALEN);
	return (struct span){ udp.at + UDP_HEADER, size - UDP_HEADER };
}
