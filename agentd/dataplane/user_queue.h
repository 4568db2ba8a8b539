/* user_queue.h - packets that leave together: a call to the kernel costs about as much as
 * what it does for one of them.
 *
 * May include: agentd/dataplane/link_socket.h, proto/cursor.h, agentd/base. */
#ifndef AGENTD_DATAPLANE_USER_QUEUE_H
#define AGENTD_DATAPLANE_USER_QUEUE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/dataplane/link_socket.h"
#include "proto/cursor.h"

#define USER_QUEUE_PACKETS 64u
#define USER_QUEUE_OCTETS (128u << 10) /* of all of them: more than any packet has */
#define USER_QUEUE_FENCED (-1)

/* A packet's way, for who hears what became of it. */
struct user_queued {
	struct in_addr endpoint; /* exit of the tunnel */
	uint16_t size;           /* octets */
	uint8_t group;           /* whose fence guards it */
	/* Where it goes on a link; see user_queue_options. */
	uint8_t link[LINK_ADDRESS_OCTETS];
	unsigned interface;
};

struct user_queue;

struct user_queue_options {
	int fd; /* raw socket whose sender brings the header of IP; borrowed until the free */
	/* It is one of link_socket.h instead, and packets go to link addresses. */
	bool to_links;
	/* May packets of that group leave now? Asked right before they do: this process may
	 * have been stopped since they came. */
	bool (*may_leave)(void *context, uint8_t group, uint64_t now_ns);
	/* What became of a packet: 0, it left; an errno; or USER_QUEUE_FENCED, it might not. */
	void (*left)(void *context, const struct user_queued *packet, int number);
	void *context;
};

/* NULL when there is not enough memory. */
struct user_queue *user_queue_new(const struct user_queue_options *options);
/* What is in it is lost. NULL is fine. */
void user_queue_free(struct user_queue *queue);

/* Copy a packet into it that has its header. What is there already is sent when there is
 * no more room. */
void user_queue_put(struct user_queue *queue, struct span packet, const struct user_queued *facts);
/* Send all that is in it. */
void user_queue_send(struct user_queue *queue);

#endif
