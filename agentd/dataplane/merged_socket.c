/* merged_socket.c - a packet socket with a filter that takes the few packets about which
 * something has to be known, and of these the headers. */
#include "agentd/dataplane/merged_socket.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "agentd/base/address.h"
#include "agentd/dataplane/packet_facts.h"

#define BUFFER (4 << 20)
#define HEADERS 256u /* octets: of a link, of two IP headers with options, GRE, and TCP */
#define UNREADABLE_MAX 64u

/* ---- what the socket takes ---- */

/* A filter has one register to reckon with and one that points; what is kept aside: */
enum {
	INNER,
	SUM,
	SPARE
};

#define NET(at) ((uint32_t)(SKF_NET_OFF + (at)))
#define FACT(which) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + (which)))
#define LOAD(size, at) BPF_STMT(BPF_LD | (size) | BPF_ABS, NET(at))
#define LOAD_BEHIND_X(size, at) BPF_STMT(BPF_LD | (size) | BPF_IND, NET(at))
#define HEADER_SIZE_TO_X BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, NET(0))
#define ALU(operation, value) BPF_STMT(BPF_ALU | (operation) | BPF_K, value)
#define ALU_X(operation) BPF_STMT(BPF_ALU | (operation) | BPF_X, 0)
#define KEEP(where) BPF_STMT(BPF_ST, where)
#define KEEP_X(where) BPF_STMT(BPF_STX, where)
#define FETCH(where) BPF_STMT(BPF_LD | BPF_MEM, where)
#define FETCH_X(where) BPF_STMT(BPF_LDX | BPF_MEM, where)
#define A_TO_X BPF_STMT(BPF_MISC | BPF_TAX, 0)
#define DROP 255  /* a jump to the end */
#define AHEAD 254 /* one to the header inside */
#define UNLESS(value) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, DROP)
#define IF_ANY(bits) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, DROP, 0)

/* SUM and what the pointer, which is INNER, leads to. */
#define SUM_UP(size, at)                                                                           \
	LOAD_BEHIND_X(size, at), FETCH_X(SUM), ALU_X(BPF_ADD), KEEP(SUM), FETCH_X(INNER)
#define FOLD                                                                                       \
	FETCH(SUM), ALU(BPF_RSH, 16), A_TO_X, FETCH(SUM), ALU(BPF_AND, 0xffff), ALU_X(BPF_ADD),    \
		KEEP(SUM)
/* Size of a field of GRE, from the octet with its flag. */
#define GRE_FIELD(flag, shift) LOAD_BEHIND_X(BPF_B, 0), ALU(BPF_AND, flag), ALU(BPF_RSH, shift)

/* To the agent, whole, IP in IP or GRE, with TCP or UDP inside, whose checksum is the sum
 * of the pseudo header (see segments_is_begun). */
static const struct sock_filter wanted[] = {
	FACT(SKF_AD_PROTOCOL),
	UNLESS(ETH_P_IP),
	FACT(SKF_AD_VLAN_TAG_PRESENT), /* it comes once more, without */
	UNLESS(0),
	LOAD(BPF_W, 16),
	UNLESS(0), /* the agent, below */
	LOAD(BPF_H, 6),
	IF_ANY(0x3fff),
	HEADER_SIZE_TO_X,
	LOAD(BPF_B, 9),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IP4_IPIP, AHEAD, 0),
	UNLESS(IP4_GRE),
	LOAD_BEHIND_X(BPF_H, 2),
	UNLESS(ETH_P_IP),
	GRE_FIELD(0x80, 5),
	KEEP(INNER),
	GRE_FIELD(0x20, 3),
	KEEP(SUM),
	GRE_FIELD(0x10, 2),
	FETCH_X(INNER),
	ALU_X(BPF_ADD),
	FETCH_X(SUM),
	ALU_X(BPF_ADD),
	HEADER_SIZE_TO_X,
	ALU_X(BPF_ADD),
	ALU(BPF_ADD, 4),
	A_TO_X,
	/* the header inside */
	KEEP_X(INNER),
	LOAD_BEHIND_X(BPF_B, 0),
	ALU(BPF_AND, 0xf0),
	UNLESS(0x40),
	LOAD_BEHIND_X(BPF_H, 6),
	IF_ANY(0x3fff),
	/* the pseudo header: addresses, protocol, length without the header */
	LOAD_BEHIND_X(BPF_H, 12),
	KEEP(SUM),
	SUM_UP(BPF_H, 14),
	SUM_UP(BPF_H, 16),
	SUM_UP(BPF_H, 18),
	SUM_UP(BPF_B, 9),
	SUM_UP(BPF_H, 2),
	LOAD_BEHIND_X(BPF_B, 0),
	ALU(BPF_AND, 0x0f),
	ALU(BPF_LSH, 2),
	KEEP(SPARE),
	FETCH_X(SPARE),
	FETCH(SUM),
	ALU_X(BPF_SUB),
	KEEP(SUM),
	FOLD,
	FOLD,
	/* the checksum */
	FETCH(INNER),
	FETCH_X(SPARE),
	ALU_X(BPF_ADD),
	KEEP(SPARE),
	FETCH_X(INNER),
	LOAD_BEHIND_X(BPF_B, 9),
	FETCH_X(SPARE),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IP4_TCP, 0, 2),
	LOAD_BEHIND_X(BPF_H, 16),
	BPF_STMT(BPF_JMP | BPF_JA, 2),
	UNLESS(IP4_UDP),
	LOAD_BEHIND_X(BPF_H, 6),
	FETCH_X(SUM),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, DROP),
	BPF_STMT(BPF_RET | BPF_K, HEADERS),
	BPF_STMT(BPF_RET | BPF_K, 0),
};

