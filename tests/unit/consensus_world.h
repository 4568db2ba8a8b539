/* consensus_world.h - a few members of one group in one thread: messages take a
 * millisecond, logs are flushed when time passes, links can be cut. For tests of
 * replication/consensus.h that need no dice; tests/sim has those.
 *
 * May include: replication, CUnit. */
#ifndef TESTS_UNIT_CONSENSUS_WORLD_H
#define TESTS_UNIT_CONSENSUS_WORLD_H

#include "replication/consensus.h"
#include "replication/consensus_codec.h"

#define WORLD_MEMBERS 5u
#define WORLD_LOG 20000u
#define WORLD_QUEUE 4096u

struct world_entry {
	struct journal_entry entry;
	char text[24];
};

struct world;

struct world_member {
	struct world *world;
	uint8_t number;
	struct consensus *core; /* NULL: it is down */
	struct world_entry *log;
	size_t log_count, durable; /* entries in order of serial; serial is place + 1 */
	bool slow_disk;            /* nothing becomes durable */
	uint64_t term;
	uint8_t voted_for;
	uint64_t base_index, base_term;
	uint64_t applied_count;
	char applied[4096]; /* commands in order, one after the other */
	uint64_t lost[64];
	size_t lost_count;
	enum replication_role role;
	struct world_reign {
		unsigned told;
		uint8_t leader;
		uint64_t term, at_ns, until_ns;
	} reign;
	unsigned wanted_snapshot;
	uint32_t admitted; /* bit i: member i */
	unsigned full;     /* how many uses of the log find no room, from the first */
	bool no_ballot;    /* its disk takes no ballot */
};

struct world {
	uint64_t now_ns;
	size_t count;
	struct replication_member members[WORLD_MEMBERS];
	struct world_member member[WORLD_MEMBERS + 1];  /* by number */
	bool cut[WORLD_MEMBERS + 1][WORLD_MEMBERS + 1]; /* from, to */
	struct world_message {
		uint64_t at_ns;
		uint8_t from, to;
		uint8_t *octets;
		size_t size;
	} queue[WORLD_QUEUE];
	size_t queued;
	size_t seen[CONSENSUS_STAND_NOW + 1]; /* messages by type */
	uint64_t memory_max;
	uint64_t met[WORLD_MEMBERS + 1]; /* the disk of each, as all know it */
	unsigned delay_ms;               /* of messages */
};

/* All up and started. `witness` is the number of one, or 0. */
struct world *world_new(size_t count, uint8_t witness);
void world_free(struct world *world);

/* Let time pass, a millisecond at a time. */
void world_run(struct world *world, unsigned ms);
/* Until somebody leads, at most so long; its number, or 0. */
uint8_t world_leader(struct world *world, unsigned ms);
uint8_t world_leads_now(const struct world *world);

void world_stop(struct world *world, uint8_t number); /* what was not flushed is lost */
void world_start(struct world *world, uint8_t number);
void world_isolate(struct world *world, uint8_t number, bool cut);

/* One command of text. */
enum ha_error world_submit(struct world *world, uint8_t number, const char *text, uint64_t ticket);
bool world_may_answer(const struct world *world, uint8_t number);

#endif
