/* replication.h - the face of replication: commands go in, and come back in
 * one order once they are safe.
 *
 * What is promised: an entry given to `apply` is on stable storage of a
 * majority of the group's voters, and every later leader applies it before it
 * answers anything. With one voter, the majority is this node's own disk.
 * Commands are opaque octets here. docs/architecture.md has the threads.
 *
 * A group is what has one order: one machine, one leader. Several groups of a
 * cluster share a node: log, flushes, connections, ballot and thread, and the leaders
 * are spread over the members. Who has one group opens that, and no node.
 *
 * Two engines are behind this face: solo.c where there is one voter, cluster*.c
 * for a cluster of fixed voters. Which one, the options say.
 *
 * May include: replication, agentd/base. */
#ifndef REPLICATION_REPLICATION_H
#define REPLICATION_REPLICATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/base/error.h"

#define REPLICATION_COMMAND_MAX (1u << 20) /* octets of one command */
#define REPLICATION_MEMBERS_MAX 5u         /* of one cluster; numbered from 1 */
#define REPLICATION_KEY_OCTETS 32u         /* of a CURVE key */
#define REPLICATION_ADDRESS_MAX 64u

/* One command in the order in which all members apply it. Borrowed for the
 * call. */
struct replication_entry {
	uint64_t index; /* ascending; in a cluster with holes */
	uint64_t term;
	uint32_t group;
	uint64_t ticket; /* what the submitter gave; 0 when it was not this process */
	const void *command;
	size_t size;
};

enum replication_role {
	REPLICATION_FOLLOWER,
	REPLICATION_CANDIDATE,
	REPLICATION_LEADER,
};

/* A voter. Fixed while the cluster runs: docs/operations.md has the procedures. */
struct replication_member {
	uint8_t number; /* 1 .. REPLICATION_MEMBERS_MAX */
	bool witness;   /* votes and keeps the log; holds no bindings and never answers */
	char address[REPLICATION_ADDRESS_MAX]; /* numeric, of the cluster's network */
	uint16_t port;                         /* and the one after it, for snapshots */
	uint8_t public_key[REPLICATION_KEY_OCTETS];
};

struct replication_cluster {
	uint8_t self; /* the number of this member */
	size_t member_count;
	struct replication_member members[REPLICATION_MEMBERS_MAX];
	uint8_t secret_key[REPLICATION_KEY_OCTETS]; /* of this member; wiped by its owner */
	uint64_t memory_max;             /* octets of entries kept in memory for members that lag */
	uint32_t snapshot_octets_per_ms; /* throttle; 0 = none */
	uint32_t clock_tolerance_ms;     /* a member whose clock is further off does not lead */
};

/* The state machine behind the face. All calls come from the engine's one
 * thread, in order of index; the machine never blocks in them. */
struct replication_machine {
	void *context;
	/* Entries that are safe now. `apply` cannot fail: what does not fit is
	 * the machine's own, deterministic answer. */
	void (*apply)(void *context, const struct replication_entry *entries, size_t count);
	/* About every tick_ms, and never during apply: time for expiry. */
	void (*tick)(void *context);
	/* The log can promise nothing any more (a write or flush failed). Called
	 * once, after which nothing is applied. The process must end. */
	void (*failed)(void *context, enum ha_error why, const char *what);

	/* Of a cluster only; NULL otherwise. Same thread. */

	/* Leadership was lost before these came back: what becomes of them is not
	 * known. They may be applied later, with ticket 0, or never. */
	void (*lost)(void *context, const uint64_t *tickets, size_t count);
	/* Another role or term. When it is REPLICATION_LEADER, everything that was
	 * ever acknowledged has been applied. */
	void (*role)(void *context, enum replication_role role, uint64_t term);
	/* It leads, had lost the majority's word for a while, and may answer again. */
	void (*answers)(void *context);
	/* replication_may_answer_until has another moment now. Nobody else leads before
	 * this was told that it is 0, or that moment has passed. */
	void (*moment)(void *context);
	/* This member lags so far that nobody keeps what it lacks: it needs the
	 * store of member `from` (replication/snapshot.h), and to be opened again
	 * over it with replication_options.reset. Called again while it is so. */
	void (*outrun)(void *context, uint8_t from);
};

