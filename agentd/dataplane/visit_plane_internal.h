/* visit_plane_internal.h - the thread's own, for the files visit_plane*.c. */
#ifndef AGENTD_DATAPLANE_VISIT_PLANE_INTERNAL_H
#define AGENTD_DATAPLANE_VISIT_PLANE_INTERNAL_H

#include <linux/virtio_net.h>
#include <pthread.h>
#include <stdatomic.h>

#include "agentd/dataplane/host.h"
#include "agentd/dataplane/merged_reader.h"
#include "agentd/dataplane/netlink.h"
#include "agentd/dataplane/user_queue.h"
#include "agentd/dataplane/visit_internal.h"
#include "agentd/dataplane/visit_plane.h"
#include "agentd/dataplane/visit_plane_counters.h"

#define VISIT_ENDS_MAX (VISIT_LINKS_MAX + VISIT_CARE_OF_MAX)
/* For each end of tunnels four protocols of IP and ICMP errors, and each link. */
#define VISIT_SOURCES_MAX (5u * VISIT_ENDS_MAX + VISIT_LINKS_MAX)
#define VISIT_BATCH 64u /* packets of one descriptor before the next one has its turn */

/* Where packets come from. */
struct visit_plane_source {
	int fd;
	/* One packet, or nothing that can be made out. false: none waits. */
	bool (*take)(struct visit_plane *plane, struct visit_plane_source *source);
	struct merged_reader *merged; /* for tunnels; else NULL */
	unsigned interface;           /* of a link; 0: of none */
};

enum visit_plane_queue {
	VISIT_TO_TUNNELS,
	VISIT_TO_LINKS,
	VISIT_QUEUES
};

struct visit_plane {
	struct visit_plane_link links[VISIT_LINKS_MAX];
	size_t link_count;
	struct in_addr care_of[VISIT_CARE_OF_MAX];
	size_t care_of_count;
	char device[NETLINK_NAME_MAX];
	struct visit_guard *guard;
	uint32_t table, mark;

	struct netlink *netlink;
	unsigned device_index;
	int tun;     /* -1 = not open; likewise below */
	int wake;    /* to stop */
	int tunnels; /* sends whole outer packets */
	int hosts;   /* sends to visitors' link addresses */
	int routed;  /* sends as anything that this host sends */
	struct user_queue *queues[VISIT_QUEUES];
	struct visit_plane_source sources[VISIT_SOURCES_MAX];
	size_t source_count;
	struct merged_reader merged[VISIT_ENDS_MAX];
	size_t merged_count;

	struct visit_table *visitors;
	struct soft *soft;
	struct visit_forward_settings settings;
	struct visit_forward_link on_links[VISIT_LINKS_MAX]; /* of the settings */
	struct host host;
	struct visit_forward_context context;
	_Atomic uint64_t until_ns; /* the fence */

	uint64_t looked_ns; /* at the host */
	uint64_t walked_ns; /* for keepalives that are due */
	uint32_t walk_at;   /* place of the table */
	bool device_lost;   /* somebody has deleted it */
	bool link_lost;     /* a visited link is not there */
	_Atomic bool stopping;
	pthread_t thread;
	bool started;

	pthread_mutex_t
		mutex; /* guards the next, and that others look at host, links and settings */
	char doubt[VISIT_DOUBT_MAX];

	uint8_t packet[IP4_TOTAL_MAX + 256]; /* as it came, with the header of its link */
	uint8_t part[IP4_TOTAL_MAX];         /* of one that was merged */
};

/* visit_plane_sources.c: before privileges are dropped; at the end. */
enum ha_error visit_plane_sources_open(struct visit_plane *plane, char *report, size_t size);
void visit_plane_sources_close(struct visit_plane *plane);
/* What waits there, at most VISIT_BATCH packets. */
void visit_plane_receive(struct visit_plane *plane, struct visit_plane_source *source);

/* visit_plane_send.c: queues, and of struct visit_forward_context. */
enum ha_error visit_plane_queues_open(struct visit_plane *plane, char *report, size_t size);
void visit_plane_queues_close(struct visit_plane *plane);
void visit_plane_emit(void *context, const struct visit_forward_output *output);
void visit_plane_queues_send(struct visit_plane *plane);

/* visit_plane_host.c: device and route; what of this host has changed. */
enum ha_error visit_plane_host_begin(struct visit_plane *plane, char *report, size_t size);
void visit_plane_host_look(struct visit_plane *plane);

#endif
