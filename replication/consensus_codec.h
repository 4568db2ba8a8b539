/* consensus_codec.h - messages of one group between its members, and entries as
 * they travel in them. Encodes and decodes, with bounds; no allocation, and no
 * opinion on what a message means.
 *
 * All integers are little-endian. A message:
 *
 *    0 magic u32   4 version u8   5 type u8   6 flags u8   7 zero u8
 *    8 term u64   16 stamp u64   24 lease_ms u32   28 entries u32
 *   32 two or three numbers u64, by type; then the entries, one after the other:
 *      0 term u64   8 size u32   12 kind u8   13 zero, 3 octets   16 command
 *
 * May include: replication, agentd/base. */
#ifndef REPLICATION_CONSENSUS_CODEC_H
#define REPLICATION_CONSENSUS_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/base/error.h"
#include "replication/journal_format.h"

#define CONSENSUS_HEADER_MAX 56u
#define CONSENSUS_ENTRY_HEADER 16u
#define CONSENSUS_ENTRIES_MAX 2048u /* of one message */

enum consensus_type {
	CONSENSUS_APPEND = 1,    /* a leader's entries, or its heartbeat */
	CONSENSUS_APPENDED = 2,  /* the answer: what is stored here */
	CONSENSUS_VOTE = 3,      /* will you, or would you, vote for me? */
	CONSENSUS_VOTED = 4,     /* the answer */
	CONSENSUS_SNAPSHOT = 5,  /* what you lack is not kept: you need the store. Its
	                          * entries: whom to admit, as it may be among that */
	CONSENSUS_STAND_NOW = 6, /* the leader hands over */
};

/* One message. Numbers that a type does not have are 0. */
struct consensus_message {
	enum consensus_type type;
	uint64_t term;
	uint64_t stamp;    /* of the leader's clock and its alone; in answers its newest, echoed */
	uint32_t lease_ms; /* APPEND: what an answer promises */

	uint64_t index;      /* APPEND: of the entry before; APPENDED: newest stored;
	                 * VOTE, STAND_NOW: of the newest entry; SNAPSHOT: of the store */
	uint64_t index_term; /* of that one; not in APPENDED */
	uint64_t commit;     /* APPEND */
	uint64_t rejected;   /* APPENDED: index that did not fit; 0 = none */
	bool pre_vote;       /* VOTE, VOTED: only asking */
	bool handed_over;    /* VOTE: the leader asked us to stand */
	bool granted;        /* VOTED */

	uint32_t entry_count;   /* APPEND, SNAPSHOT */
	const uint8_t *entries; /* borrowed; entry_octets of them */
	size_t entry_octets;
};

/* The octets before the entries. Returns how many. */
size_t consensus_encode(const struct consensus_message *message, uint8_t out[CONSENSUS_HEADER_MAX]);

/* HA_E_NEWER (of a newer version), HA_E_MALFORMED for everything else. What is
 * decoded has been checked whole: terms are there and ascend, none is above the
 * message's, sizes fit, nothing is left over. *out is untouched on failure. */
enum ha_error consensus_decode(const void *octets, size_t size, struct consensus_message *out);

/* What a JOURNAL_ADMIT entry holds. */
#define CONSENSUS_ADMIT_OCTETS 9u
void consensus_admit_encode(uint8_t out[CONSENSUS_ADMIT_OCTETS], uint8_t member,
                            uint64_t incarnation);
/* false: it does not hold that. */
bool consensus_admit_decode(const struct journal_entry *entry, uint8_t *member,
                            uint64_t *incarnation);

/* One entry; `out` has room for its header and the command. Returns the end. */
uint8_t *consensus_entry_encode(uint8_t *out, uint64_t term, uint8_t kind, const void *command,
                                size_t size);
/* The entry at `at`, of a message that was decoded or of our own; returns the
 * end. Serial, index, group and ticket are 0. */
const uint8_t *consensus_entry_decode(const uint8_t *at, struct journal_entry *out);

#endif
