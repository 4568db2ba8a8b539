/* arp_socket.c - a packet socket with a filter. */
#include "agentd/dataplane/arp_socket.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agentd/base/address.h"

/* Where the addresses stand in a frame. */
#define SENDER_AT 28u
#define TARGET_AT 38u

/* A busy link has thousands of ARP messages a second; those of others never wake
 * the thread. */
static bool filter(int fd, struct in_addr address)
{
	const uint32_t wanted = address_host(address);
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SENDER_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, wanted, 2, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, TARGET_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, wanted, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, ARP_FRAME_OCTETS),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog all = {
		.len = sizeof(program) / sizeof(program[0]),
		.filter = program,
	};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &all, sizeof(all)) == 0;
}

int arp_socket_open(struct in_addr address, enum ha_error *why)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), yes = 1;

	*why = HA_OK;
	if (fd >= 0 && filter(fd, address) &&
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof(yes)) == 0)
		return fd;
	*why = ha_error_of_errno(errno);
	if (fd >= 0)
		close(fd);
	return -1;
}

enum ha_error arp_socket_bind(int fd, unsigned interface)
{
	const struct sockaddr_ll place = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ARP),
		.sll_ifindex = (int)interface,
	};

	if (bind(fd, (const struct sockaddr *)&place, sizeof(place)) == 0)
		return HA_OK;
	return ha_error_of_errno(errno);
}

bool arp_socket_send(int fd, const struct arp *arp)
{
	uint8_t frame[ARP_FRAME_OCTETS];
	struct writer out = writer_over(frame, sizeof(frame));
	unsigned tries = 3; /* a socket tells once that its interface was down before */
	ssize_t sent;

	arp_encode(&out, arp);
	do
		sent = send(fd, frame, writer_used(&out), MSG_DONTWAIT);
	while (sent < 0 && (errno == EINTR || errno == ENETDOWN) && --tries > 0);
	return sent == (ssize_t)writer_used(&out);
}

bool arp_socket_receive(int fd, struct arp *out)
{
	uint8_t frame[ARP_FRAME_OCTETS];
	ssize_t size;

	do {
		size = recv(fd, frame, sizeof(frame), MSG_DONTWAIT | MSG_TRUNC);
		if (size > (ssize_t)sizeof(frame))
			size = sizeof(frame); /* the rest is padding */
		if (size >= 0) {
			struct reader in = reader_over(frame, (size_t)size);

			if (arp_decode(&in, out) == HA_OK)
				return true;
		}
	} while (size >= 0 || errno == EINTR || errno == ENETDOWN);
	return false;
}
