/* user_internal.h - the thread's own, for user.c and the files user_*.c. */
#ifndef AGENTD_DATAPLANE_USER_INTERNAL_H
#define AGENTD_DATAPLANE_USER_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "agentd/dataplane/host.h"
#include "agentd/dataplane/user.h"
#include "agentd/dataplane/user_counters.h"
#include "proto/tunnel.h"

#define USER_DOUBT_MAX 200u
#define USER_BATCH 64u /* packets of one descriptor before the next one has its turn */

enum user_source {
	USER_FROM_DEVICE,
	USER_FROM_IPIP,
	USER_FROM_MINIMAL,
	USER_FROM_GRE,
	USER_FROM_UDP,
	USER_FROM_ICMP,
	USER_WAKE, /* not a source of packets */
	USER_SOURCES
};

enum user_sender {
	USER_SEND_MARKED, /* never comes back to us */
	USER_SEND_ROUTED, /* as anything that this host sends */
	USER_SENDERS
};

/* A home link whose broadcasts are heard. */
struct user_link {
	int fd;
	unsigned index; /* as it was bound; 0 = not yet */
	const char *interface;
	const struct forward_network *network;
};

struct user {
	struct user_options options;
	struct netlink *netlink;
	bool intercepts;
	int sources[USER_SOURCES]; /* -1 = not open */
	int senders[USER_SENDERS];
	struct user_link links[HOME_NETWORKS_MAX];
	size_t link_count;
	bool wanted; /* broadcasts, by somebody */
	_Atomic bool stopping;
	pthread_t thread;
	bool started;

	struct forward_settings settings;
	struct forward_context context;
	struct host host;
	uint64_t looked_ns; /* at the host */

	pthread_mutex_t mutex; /* guards the next, and that others copy host and settings */
	char doubt[USER_DOUBT_MAX];

	uint8_t packet[IP4_TOTAL_MAX + 1];
};

/* user_receive.c: what waits at a source, at most USER_BATCH packets. */
void user_receive(struct user *user, enum user_source source);

/* user_send.c: of struct forward_context. */
void user_emit(void *context, const struct forward_output *output);

/* user_broadcast.c: before privileges are dropped; by the thread; at the end. */
enum ha_error user_broadcasts_open(struct user *user, char *report, size_t size);
void user_broadcasts_close(struct user *user);
/* Somebody asks for broadcasts now, or nobody does any more. */
void user_broadcasts_want(struct user *user);
void user_broadcasts_follow(struct user *user);
void user_broadcasts_receive(struct user *user, const struct user_link *link);

#endif
