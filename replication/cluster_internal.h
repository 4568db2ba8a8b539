/* cluster_internal.h - the engine of a cluster: one thread that owns transport,
 * consensus and ballot, over the log with its own threads. For
 * replication/cluster*.c only.
 *
 *   cluster.c           life
 *   cluster_face.c      what other threads ask
 *   cluster_loop.c      the engine's thread: what it does in which order
 *   cluster_group.c     what a group needs of its surroundings
 *   cluster_identity.c  who is one of us: clusters, disks, the ballot
 *   cluster_timing.c    round trips to timers, clocks to who may lead
 *   cluster_status.c    what is shown
 */
#ifndef REPLICATION_CLUSTER_INTERNAL_H
#define REPLICATION_CLUSTER_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "replication/ballot.h"
#include "replication/cluster_queue.h"
#include "replication/consensus.h"
#include "replication/engine.h"
#include "replication/journal.h"
#include "replication/transport.h"

#define MS UINT64_C(1000000)     /* nanoseconds */
#define CLUSTER_GROUPS_MAX 1u    /* so far */
#define CLUSTER_SUBMIT_MAX 2048u /* commands put in order at once */
#define SAMPLES 512u             /* of the log's growth, for lags in milliseconds */
#define SAMPLE_MS 20u

/* What other threads ask of the engine's, and wait for. */
enum cluster_wish {
	WISH_NONE,
	WISH_TRANSFER,
	WISH_DRAIN,
	WISH_UNDRAIN,
	WISH_ADMIT,
};

struct cluster_request {
	enum cluster_wish wish;
	uint8_t member;
	bool done;
	enum ha_error result;
};

struct growth_sample {
	uint64_t at_ns;
	uint64_t last_index;
};

struct cluster_group {
	struct cluster *cluster;
	uint32_t id;
	struct consensus *core;
	enum ha_error restore_error; /* while the log is replayed */
	uint64_t restored;           /* entries */
	uint64_t base_index, base_term;
	enum replication_role role;
	uint64_t trimmed; /* base that the core was told of */
	uint64_t kept;    /* serial of the oldest entry that it keeps; 0 = not known yet */
	uint64_t trim_ns; /* when the log is looked at again */
	struct growth_sample samples[SAMPLES];
	size_t sample_next;
	uint64_t sampled_ns;
};

struct cluster {
	struct replication face; /* the first member */
	struct replication_machine machine;
	struct replication_cluster config; /* the secret key is wiped after the open */
	bool witness;
	uint32_t tick_ms;
	struct journal *journal;
	struct ballot *ballot;
	struct ballot_state state; /* engine's thread once it runs */
	struct transport *transport;
	struct cluster_group groups[CLUSTER_GROUPS_MAX];
	size_t group_count;
	bool refused[REPLICATION_MEMBERS_MAX + 1];    /* another disk, or another cluster */
	uint64_t knocks[REPLICATION_MEMBERS_MAX + 1]; /* incarnation that is refused for itself */
	uint64_t founding; /* of a founder: the number that the cluster gets, if there is none */
	uint64_t
		most_homeless_ns; /* since when a majority is of no cluster, and it could found one */
	/* Members that say so of themselves; bit i is member i. */
	uint32_t homeless; /* of no cluster */
	uint32_t drained_others, unwilling_others, refusing;
	uint32_t connected;
	bool drained, clock_off;
	bool eligible;     /* as the core was told last */
	uint64_t timed_ns; /* when timers and clocks were looked at */
	uint64_t ticked_ns;

	int event; /* wakes the engine's thread */
	_Atomic bool awake;
	_Atomic uint64_t durable; /* serial */
	_Atomic uint64_t trim;    /* index that the store holds */
	_Atomic uint64_t hold;
	_Atomic uint64_t answer_until_ns;
	_Atomic uint64_t applied, committed, stored;
	_Atomic uint64_t reign; /* goes up when leadership is lost: what was put before is, too */
	_Atomic uint32_t answering; /* threads that send replies now */
	_Atomic bool accepting, full, stopping, failed;
	_Atomic bool failure_told;
	enum ha_error why;
	char what[256];

	struct queue queue;
	pthread_mutex_t request_mutex; /* of `request`, and one caller at a time */
	pthread_mutex_t caller_mutex;
	pthread_cond_t request_done;
	struct cluster_request request;
	pthread_mutex_t status_mutex;
	struct replication_status status;
	uint64_t published_ns;

	pthread_t thread;
	bool started;
};

static inline struct cluster *cluster_of(struct replication *r)
{
	return (struct cluster *)r;
}

/* cluster.c */
struct replication *cluster_open(const struct journal_io *io,
                                 const struct replication_options *options,
                                 const struct replication_machine *machine, enum ha_error *why,
                                 char *report, size_t size);
enum ha_error cluster_start(struct replication *r);
void cluster_stop(struct replication *r);
void cluster_close(struct replication *r);

/* cluster_face.c: have the engine's thread do something. HA_E_CLOSED when it
 * does not answer. */
enum ha_error cluster_ask(struct cluster *c, enum cluster_wish wish, uint8_t member);

/* Nothing can be promised any more: the machine is told, the thread ends. */
void cluster_fail(struct cluster *c, enum ha_error why, const char *what);
void cluster_wake(struct cluster *c);

/* cluster_loop.c */
void *cluster_main(void *cluster);
/* Other threads see what holds now. Before anything leaves. */
void cluster_publish(struct cluster *c, uint64_t now_ns);

/* cluster_group.c */
enum ha_error group_open(struct cluster *c, struct cluster_group *group, uint32_t id,
                         uint64_t base_index, uint64_t base_term);
void group_close(struct cluster_group *group);
void group_restore(struct cluster_group *group, const struct journal_entry *entry);
struct cluster_group *group_find(struct cluster *c, uint32_t id);
/* The store holds more; or, of a witness, members need less. */
enum ha_error group_trim(struct cluster_group *group, uint64_t now_ns);
struct ballot_group *group_ballot(struct cluster *c, uint32_t id);

/* cluster_identity.c */
/* Open the ballot, and be somebody. */
enum ha_error identity_open(struct cluster *c, const struct replication_options *options,
                            const struct journal_io *io, char *report, size_t size);
/* As which we come to the others. */
struct transport_identity identity_ours(const struct cluster *c);
bool identity_may_lead(const struct cluster *c);
bool identity_admit(void *cluster, uint8_t from, const struct transport_identity *identity);
/* The others hear with the next packets what has changed about us. */
void identity_tell(struct cluster *c);
/* A member may come back with this disk. */
void identity_take(struct cluster *c, uint8_t member, uint64_t incarnation);

/* cluster_timing.c */
void timing_look(struct cluster *c, uint64_t now_ns);

/* cluster_status.c */
void status_fill(struct cluster *c, uint64_t now_ns, struct replication_status *out);
void status_sample(struct cluster_group *group, uint64_t now_ns);

#endif
