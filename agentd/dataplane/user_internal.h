/* user_internal.h - the thread's own, for user.c and the files user_*.c. */
#ifndef AGENTD_DATAPLANE_USER_INTERNAL_H
#define AGENTD_DATAPLANE_USER_INTERNAL_H

#include <linux/virtio_net.h>
#include <pthread.h>
#include <stdatomic.h>

#include "agentd/dataplane/host.h"
#include "agentd/dataplane/merged_reader.h"
#include "agentd/dataplane/user.h"
#include "agentd/dataplane/user_counters.h"
#include "agentd/dataplane/user_queue.h"
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

#define USER_HALVES 64u
#define USER_ANSWER_MAX 1500u

/* A UDP tunnel that has no port in the table yet, and the answer to the keepalive that
 * said which it is. */
struct user_half {
	struct dataplane_port port; /* its port 0: the place is free */
	uint64_t told_ns;
	size_t size; /* of the answer; 0 = there is none that can wait */
	uint8_t answer[USER_ANSWER_MAX];
};

struct user {
	struct user_options options;
	struct netlink *netlink;
	bool intercepts;
	int sources[USER_SOURCES]; /* -1 = not open */
	int senders[USER_SENDERS];
	struct user_queue *queue; /* of packets into tunnels */
	struct user_link links[HOME_NETWORKS_MAX];
	size_t link_count;
	bool wanted; /* broadcasts, by somebody */
	_Atomic bool stopping;
	pthread_t thread;
	bool started;

	struct forward_settings settings;
	struct forward_network networks[HOME_NETWORKS_MAX]; /* of the settings */
	struct forward_context context;
	struct host host;
	uint64_t looked_ns;         /* at the host */
	bool device_lost;           /* somebody has deleted it */
	uint64_t healed_in_vain_ns; /* 0 = nothing is missing, or it could be made again */

	pthread_mutex_t mutex; /* guards the next, and that others copy host and settings */
	char doubt[USER_DOUBT_MAX];

	struct user_half halves[USER_HALVES];
	bool completing;        /* the packet that is being forwarded says a port */
	struct user_half *half; /* which is kept here; NULL: it is not */

	struct merged_reader merged;
	struct virtio_net_hdr whole; /* of what goes into the device; zeroed: one packet */

	struct {
		struct virtio_net_hdr facts; /* none: see tun_device.h */
		uint8_t packet[IP4_TOTAL_MAX + 1];
	} in;                        /* the device gives both at once, the others the packet */
	uint8_t part[IP4_TOTAL_MAX]; /* of a packet that was merged */
};

/* user_receive.c: what waits at a source, at most USER_BATCH packets. */
void user_receive(struct user *user, enum user_source source);

/* user_merged.c: a whole packet from a raw socket, if it is several. false: it is one. */
bool user_merged_take(struct user *user, struct span packet);

/* user_send.c: of struct forward_context; and of struct user_queue_options. Packets into
 * tunnels may wait in the queue for others that come with them. */
void user_emit(void *context, const struct forward_output *output);
void user_left(void *context, const struct user_queued *packet, int number);
/* A whole outer packet. */
void user_send_outer(struct user *user, struct span packet);

/* user_device.c: the device says that it is gone. */
void user_device_lost(struct user *user);
/* Are device, rules and routes there, or again? false: why not. */
bool user_device_look(struct user *user, char *doubt, size_t size);

/* user_ports.c: what a keepalive says, its answer kept back; the table has changed. */
void user_ports_begin(struct user *user); /* before each packet */
void user_ports_learn(struct user *user, const struct forward_output *output);
void user_ports_keep(struct user *user, struct span answer);
void user_ports_settle(struct user *user);
/* Has a UDP tunnel its port now that had none? */
bool user_ports_concern(const struct tunnels_home *before, const struct tunnels_home *after);

/* user_broadcast.c: before privileges are dropped; by the thread; at the end. */
enum ha_error user_broadcasts_open(struct user *user, char *report, size_t size);
void user_broadcasts_close(struct user *user);
/* Somebody asks for broadcasts now, or nobody does any more. */
void user_broadcasts_want(struct user *user);
void user_broadcasts_follow(struct user *user);
void user_broadcasts_receive(struct user *user, const struct user_link *link);

#endif
