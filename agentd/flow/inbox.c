/* inbox.c - recvmmsg, and the stamps that come with it. */
#include "agentd/flow/inbox.h"

#include <string.h>
#include <time.h>

void inbox_init(struct inbox *inbox)
{
	inbox->count = 0;
	for (unsigned i = 0; i < INBOX_BATCH; i++) {
		inbox->pieces[i] = (struct iovec){ inbox->octets[i], INBOX_DATAGRAM_MAX };
		inbox->headers[i].msg_hdr = (struct msghdr){ .msg_name = &inbox->from[i],
			                                     .msg_iov = &inbox->pieces[i],
			                                     .msg_iovlen = 1,
			                                     .msg_control = inbox->control[i] };
	}
}

bool inbox_stamp(int socket)
{
	const int yes = 1;

	return setsockopt(socket, SOL_SOCKET, SO_TIMESTAMPNS, &yes, sizeof(yes)) == 0;
}

unsigned inbox_receive(struct inbox *inbox, int socket)
{
	int count;

	for (unsigned i = 0; i < INBOX_BATCH; i++) {
		inbox->headers[i].msg_hdr.msg_namelen = sizeof(inbox->from[i]);
		inbox->headers[i].msg_hdr.msg_controllen = INBOX_CONTROL_MAX;
	}
	count = recvmmsg(socket, inbox->headers, INBOX_BATCH, MSG_DONTWAIT, NULL);
	inbox->count = count > 0 ? (unsigned)count : 0;
	return inbox->count;
}

uint64_t inbox_arrived_ns(const struct inbox *inbox, unsigned i)
{
	const struct cmsghdr *header = CMSG_FIRSTHDR(&inbox->headers[i].msg_hdr);
	struct timespec at;

	if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_TIMESTAMPNS ||
	    header->cmsg_len < CMSG_LEN(sizeof(at)))
		return 0;
	memcpy(&at, CMSG_DATA(header), sizeof(at));
	return (uint64_t)at.tv_sec * 1000000000u + (uint64_t)at.tv_nsec;
}

uint64_t inbox_waited_ns(const struct inbox *inbox, unsigned i, uint64_t now_ns)
{
	uint64_t arrived_ns = inbox_arrived_ns(inbox, i);

	return arrived_ns && now_ns > arrived_ns ? now_ns - arrived_ns : 0;
}

uint64_t inbox_backlog_ns(const struct inbox *inbox, uint64_t now_ns)
{
	return inbox->count == INBOX_BATCH ? inbox_waited_ns(inbox, 0, now_ns) : 0;
}
