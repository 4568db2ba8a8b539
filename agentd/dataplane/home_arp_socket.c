/* home_arp_socket.c - a packet socket with a filter, recvmmsg and sendmmsg. */
#include "agentd/dataplane/home_arp_socket.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agentd/dataplane/home_arp.h"

/* Where things stand in a frame. */
#define OPERATION_AT 20u
#define SENDER_AT 28u
#define TARGET_AT 38u

#define FIRST 6u        /* instructions before those of networks */
#define EACH 3u         /* instructions for one network */
#define WAITING 1000000 /* octets, of which a frame takes some hundreds */

struct home_arp_batch {
	size_t count;
	struct mmsghdr messages[HOME_ARP_BATCH];
	struct iovec places[HOME_ARP_BATCH];
	uint8_t frames[HOME_ARP_BATCH][ARP_FRAME_OCTETS];
};

/* ---- the socket ---- */

static uint32_t mask_of(unsigned length)
{
	return length ? UINT32_MAX << (32u - length) : 0;
}

/* A busy link has thousands of ARP messages a second; those of other networks never
 * wake the thread. */
static bool filter(int fd, const struct address_prefix *networks, size_t count)
{
	struct sock_filter program[FIRST + EACH * HOME_ARP_NETWORKS_MAX + 2] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, OPERATION_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARP_REPLY, 0, 2),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SENDER_AT),
		BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, TARGET_AT),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
	};
	size_t at = FIRST;

	for (size_t i = 0; i < count; i++) {
		const size_t after = EACH * (count - 1 - i); /* instructions of the others */

		program[at++] = (struct sock_filter)BPF_STMT(BPF_MISC | BPF_TXA, 0);
		program[at++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K,
		                                             mask_of(networks[i].length));
		program[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
		                                             address_host(networks[i].network),
		                                             (uint8_t)(after + 1), 0);
	}
	program[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
	program[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, ARP_FRAME_OCTETS);
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER,
	                  &(struct sock_fprog){ .len = (unsigned short)at, .filter = program },
	                  sizeof(struct sock_fprog)) == 0;
}

/* As much as may be: the first asks for a right, the second is content with less. */
static void enlarge(int fd)
{
	int octets = WAITING;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof(octets)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &octets, sizeof(octets));
}

int home_arp_socket_open(const struct address_prefix *networks, size_t count, enum ha_error *why)
{
	int fd, yes = 1;

	*why = HA_E_RANGE;
	if (count > HOME_ARP_NETWORKS_MAX)
		return -1;
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	*why = HA_OK;
	if (fd >= 0 && filter(fd, networks, count) &&
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof(yes)) == 0) {
		enlarge(fd);
		return fd;
	}
	*why = ha_error_of_errno(errno);
	if (fd >= 0)
		close(fd);
	return -1;
}

bool home_arp_socket_look(int fd, struct mac *mac)
{
	struct sockaddr_ll place = { 0 };
	socklen_t size = sizeof(place);

	*mac = (struct mac){ { 0 } };
	if (getsockname(fd, (struct sockaddr *)&place, &size) != 0 || place.sll_hatype == 0)
		return false;
	if (place.sll_hatype == ARPHRD_ETHER && place.sll_halen == MAC_OCTETS)
		memcpy(mac->octets, place.sll_addr, MAC_OCTETS);
	return true;
}

uint32_t home_arp_socket_dropped(int fd)
{
	struct tpacket_stats counted = { 0 };
	socklen_t size = sizeof(counted);

	if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &counted, &size) != 0)
		return 0;
	return counted.tp_drops;
}

/* ---- batches ---- */

struct home_arp_batch *home_arp_batch_new(void)
{
	struct home_arp_batch *batch = calloc(1, sizeof(*batch));

	for (size_t i = 0; batch && i < HOME_ARP_BATCH; i++) {
		batch->places[i] = (struct iovec){ .iov_base = batch->frames[i],
			                           .iov_len = ARP_FRAME_OCTETS };
		batch->messages[i].msg_hdr = (struct msghdr){ .msg_iov = &batch->places[i],
			                                      .msg_iovlen = 1 };
	}
	return batch;
}

void home_arp_batch_free(struct home_arp_batch *batch)
{
	free(batch);
}

size_t home_arp_batch_receive(struct home_arp_batch *batch, int fd, size_t max)
{
	unsigned tries = 3; /* a socket tells once that its interface went down */
	int got;

	batch->count = 0;
	if (max == 0)
		return 0;
	do
		got = recvmmsg(fd, batch->messages,
		               (unsigned)(max < HOME_ARP_BATCH ? max : HOME_ARP_BATCH),
		               MSG_DONTWAIT, NULL);
	while (got < 0 && (errno == EINTR || errno == ENETDOWN) && --tries > 0);
	if (got > 0)
		batch->count = (size_t)got;
	return batch->count;
}

enum ha_error home_arp_batch_read(const struct home_arp_batch *batch, size_t i, struct arp *out)
{
	size_t size = batch->messages[i].msg_len;
	struct reader in = reader_over(batch->frames[i],
	                               size < ARP_FRAME_OCTETS ? size : ARP_FRAME_OCTETS);

	return arp_decode(&in, out);
}

void home_arp_batch_add(struct home_arp_batch *batch, const struct arp *arp)
{
	struct writer out = writer_over(batch->frames[batch->count], ARP_FRAME_OCTETS);

	arp_encode(&out, arp);
	batch->count++;
}

size_t home_arp_batch_count(const struct home_arp_batch *batch)
{
	return batch->count;
}

size_t home_arp_batch_send(struct home_arp_batch *batch, int fd)
{
	unsigned tries = 3;
	size_t done = 0;

	while (done < batch->count && tries > 0) {
		int sent = sendmmsg(fd, &batch->messages[done], (unsigned)(batch->count - done),
		                    MSG_DONTWAIT);

		if (sent > 0)
			done += (size_t)sent;
		else if (errno == EINTR || errno == ENETDOWN)
			tries--;
		else
			break;
	}
	batch->count = 0;
	return done;
}

void home_arp_batch_clear(struct home_arp_batch *batch)
{
	batch->count = 0;
}
