/* cluster_internal.h - the engine of a cluster: one thread that owns transport,
 * consensus and ballot, over the log with its own threads. All groups of a node
 * share them; a group is what other threads hold in their hands (struct replication).
 * For replication/cluster*.c only.
 *
 *   cluster.c           life of a node, and of one that has a single group
 *   cluster_open.c      what the log holds, to each group its own
 *   cluster_again.c     a group's machine comes and goes while the others go on
 *   cluster_face.c      what other threads ask
 *   cluster_loop.c      the engine's thread: what it does in which order
 *   cluster_group.c     what a group needs of its surroundings
 *   cluster_trim.c      what the log may let go
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
#define SEGMENT_LEAST (2u << 20) /* octets: the largest message must fit into a batch */
#define CLUSTER_SUBMIT_MAX 2048u /* commands put in order at once */
#define SAMPLES 512u             /* of the log's growth, for lags in milliseconds */
#define SAMPLE_MS 20u
#define GROUP_SHARE_MAX 256u /* entries applied before the clock is read again */
#define GROUP_SHARE_FIRST 16u
#define GROUP_SPREADS 5u /* times that a founder offers a group to whose turn it is */

/* What other threads ask of the engine's, and wait for. */
enum cluster_wish {
	WISH_NONE,
	WISH_TRANSFER,
	WISH_DRAIN,
	WISH_UNDRAIN,
	WISH_ADMIT,
	WISH_ATTACH, /* a machine comes that holds what group->applied says */
	WISH_RUN,    /* it is called from now on */
	WISH_PAUSE,  /* it is not called any more */
};

struct cluster_request {
	enum cluster_wish wish;
	struct cluster_group *group;
	uint8_t member;
	bool done;
	enum ha_error result;
};

struct growth_sample {
	uint64_t at_ns;
	uint64_t last_index;
};

struct cluster_group {
	struct replication face; /* the first member */
	struct cluster *cluster;
	uint32_t id;
	bool lent; /* somebody holds it: from open to close */
	struct replication_machine machine;
	uint64_t opened_index, opened_term; /* what its store held at the open */
	bool reset;                         /* that came from another member */
	uint32_t tick_ms;

	/* Engine's thread, once it runs. */
	bool runs; /* the machine is called */
	struct consensus *core;
	enum ha_error restore_error; /* while the log is replayed */
	uint64_t restored;           /* entries */
	uint64_t base_index, base_term;
	bool begins;           /* over another store: nothing moves until the log knows */
	uint64_t begin_serial; /* of the entry that says so; 0 = not put yet */
	enum replication_role role;
	uint64_t role_term;
	struct replication_reign seen;
	bool eligible;    /* as the core was told last */
	uint64_t trimmed; /* base that the core was told of */
	uint64_t trim_ns; /* when the log is looked at again */
	bool starves;     /* commands wait for its store */
	size_t share;     /* entries that the machine gets at once */
	unsigned spreads; /* times left */
	uint64_t ticked_ns;
	struct growth_sample samples[SAMPLES];
	size_t sample_next;
	uint64_t sampled_ns;

	_Atomic uint64_t trim; /* index that the store holds */
	_Atomic uint64_t hold;
	_Atomic uint64_t answer_until_ns;
	_Atomic uint64_t applied, committed;
	_Atomic uint64_t reign; /* goes up when leadership is lost: what was put before is, too */
	_Atomic uint32_t answering; /* threads that send replies now */
	_Atomic bool accepting, full, stopping;

	struct queue queue;
	pthread_mutex_t status_mutex;
	struct replication_status status;
	uint64_t published_ns;
};

struct cluster {
	const struct journal_io *io;             /* static */
	struct replication_node_options options; /* borrowed until it is loaded */
	struct replication_cluster config;       /* the secret key is wiped then */
	bool alone; /* there is one group, and who holds it holds the node */
	bool witness;
	struct journal *journal;
	struct ballot *ballot;
	struct ballot_state state; /* engine's thread once it runs */
	struct transport *transport;
	struct cluster_group *groups[REPLICATION_GROUPS_MAX]; /* owned */
	size_t group_count;
	size_t turn;                                  /* the group whose machine comes first */
	bool refused[REPLICATION_MEMBERS_MAX + 1];    /* another disk, or another cluster */
	uint64_t knocks[REPLICATION_MEMBERS_MAX + 1]; /* incarnation that is refused for itself */
	uint64_t founding; /* of a founder: the number that the cluster gets, if there is none */
	uint64_t
		most_homeless_ns; /* since when a majority is of no cluster, and it could found one */
	/* Members that say so of themselves; bit i is member i. */
	uint32_t homeless; /* of no cluster */
	uint32_t drained_others, unwilling_others, refusing;
	uint32_t other_groups;
	uint32_t connected;
	bool drained, clock_off;
	bool willing;      /* to lead what its groups have; the others were told so */
	bool renews;       /* a member was let in: groups that lead begin anew */
	bool fills;        /* the log is filling, and that was said */
	uint64_t timed_ns; /* when timers and clocks were looked at */