#define INSTRUCTIONS (sizeof(wanted) / sizeof(wanted[0]))
#define AGENT_AT 5u

/* Jumps are as wide as it is to where they lead. */
static void aim(struct sock_filter *program, size_t count)
{
	size_t inside = 0;

	while (program[inside].code != BPF_STX)
		inside++;
	for (size_t i = 0; i < count; i++) {
		if (program[i].jt == AHEAD)
			program[i].jt = (uint8_t)(inside - i - 1);
		if (program[i].jt == DROP)
			program[i].jt = (uint8_t)(count - i - 2);
		if (program[i].jf == DROP)
			program[i].jf = (uint8_t)(count - i - 2);
	}
}

static int set_filter(int fd, struct in_addr agent)
{
	struct sock_filter program[INSTRUCTIONS];
	const struct sock_fprog all = { .len = INSTRUCTIONS, .filter = program };

	memcpy(program, wanted, sizeof(program));
	program[AGENT_AT].k = address_host(agent);
	aim(program, INSTRUCTIONS);
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &all, sizeof(all));
}

/* Of all protocols, though it is about one: who asks for IP alone gets each packet beside
 * the kernel's own receiver, which then copies it before it forwards it. */
int merged_socket_open(struct in_addr agent, enum ha_error *why)
{
	const struct sockaddr_ll all = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int yes = 1, octets = BUFFER;

	*why = HA_OK;
	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof(octets)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &octets, sizeof(octets));
	if (fd >= 0 && set_filter(fd, agent) == 0 &&
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof(yes)) == 0 &&
	    setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &yes, sizeof(yes)) == 0 &&
	    setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &yes, sizeof(yes)) == 0 &&
	    bind(fd, (const struct sockaddr *)&all, sizeof(all)) == 0)
		return fd;
	*why = ha_error_of_errno(errno);
	if (fd >= 0)
		close(fd);
	return -1;
}

/* ---- what comes ---- */

void merged_key(const struct segments *segments, uint8_t key[MERGED_KEY])
{
	size_t size = segments->data_at - segments->inner_at;

	memset(key, 0, MERGED_KEY);
	memcpy(key, segments->packet.at + segments->inner_at,
	       size < MERGED_KEY ? size : MERGED_KEY);
}

/* Where the IP header begins: links differ. */
static size_t header_of_link(struct msghdr *message)
{
	struct tpacket_auxdata facts;

	return packet_facts(message, &facts) ? facts.tp_net : 0;
}

static bool make_note(struct span packet, const struct virtio_net_hdr *facts,
                      struct merged_note *out)
{
	struct segments segments;

	if (!segments_find(packet, &segments))
		return false;
	merged_key(&segments, out->key);
	out->begun = facts->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM;
	out->marked = facts->gso_type & VIRTIO_NET_HDR_GSO_ECN;
	out->size = facts->gso_type != VIRTIO_NET_HDR_GSO_NONE ? facts->gso_size : 0;
	return true;
}

/* 1: a note, 0: it cannot be made out, -1: none waits. */
static int read_one(int fd, struct merged_note *out)
{
	_Alignas(struct cmsghdr) char control[128];
	struct virtio_net_hdr facts;
	uint8_t packet[HEADERS];
	struct iovec pieces[] = { { &facts, sizeof(facts) }, { packet, sizeof(packet) } };
	struct msghdr message = {
		.msg_iov = pieces,
		.msg_iovlen = 2,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t size = recvmsg(fd, &message, MSG_DONTWAIT);
	size_t begin, whole;

	if (size < 0)
		return errno == EAGAIN ? -1 : 0;
	begin = header_of_link(&message);
	whole = (size_t)size - sizeof(facts);
	if ((size_t)size < sizeof(facts) || whole > sizeof(packet) || begin > whole)
		return 0;
	return make_note((struct span){ packet + begin, whole - begin }, &facts, out);
}

bool merged_socket_read(int fd, struct merged_note *out)
{
	int found = 0;

	for (unsigned i = 0; i < UNREADABLE_MAX && found == 0; i++)
		found = read_one(fd, out);
	return found > 0;
}
