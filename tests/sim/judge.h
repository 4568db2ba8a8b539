/* judge.h - what must never happen, whatever goes wrong: seen from outside, by
 * somebody who has all disks and all clocks before him.
 *
 * May include: replication headers. */
#ifndef TESTS_SIM_JUDGE_H
#define TESTS_SIM_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "replication/journal_format.h"
#include "replication/replication.h"

#define WORLD_GROUPS 3u
#define JUDGE_TERMS 4096u
#define JUDGE_TEXT_MAX 240u

/* X(field of the tally, kind of violation) */
#define JUDGE_VIOLATIONS(X)                                                                        \
	X(lost, LOST)                    /* acknowledged, and not there */                         \
	X(double_grants, DOUBLE_GRANT)   /* two grants for one place or one request */             \
	X(stale_answers, STALE_ANSWER)   /* by who led no more */                                  \
	X(double_leaders, DOUBLE_LEADER) /* of one term */                                         \
	X(uncommitted, UNCOMMITTED)      /* applied, and not on a majority's disks */              \
	X(diverged, DIVERGED)            /* another entry, or another state, at an index */        \
	X(unbounded, UNBOUNDED)          /* memory */                                              \
	X(stuck, STUCK)                  /* everything is well again, but it does not work */      \
	X(failed, FAILED)                /* an error where there can be none */

enum violation_kind {
#define X(field, name) VIOLATION_##name,
	JUDGE_VIOLATIONS(X)
#undef X
	VIOLATION_COUNT
};

/* X(what is counted) */
#define TALLY_SUMS(X)                                                                              \
	X(commits)                                                                                 \
	X(acknowledged)                                                                            \
	X(answers)                                                                                 \
	X(elections)                                                                               \
	X(crashes)                                                                                 \
	X(power_cuts)                                                                              \
	X(restarts)                                                                                \
	X(freezes)                                                                                 \
	X(cuts)                                                                                    \
	X(disk_faults)                                                                             \
	X(transfers)                                                                               \
	X(snapshots)                                                                               \
	X(clock_jumps)                                                                             \
	X(truncations)

/* What happened, of one world or of many. */
struct tally {
	uint64_t violations[VIOLATION_COUNT];
#define X(field) uint64_t field;
	TALLY_SUMS(X)
#undef X
	uint64_t recovery_ms_max;   /* from the end of the faults until all is well */
	char first[JUDGE_TEXT_MAX]; /* violation, in words */
};

/* An entry as it was seen first. */
struct mark {
	uint64_t term;
	uint64_t digest;
	uint64_t sum; /* of the state after it; 0 = not known */
	bool judged;  /* what it granted is in the books */
};

struct marks {
	struct mark *at; /* by index */
	uint64_t room;
};

/* What the disk of a member holds of a group. */
struct holdings {
	struct marks marks;
	uint64_t base, last; /* the store holds all up to base, the log what follows */
	struct marks before; /* the last start */
	uint64_t before_last;
};

struct ledger {
	struct marks committed; /* applied by somebody */
	uint64_t newest;
	uint64_t acknowledged
		[JUDGE_TERMS]; /* newest index of which a leader of each told somebody */
	uint8_t leaders[JUDGE_TERMS];
	uint64_t answered_term;
	uint8_t answered_by;
	struct holdings holdings[REPLICATION_MEMBERS_MAX + 1];
};

/* What a mobile node was told, and what took effect. */
struct promise {
	uint64_t effective;    /* identification of the newest registration */
	uint64_t effective_at; /* its index */
	uint64_t told;         /* newest identification that was acknowledged */
	uint64_t told_at;
};

/* A registration that somebody proposed. */
struct proposal {
	uint64_t digest;
	uint64_t identification;
	uint64_t effective_at; /* index; 0 = it took no effect yet */
	uint32_t mobile;
};

struct judge {
	struct tally tally;
	struct ledger ledgers[WORLD_GROUPS];
	struct promise promises[64];
	struct proposal *proposals;
	size_t proposal_count, proposal_room;
};

struct world;
struct replica;
struct member;

void judge_free(struct judge *judge);

/* Something that must not be. `text` says what; the first one is kept. */
void judge_violation(struct world *world, enum violation_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

uint64_t judge_digest(const void *octets, size_t size, uint64_t start);

/* ---- disks ---- */

void judge_stored(struct member *member, const struct journal_entry *entry);
/* The store of a replica holds all up to here, durably. */
void judge_based(struct replica *replica, uint64_t index);
/* Its log was let go on purpose. */
void judge_erased(struct replica *replica);
/* Its ballot will say so. */
void judge_voted(struct replica *replica, uint64_t term, uint8_t voted_for);
/* What a member found at its start, in order, from judge_recovering to
 * judge_recovered. */
void judge_recovering(struct replica *replica);
void judge_recovered(struct replica *replica);

/* ---- entries ---- */

void judge_proposed(struct world *world, const void *command, size_t size, unsigned mobile,
                    uint64_t identification);
void judge_applied(struct replica *replica, const struct replication_entry *entry,
                   enum ha_error outcome);
void judge_append_sent(struct world *world, uint8_t group, uint8_t from, uint64_t term);
void judge_leads(struct replica *replica);

/* ---- answers ---- */

/* This replica answers this node, at this moment. */
void judge_answers(struct replica *replica, unsigned mobile);
/* And tells it that this entry took effect. */
void judge_acknowledges(struct replica *replica, unsigned mobile, uint64_t identification,
                        uint64_t index);
/* And tells it again of its newest registration. */
void judge_repeats(struct replica *replica, unsigned mobile, uint64_t identification);

/* ---- at any time, and at the end ---- */

void judge_leases(struct world *world);
void judge_memory(struct replica *replica);
/* Are all members alike, and does everything work? NULL, or what does not. */
const char *judge_unsettled(struct world *world);
uint64_t judge_sum(struct replica *replica);
void judge_describe(struct world *world); /* to the trace */

#endif
