/* user_queue.c - see the header. */
#include "agentd/dataplane/user_queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "agentd/base/clock.h"

#define DESTINATION_AT 16u /* in the header of IP */

struct user_queue {
	struct user_queue_options options;
	unsigned count;
	size_t used; /* of the octets */
	struct user_queued facts[USER_QUEUE_PACKETS];
	struct mmsghdr messages[USER_QUEUE_PACKETS];
	struct iovec pieces[USER_QUEUE_PACKETS];
	union {
		struct sockaddr_in host;
		struct sockaddr_ll neighbour;
	} to[USER_QUEUE_PACKETS];
	uint8_t octets[USER_QUEUE_OCTETS];
};

struct user_queue *user_queue_new(const struct user_queue_options *options)
{
	static const uint8_t nowhere[LINK_ADDRESS_OCTETS];
	struct user_queue *queue = calloc(1, sizeof(*queue));

	if (!queue)
		return NULL;
	queue->options = *options;
	for (unsigned i = 0; i < USER_QUEUE_PACKETS; i++) {
		if (options->to_links)
			queue->to[i].neighbour = link_socket_place(0, nowhere);
		else
			queue->to[i].host.sin_family = AF_INET;
		queue->messages[i].msg_hdr = (struct msghdr){
			.msg_name = &queue->to[i],
			.msg_namelen = options->to_links ? sizeof(queue->to[i].neighbour)
			                                 : sizeof(queue->to[i].host),
			.msg_iov = &queue->pieces[i],
			.msg_iovlen = 1,
		};
	}
	return queue;
}

void user_queue_free(struct user_queue *queue)
{
	free(queue);
}

void user_queue_put(struct user_queue *queue, struct span packet, const struct user_queued *facts)
{
	unsigned at;

	if (queue->count == USER_QUEUE_PACKETS || packet.size > USER_QUEUE_OCTETS - queue->used)
		user_queue_send(queue);
	at = queue->count++;
	queue->facts[at] = *facts;
	queue->pieces[at] = (struct iovec){ queue->octets + queue->used, packet.size };
	memcpy(queue->pieces[at].iov_base, packet.at, packet.size);
	if (queue->options.to_links)
		queue->to[at].neighbour = link_socket_place(facts->interface, facts->link);
	else
		memcpy(&queue->to[at].host.sin_addr, packet.at + DESTINATION_AT,
		       sizeof(struct in_addr));
	queue->used += packet.size;
}

/* Those from there on that may leave. */
static unsigned may_leave(const struct user_queue *queue, unsigned at)
{
	const struct user_queue_options *options = &queue->options;
	const uint64_t now_ns = clock_monotonic_ns();
	unsigned end = at;

	while (end < queue->count &&
	       options->may_leave(options->context, queue->facts[end].group, now_ns))
		end++;
	return end - at;
}

/* So many from there on have the same fate. */
static unsigned tell(const struct user_queue *queue, unsigned at, unsigned count, int number)
{
	for (unsigned i = at; i < at + count; i++)
		queue->options.left(queue->options.context, &queue->facts[i], number);
	return count;
}

/* The kernel takes some, and says why it does not take the next one when that is the
 * first. */
void user_queue_send(struct user_queue *queue)
{
	unsigned at = 0;

	while (at < queue->count) {
		unsigned ready = may_leave(queue, at);
		int sent = ready ? sendmmsg(queue->options.fd, &queue->messages[at], ready,
		                            MSG_DONTWAIT)
		                 : 0;

		if (sent > 0)
			at += tell(queue, at, (unsigned)sent, 0);
		else if (ready == 0)
			at += tell(queue, at, 1, USER_QUEUE_FENCED);
		else if (errno != EINTR)
			at += tell(queue, at, 1, errno);
	}
	queue->count = 0;
	queue->used = 0;
}