struct replication_node;

/* Who leads a group of a cluster, as this member sees it. A witness never does. */
struct replication_reign {
	uint8_t leader;     /* the last that was known; 0 = none yet. Perhaps it leads no more */
	uint64_t term;      /* its */
	uint64_t since_ms;  /* Unix time when it began to lead in that term */
	uint32_t changes;   /* how often another one began, or the same one in another term */
	uint8_t before;     /* who led before the last change */
	uint64_t vacant_us; /* how long nobody was known to lead then */
	uint64_t last_ns;   /* clock_monotonic_ns() when it was known to lead last */
};

struct replication_options {
	/* NULL: the group has a node, or as the only voter a log, of its own, which ends
	 * with it. Otherwise what is said of the log and the cluster is the node's. */
	struct replication_node *node;
	uint32_t group; /* of all commands and entries */

	const char *directory; /* of the log's segments; borrowed for the open */
	uint64_t store_id;     /* ties the log to its store */
	uint64_t applied;      /* last index that the store holds; entries after it are replayed */
	uint64_t begins;       /* the log never held entries up to this one: a restored store's */
	uint32_t segment_octets; /* of one segment file */
	uint32_t segments_max;   /* the cap of the log: files of that size */
	uint32_t tick_ms;

	const struct replication_cluster *cluster; /* NULL: one voter. Borrowed for the open */
	uint64_t applied_term; /* of the entry `applied`; 0 where a lone member wrote it */
	/* What the status said of it when this process closed the group before; zeros when it
	 * had not opened it yet. Of a node that runs, which knows better, it is not asked. */
	struct replication_reign reign;
	bool reset; /* the store came from another member: the log of before goes, unless
	             * it holds the entry `applied` in that very term */
};

/* One command to be put in order. */
struct replication_command {
	uint32_t group;
	uint64_t ticket; /* not 0 */
	const void *command;
	size_t size;
};

struct replication_status {
	enum replication_role role;
	uint64_t term;
	uint64_t first_index;    /* oldest entry still in the log */
	uint64_t stored_index;   /* newest durable entry */
	uint64_t applied_index;  /* newest entry given to the machine */
	uint64_t log_octets;     /* in all segments that hold entries */
	uint64_t log_octets_max; /* the cap */
	uint64_t flushes;        /* batches made durable since start */
	/* No more is taken (HA_E_CAPACITY): of a group, when its store does not keep up and
	 * its share of memory and log is full; of all, when the log is at its cap. */
	bool full;
	bool log_failing;     /* no other file could be made for the log when it was tried last */
	uint32_t flushing_ms; /* how long the batch under way is being written; 0 = none is */