	int event; /* wakes the engine's thread */
	_Atomic bool awake;
	_Atomic uint64_t durable; /* serial */
	_Atomic bool stopping, failed;
	enum ha_error why;
	char what[256];

	pthread_mutex_t request_mutex; /* of `request`, and one caller at a time */
	pthread_mutex_t caller_mutex;
	pthread_cond_t request_done;
	struct cluster_request request;
	bool ended; /* the engine's thread; under request_mutex */

	pthread_t thread;
	bool started;
};

static inline struct cluster_group *group_of(struct replication *r)
{
	return (struct cluster_group *)r;
}

/* cluster.c */
struct replication *cluster_open(const struct journal_io *io,
                                 const struct replication_options *options,
                                 const struct replication_machine *machine, enum ha_error *why,
                                 char *report, size_t size);
enum ha_error cluster_start(struct replication *r);
void cluster_stop(struct replication *r);
void cluster_close(struct replication *r);

/* Nothing can be promised any more: the machines are told, the thread ends. */
void cluster_fail(struct cluster *c, enum ha_error why, const char *what);
void cluster_wake(struct cluster *c);
/* For as long, or until the engine's thread is to be woken: before it runs. */
void cluster_pause(struct cluster *c, int ms);
/* What a group leads goes to somebody else first, if there is anybody. NULL: all. */
void cluster_hand_over(struct cluster *c, struct cluster_group *group);

/* cluster_open.c */
/* All groups are there: who we are, what the log holds, sockets. */
enum ha_error cluster_load(struct cluster *c, char *report, size_t size);
/* The log's threads run: what is to be said there before anything else. */
enum ha_error cluster_write_begins(struct cluster *c);

/* cluster_again.c; engine's thread, but for the first. */
enum ha_error again_open(struct cluster_group *group, const struct replication_options *options,
                         const struct replication_machine *machine, char *report, size_t size);
/* HA_E_BUSY: it is under way, ask again when the log moved on. HA_E_DAMAGED: what is
 * kept here does not go on from its store. */
enum ha_error again_attach(struct cluster_group *group, uint64_t now_ns);
void again_run(struct cluster_group *group);
void again_pause(struct cluster_group *group);
/* To the log: what it held of the group is void. HA_E_BUSY: no room now. */
enum ha_error again_say(struct cluster_group *group);

/* cluster_face.c: have the engine's thread do something. HA_E_CLOSED when it
 * does not answer. */
enum ha_error cluster_ask(struct cluster_group *group, enum cluster_wish wish, uint8_t member);

/* cluster_loop.c */
void *cluster_main(void *cluster);
/* Other threads see what holds now. Before anything leaves. */
void cluster_publish(struct cluster_group *group, uint64_t now_ns);
/* Until then, from now on; the machine is told. */
void group_may_answer(struct cluster_group *group, uint64_t until_ns);
/* What was put and not taken is lost. */
void cluster_empty_queue(struct cluster_group *group);

/* cluster_group.c */
struct cluster_group *group_new(struct cluster *c, uint32_t id, enum ha_error *why);
void group_free(struct cluster_group *group);
/* A core over what the store holds; empty yet. */
enum ha_error group_begin(struct cluster_group *group, uint64_t base_index, uint64_t base_term);
void group_restore(struct cluster_group *group, const struct journal_entry *entry);
struct cluster_group *group_find(struct cluster *c, uint32_t id);
/* Octets of entries that each group may keep in memory. */
uint64_t group_memory(const struct cluster *c);
/* NULL: there is no room. */
struct ballot_group *group_ballot(struct cluster *c, uint32_t id);
/* A witness has no store to fetch: it only forgets up to there. */
enum ha_error group_forget(struct cluster_group *group, uint64_t index, uint64_t term);

/* cluster_trim.c */
/* Before anything is put into a log that may have been full: what no store needs. */
void cluster_trim_restored(struct cluster *c);
/* The store holds more; or, of a witness, members need less. */
enum ha_error group_trim(struct cluster_group *group, uint64_t now_ns);

/* cluster_identity.c */
/* Open the ballot; and, when all groups are there, be somebody. */
enum ha_error identity_open(struct cluster *c, char *report, size_t size);
enum ha_error identity_settle(struct cluster *c, char *report, size_t size);
/* As which we come to the others. */
struct transport_identity identity_ours(const struct cluster *c);
bool identity_may_lead(const struct cluster_group *group);
bool identity_admit(void *cluster, uint8_t from, const struct transport_identity *identity);
/* The others hear with the next packets what has changed about us. */
void identity_tell(struct cluster *c);
/* A member may come back with this disk. */
void identity_take(struct cluster *c, uint8_t member, uint64_t incarnation);

/* cluster_timing.c */
void timing_look(struct cluster *c, uint64_t now_ns);

/* cluster_status.c */
void status_fill(struct cluster_group *group, uint64_t now_ns, struct replication_status *out);
void status_sample(struct cluster_group *group, uint64_t now_ns);

#endif
