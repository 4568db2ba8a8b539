/* world.h - a whole cluster in one thread: its members with their disks, the
 * network between them, the mobile nodes that register, whatever goes wrong, and
 * a judge who sees everything. From one seed; no clock, socket or file of the
 * machine is touched.
 *
 * What is real: replication/consensus.c with its codec, the log and the ballot
 * over a disk in memory, agentd/state, agentd/registration, the way of a request
 * (agentd/flow/request.c), the transactions of the store (checkpoint.c) and its
 * loading (load.c). What stands in: the store itself (rows.h), and the threads,
 * which are events here, in any order that they could happen in.
 *
 *   schedule.c  what happens when            judge.c     what must never happen
 *   member.c    a process and its clocks     service.c   requests to replies
 *   disk.c      its log and ballot           mobile.c    mobile nodes
 *   replica.c   a group of it                faults.c    what goes wrong
 *   pass.c      its store                    plan.c      and how often
 *   snapshot.c  a store for who lags         network.c   messages between members */
#ifndef TESTS_SIM_WORLD_H
#define TESTS_SIM_WORLD_H

#include "agentd/flow/internal.h"
#include "replication/ballot.h"
#include "replication/consensus.h"
#include "replication/journal_internal.h"
#include "tests/sim/judge.h"
#include "tests/sim/plan.h"
#include "tests/sim/rows.h"
#include "tests/sim/schedule.h"
#include "tests/unit/dice.h"
#include "tests/unit/fake_disk.h"

#define WORLD_MEMBERS REPLICATION_MEMBERS_MAX
#define WORLD_MOBILES 9u /* of a group */
#define WORLD_MOBILES_ALL (WORLD_GROUPS * WORLD_MOBILES)
#define WORLD_PENDING 16u /* proposals of one replica */
#define WORLD_SPI 256u
#define WORLD_BEGINS_MS UINT64_C(1700000000000) /* the wall clocks, about */

#define MS UINT64_C(1000000) /* in nanoseconds */
#define US UINT64_C(1000)

/* A proposal of this process. */
struct pending {
	uint64_t ticket;        /* 0 = unused */
	struct state_hold hold; /* of its node */
	unsigned mobile;
	uint64_t identification;
	uint64_t index; /* where it was applied; 0 = not yet */
	enum mip_code code;
	size_t reply_size;
	uint8_t reply[REGISTRATION_REPLY_MAX];
};

/* One group of one member. */
struct replica {
	struct world *world;
	struct member *member;
	uint8_t group;
	struct consensus *consensus; /* NULL while the process is not there */
	struct agent *agent;         /* of a data member's process */
	struct store *store;         /* of a data member; outlives the process */

	enum replication_role role;
	uint64_t role_term;
	bool led;     /* since the last look: announced as the leader */
	bool applies; /* entries are being applied, later */
	uint64_t applied, applied_term;
	uint64_t tick_ns; /* the tick that is in the schedule; UINT64_MAX = none */
	struct pending pending[WORLD_PENDING];
	uint64_t tickets;

	struct pass {
		uint32_t *slots;
		size_t count, done;
		struct applied applied;
		bool under_way;
	} pass;
	struct snapshot {
		bool under_way;
		struct store *rows; /* on their way; NULL of a witness */
		uint8_t from;
		uint64_t index, term;
	} snapshot;
	uint64_t hold;      /* as the server of one: entries above are kept */
	uint64_t even_from; /* this life's state is what the log makes of it from this index on */
	bool fresh;         /* the store came from another member since the log was looked at */
};

/* A process, and what outlives it. */
struct member {
	struct world *world;
	uint8_t number;
	bool witness;
	bool alive;
	bool dying; /* cannot go on; ends with the event under way */
	bool drained;
	uint32_t life;
	uint64_t frozen_until_ns;
	uint64_t stalled_until_ns; /* the disk answers nothing */
	uint64_t slow_until_ns;    /* the disk is slow */
	uint64_t boots_ns;         /* when it comes back; 0 = nothing is planned */

	int64_t monotonic_offset_ns;
	int32_t drift_ppm;
	int64_t wall_offset_ms;

	struct fake_disk *log_disk, *ballot_disk;
	struct journal *journal;
	struct ballot *ballot;
	struct ballot_state ballot_state;
	uint64_t durable_serial; /* told to nobody yet when above `told_serial` */
	uint64_t told_serial;
	bool writes, keeps;                /* these events are in the schedule */
	struct found *found, **found_last; /* by the log, at a start */
	struct replica replicas[WORLD_GROUPS];
};

/* A mobile node. */
struct mobile {
	unsigned number;
	uint8_t group;
	bool pooled;
	struct in_addr home; /* 0 = it has none now */
	char name[32];
	struct mip_key_state key;
	int64_t clock_ms; /* its own clock, against the true time */
	uint64_t identification;
	uint8_t octets[256]; /* of the request under way */
	size_t size;
	unsigned tries; /* 0 = none is under way */
	uint64_t turn;  /* the timer in force */
};

/* From one member to another. */
struct link {
	bool cut; /* nothing arrives */
	bool up;  /* the first one believes that it has a connection */
};