	/* Of a cluster; member_count is 0 otherwise. */
	uint8_t self;
	uint8_t leader; /* 0 = not known */
	struct replication_reign reign;
	bool current;        /* there is one, and all is applied here that may have been
	                      * committed when it was heard first, or again after a break */
	uint64_t last_index; /* newest entry, durable or not */
	uint64_t commit_index;
	uint32_t lease_ms; /* of the timers in force */
	uint32_t election_ms;
	bool transferring;                   /* leadership is being handed over */
	bool drained;                        /* does not lead until replication_drain(false) */
	bool clock_off;                      /* our clock is too far from the others' to lead */
	bool member_of_none;                 /* waits to hear from a cluster */
	uint64_t log_memory, log_memory_max; /* octets of entries kept for members that lag */
	size_t member_count;
	struct replication_peer {
		uint8_t number;
		bool self;
		bool witness;
		bool connected;
		bool refused;           /* it comes with another disk, of another cluster, or with
		                       * other members in its configuration */
		bool refuses;           /* it does not take what this member says */
		bool drained;           /* it said so */
		uint16_t feature_level; /* of its program; 0 = not heard yet, or this one */
		bool of_none;           /* it speaks, and waits to hear from a cluster */
		bool other_groups;      /* it is configured with other groups than this one */
		bool installing;        /* on the leader: it needs a snapshot */
		uint64_t match_index;   /* on the leader: newest entry stored there */
		/* On the leader: age of the oldest entry it lacks; 0 = none, UINT32_MAX =
		 * it lacks some from before this process began. */
		uint32_t lag_ms;
		uint32_t round_trip_us;
		int64_t clock_offset_us; /* its wall clock minus ours */
		uint32_t silent_ms;      /* since it was heard; UINT32_MAX = never */
		char address[REPLICATION_ADDRESS_MAX];
		uint16_t port;
	} members[REPLICATION_MEMBERS_MAX];
};

struct replication;

/* ---- a node of several groups, of a cluster only ---- */

#define REPLICATION_GROUPS_MAX 64u /* of a node, those that it ever had */

struct replication_node_options {
	const char *directory; /* these are as in replication_options, but */
	uint64_t store_id;     /* 0: that of group 0, which is opened before the start */
	uint32_t segment_octets;
	uint32_t segments_max;
	const struct replication_cluster *cluster; /* not NULL; memory_max is of all groups */
	/* What all members must have alike of their groups: which there are in the lower
	 * half, and in the upper half a digest of more, where it is known. Who has others is
	 * shown (struct replication_peer), and goes on. 0: there is one. */
	uint32_t groups;
	/* Groups that were here before and are not now are given up: the log lets go what
	 * it holds of them. Otherwise the node does not start without them. */
	bool without_others;
};

/* A node without groups yet. The options are borrowed until the start. Errors as of
 * replication_open. */
struct replication_node *replication_node_open(const struct replication_node_options *options,
                                               enum ha_error *why, char *report, size_t size);

/* All its groups are open: recover the log, replay to each group what its store does
 * not hold, and start the threads. Errors as of replication_open, and HA_E_FOREIGN
 * when a group is missing. After an error it can only be closed, after its groups. */
enum ha_error replication_node_start(struct replication_node *node, char *report, size_t size);

/* Hand over what is led here, and end the threads. Harmless when repeated. */
void replication_node_stop(struct replication_node *node);

/* Accepts NULL; stops first if it must. Its groups were closed before. */
void replication_node_close(struct replication_node *node);

/* ---- a group ---- */

/* With a node: before that starts the group is only noted, and errors of the log are
 * told by replication_node_start. While it runs, a group that was closed can be opened
 * again, over the same store or, with `reset`, over another member's; the other groups
 * go on meanwhile, and so does this one without a machine: it votes, and takes what
 * comes into the log.
 *
 * HA_E_INUSE    the group is open
 * HA_E_NOTFOUND the node runs and never had it
 * HA_E_CAPACITY more groups than REPLICATION_GROUPS_MAX
 *
 * Without one: recover the log and replay what the store does not hold: machine->apply is
 * called for it from this thread, with ticket 0, before the call returns.
 *
 * HA_E_DAMAGED  an acknowledged entry is missing or broken; *report says where
 * HA_E_FOREIGN  the log belongs to another store or group, or to another kind of member
 * HA_E_NEWER    written by a newer program
 * HA_E_RANGE    sizes in the options that are not possible
 * HA_E_NOTFOUND the directory does not exist
 * HA_E_INUSE, HA_E_NODISK, HA_E_PERMISSION, HA_E_IO, HA_E_NOMEM
 *
 * One thing cannot be told: damage that befell the newest acknowledged batch
 * on the disk looks like a batch that was never finished, and is dropped,
 * unless the store holds entries of it (then HA_E_DAMAGED).
 *
 * On failure returns NULL, *why is set, and `report` (size octets, may be
 * NULL) holds a sentence for the operator naming the file and the remedy. */
