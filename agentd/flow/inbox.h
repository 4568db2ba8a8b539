/* inbox.h - a batch of datagrams as the kernel hands them over: octets, sender,
 * and when each arrived at this host. One system call for all, no allocation.
 *
 * The kernel stamps a datagram when it comes, long before anybody reads it. So
 * it can be told how long it waited in the socket's buffer; a mobile node that
 * has waited as long for its answer has asked again (RFC 5944 section 3.6.3).
 *
 * May include: proto/cursor.h, agentd/base. */
#ifndef AGENTD_FLOW_INBOX_H
#define AGENTD_FLOW_INBOX_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "proto/cursor.h"

#define INBOX_BATCH 64u
#define INBOX_DATAGRAM_MAX 2048u /* octets; what is longer is cut and marked */
#define INBOX_LINE 64u           /* octets of a cache line */
#define INBOX_CONTROL_MAX 64u    /* octets of what the kernel adds to a datagram */

struct inbox {
	unsigned count; /* of the newest batch */
	struct mmsghdr headers[INBOX_BATCH];
	struct iovec pieces[INBOX_BATCH];
	struct sockaddr_in from[INBOX_BATCH];
	_Alignas(struct cmsghdr) uint8_t control[INBOX_BATCH][INBOX_CONTROL_MAX];
	/* A line more than a power of two, so that the first lines of all datagrams
	 * do not want the same places of the cache. */
	uint8_t octets[INBOX_BATCH][INBOX_DATAGRAM_MAX + INBOX_LINE];
};

void inbox_init(struct inbox *inbox);

/* Have the kernel stamp what arrives at this socket from now on. false: it does
 * not, and inbox_arrived_ns is always 0. */
bool inbox_stamp(int socket);

/* The next batch, at most INBOX_BATCH, without waiting. Returns inbox->count; what
 * was there before is gone. */
unsigned inbox_receive(struct inbox *inbox, int socket);

/* Datagram `i` of the batch; borrowed until the next inbox_receive. */
static inline struct span inbox_datagram(const struct inbox *inbox, unsigned i)
{
	return (struct span){ .at = inbox->octets[i], .size = inbox->headers[i].msg_len };
}

/* It was longer than INBOX_DATAGRAM_MAX. */
static inline bool inbox_is_cut(const struct inbox *inbox, unsigned i)
{
	return inbox->headers[i].msg_hdr.msg_flags & MSG_TRUNC;
}

/* Unix time in nanoseconds at which the kernel had it; 0 = not known. */
uint64_t inbox_arrived_ns(const struct inbox *inbox, unsigned i);

/* How long it has waited at that Unix time; 0 when that is not known. */
uint64_t inbox_waited_ns(const struct inbox *inbox, unsigned i, uint64_t now_ns);

/* How long the oldest of a full batch, which comes first, has waited: more may wait behind
 * it. 0 for any other: with that the thread has caught up, whatever had held it up. */
uint64_t inbox_backlog_ns(const struct inbox *inbox, uint64_t now_ns);

#endif