struct world {
	uint64_t seed;
	struct dice dice;
	struct plan plan;
	struct schedule schedule;
	uint64_t now_ns;
	bool calm;        /* nothing goes wrong any more */
	bool silent;      /* nor does anybody ask anything */
	unsigned tracing; /* 1: what happens; 2: messages of members, too */
	struct replication_member roster[WORLD_MEMBERS];
	struct member members[WORLD_MEMBERS + 1]; /* from 1 */
	struct link links[WORLD_MEMBERS + 1][WORLD_MEMBERS + 1];
	struct mobile mobiles[WORLD_MOBILES_ALL];
	struct registration_policy policy;
	struct keyring *ring;
	uint8_t *seeding[WORLD_GROUPS]; /* the command that makes a group's configuration */
	size_t seeding_size[WORLD_GROUPS];
	struct judge judge;
};

/* ---- world.c ---- */

void world_trace(struct world *world, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* ---- member.c ---- */

void member_init(struct world *world, uint8_t number);
void member_free(struct member *member);
void member_boot(struct member *member);
/* The process is gone. `power`: and with it what was not flushed. */
void member_crash(struct member *member, bool power);
/* As it should: what was taken is on the disk, and perhaps in the store. */
void member_stop(struct member *member);
/* It starts again over the store of another member, which it takes over; of a
 * witness it is only said up to where that one goes. */
void member_replace(struct replica *replica, struct store *rows, uint64_t index, uint64_t term);
void member_boot_at(struct member *member, uint64_t at_ns);
/* At the end of whatever happened to it. */
void member_settle(struct member *member);

uint64_t member_monotonic_ns(const struct member *member);
uint64_t member_true_ns(const struct member *member,
                        uint64_t monotonic_ns); /* when it shows that */
uint64_t member_wall_ms(const struct member *member);

/* An event of this process. Takes over the octets. */
void member_event(struct member *member, uint64_t delay_ns, event_handler *happen, uint8_t group,
                  uint64_t number);

/* ---- disk.c ---- */

bool disk_open_ballot(struct member *member);
/* The log, which gives what it holds to the replicas that are open. */
bool disk_open(struct member *member);
void disk_close(struct member *member);
enum ha_error disk_append(struct member *member, const struct journal_entry *entries, size_t count,
                          uint64_t *serial);
bool disk_has_room(struct member *member, enum journal_use use, size_t count, size_t octets);
enum ha_error disk_save_ballot(struct replica *replica, uint64_t term, uint8_t voted_for);
struct ballot_group *disk_ballot_of(struct member *member, uint8_t group);
void disk_trim(struct member *member);
bool disk_is_filling(struct member *member);
void disk_drain(struct member *member); /* write all that was taken */
/* Cut off in the middle of a write, or not; the files are closed in between. */
void disk_crash_begins(struct member *member);
void disk_crash_ends(struct member *member, bool power);

/* ---- replica.c ---- */

bool replica_open(struct replica *replica);
bool replica_begin(struct replica *replica); /* anew, with nothing restored */
void replica_restore(struct replica *replica, const struct journal_entry *entry);
uint64_t replica_base(const struct replica *replica); /* the store holds all up to here */
uint64_t replica_base_term(const struct replica *replica);
bool replica_start(struct replica *replica);
void replica_close(struct replica *replica);
/* Something happened to it: apply, announce, and ask for the next tick. */
void replica_settle(struct replica *replica);
bool replica_may_answer(const struct replica *replica);
void replica_trim(struct replica *replica);

/* ---- pass.c ---- */

struct agent *pass_agent_new(struct replica *replica);
void pass_agent_free(struct agent *agent);
bool pass_load(struct replica *replica);
void pass_configured(struct replica *replica, uint64_t index, struct state_outcome *outcome);
event_handler pass_begin;
void pass_abandon(struct replica *replica);
void pass_finish(struct replica *replica); /* all at once, at a stop */
uint64_t pass_stored_index(const struct store *store);
uint64_t pass_stored_term(const struct store *store);

/* ---- snapshot.c ---- */

void snapshot_want(struct replica *replica, uint8_t leader, uint64_t index, uint64_t term);
void snapshot_abandon(struct replica *replica);

/* ---- service.c ---- */

void service_request(struct replica *replica, unsigned mobile, const uint8_t *octets, size_t size);
void service_applied(struct replica *replica, const struct replication_entry *entry,
                     const struct state_outcome *outcome);
void service_lost(struct replica *replica, const uint64_t *tickets, size_t count);
void service_leads(struct replica *replica);
event_handler service_expire;
uint64_t service_cluster_ms(struct replica *replica);

/* ---- mobile.c ---- */

void mobile_init(struct world *world, unsigned number);
void mobile_start(struct mobile *mobile, struct world *world);
void mobile_reply(struct world *world, unsigned number, const uint8_t *octets, size_t size);
void mobile_seeding(struct world *world, uint8_t group);

/* ---- network.c ---- */

void network_send(struct member *from, uint8_t to, uint8_t group,
                  const struct consensus_octets *pieces, size_t count);
/* Of a mobile node to a member, and back. */
void network_request(struct world *world, unsigned mobile, uint8_t to, const uint8_t *octets,
                     size_t size);
void network_reply(struct replica *from, unsigned mobile, const uint8_t *octets, size_t size);
bool network_reaches(const struct world *world, uint8_t from, uint8_t to);
/* Connections come and go with it. */
void network_cut(struct world *world, uint8_t from, uint8_t to, bool cut);
void network_member_gone(struct world *world, uint8_t number, bool silently);
void network_member_frozen(struct world *world, uint8_t number);
void network_member_back(struct world *world, uint8_t number);

/* ---- faults.c ---- */

void faults_start(struct world *world);
void faults_end(struct world *world);

#endif