struct replication *replication_open(const struct replication_options *options,
                                     const struct replication_machine *machine, enum ha_error *why,
                                     char *report, size_t size);

/* Start the threads: from here on commands are taken. With a node: the machine is
 * called from here on, or from the node's start. */
enum ha_error replication_start(struct replication *replication);

/* Put commands in order, all or none of them. Copies them; any thread; never
 * waits for the disk.
 *
 * HA_E_BUSY       too many are under way, or the next segment is not prepared
 *                 yet: drop the request, it comes again
 * HA_E_CAPACITY   the log is at its cap, or what the group may keep in it and in
 *                 memory, because the store does not keep up
 * HA_E_NOTLEADER  somebody else orders commands
 * HA_E_CLOSED     after replication_stop or a failure
 * HA_E_RANGE      a command of another group, or larger than REPLICATION_COMMAND_MAX, or
 *                 all together more than one batch holds (2 MiB, or one segment) */
enum ha_error replication_submit(struct replication *replication,
                                 const struct replication_command *commands, size_t count);

/* May this process answer mobile nodes now? It leads and nobody else can: a
 * majority promised so, until the time that is returned (clock_monotonic_ns);
 * UINT64_MAX where there is one voter, 0 when it may not. Any thread, no lock. */
uint64_t replication_may_answer_until(const struct replication *replication);

/* The same for who sends now, until it says that it has: leadership is handed over
 * only in between. Not for long, and on one thread not twice. */
uint64_t replication_answer_begin(struct replication *replication);
void replication_answer_end(struct replication *replication);

/* Hand leadership to a member; 0: whoever is most advanced. Returns when it is
 * under way. HA_E_NOTLEADER, HA_E_NOTFOUND (no such member, a witness, out of
 * reach, or this one), HA_E_BUSY, HA_E_UNSUPPORTED (one voter). Any thread. */
enum ha_error replication_transfer(struct replication *replication, uint8_t member);

/* Lead no more and do not stand for election, until it is taken back or the
 * process ends; that is of the node, in all its groups. HA_E_UNSUPPORTED (one voter), HA_E_NOTFOUND (it leads, and there
 * is nobody who could). Any thread. */
enum ha_error replication_drain(struct replication *replication, bool drain);

/* Member `number` may come back with another disk: what it has now is empty or
 * lags, and it never knew what it may have promised. Put in order and applied
 * like a command. HA_E_NOTLEADER, HA_E_NOTFOUND, HA_E_UNSUPPORTED. Any thread. */
enum ha_error replication_admit(struct replication *replication, uint8_t number);

/* While a snapshot is on its way from here: entries after `index` are kept, as
 * far as memory_max allows. UINT64_MAX: no more. Any thread. */
void replication_hold(struct replication *replication, uint64_t index);

/* The store holds everything up to `index`: older segments can be used again.
 * Any thread. */
void replication_trim(struct replication *replication, uint64_t index);

/* Any thread; a consistent copy. */
void replication_status(struct replication *replication, struct replication_status *out);

/* Duration of the flushes since start: counts per bucket, bucket i holds those
 * below 2^(i/4) microseconds (i = 0 .. REPLICATION_FLUSH_BUCKETS-1). Any thread. */
#define REPLICATION_FLUSH_BUCKETS 96u
void replication_flush_histogram(struct replication *replication,
                                 uint64_t counts[REPLICATION_FLUSH_BUCKETS]);

/* Refuse new commands, make durable and apply what was taken, end the threads. With
 * a node: hand over if it leads; then its machine is not called any more. Harmless when repeated; not from within a call to the machine. */
void replication_stop(struct replication *replication);

/* Accepts NULL; stops first if it must. */
void replication_close(struct replication *replication);

#endif
