/* consensus_internal.h - what the files of the core share; with consensus*.c
 * the only ones that know the raft library (0.22.1, its raft_step interface).
 * For replication/consensus*.c only.
 *
 *   consensus.c         life: open, restore, start, trim, status
 *   consensus_step.c    one event into the library, and what it asks for
 *   consensus_receive.c messages in, and what is not let through
 *   consensus_send.c    messages out
 *   consensus_again.c   another machine behind the group
 *   consensus_reign.c   who leads, for who looks
 *   consensus_lead.c    a leader's: submit, barrier, transfer; and standing early
 */
#ifndef REPLICATION_CONSENSUS_INTERNAL_H
#define REPLICATION_CONSENSUS_INTERNAL_H

#include <raft.h>
#include <stdbool.h>

#include "replication/consensus.h"
#include "replication/consensus_codec.h"
#include "replication/consensus_lease.h"
#include "replication/consensus_window.h"

#define MS UINT64_C(1000000) /* nanoseconds */

#ifndef PIECE_OCTETS              /* a test has a log of small files */
#define PIECE_OCTETS (512u << 10) /* of entries in one message, if more than one */
#endif
#ifndef APPEND_OCTETS
#define APPEND_OCTETS (8 * PIECE_OCTETS) /* of entries to one member at once */
#endif
#define INFLIGHT_MAX 16384u /* entries sent to a member and not acknowledged */
#define RANK_MS 12u         /* between members that stand early */
#define WITNESS_PATIENCE 6u /* a witness waits so many times longer */
#define RETRY_MS 5u         /* until a witness tries again to hand over */
#define REST_MS 20u         /* until one that may not stand looks again */

/* The leader that was heard last, and the newest of its stamps. */
struct heard {
	uint8_t leader;
	uint64_t term;
	uint64_t stamp;
	uint64_t goal; /* what may be committed since it was heard without a break */
};

/* The newest data member that was known to lead. */
struct reigning {
	uint8_t leader; /* 0 = none yet */
	uint64_t term;
	uint64_t until_ns; /* then it was known to lead last; of us, as it was kept last */
};

/* A request for our vote that waits until our promise has lapsed. */
struct held_vote {
	bool held;
	struct consensus_message message;
};

struct transfer {
	uint8_t member; /* 0 = none under way */
	bool given_up;  /* we never answer again in this term */
	bool asked;     /* it was told to stand */
	uint64_t until_ns;
};

/* Entries that are put behind the log once more. The log keeps the old places until
 * it has stored copies of all of them: a part of them is no group's end. */
struct carry {
	uint64_t next;  /* to be put there; 0 = nothing is under way, and others may come */
	uint64_t pin;   /* serial of the oldest place; 0 = none: all are where they say */
	uint64_t last;  /* entries up to here may lie there */
	uint64_t whole; /* serial of the last copy, once all are on their way; else 0 */
};

struct consensus {
	struct consensus_options options;
	struct replication_member members[REPLICATION_MEMBERS_MAX];
	struct consensus_host host;
	struct consensus_timing timing;
	bool witness;
	char names[REPLICATION_MEMBERS_MAX + 1][2]; /* the library wants an address */
	struct raft raft;
	bool open;
	int64_t ahead_ms; /* of the library's clock, which jumps to its time-outs */

	struct window window;
	uint64_t base_index, base_term; /* what the store holds */
	uint64_t applied, applied_term;
	uint64_t stored;  /* newest entry that is durable, and all before it */
	uint64_t durable; /* serial of the log */
	struct carry carry;

	struct heard heard;
	struct reigning seen;
	uint64_t promised_ns; /* help nobody else until then */
	struct held_vote held[REPLICATION_MEMBERS_MAX + 1];
	uint64_t stand_ns;    /* stand early then; 0 = no */
	uint64_t handed_term; /* for which a leader asked us to stand */
	bool eligible;
	uint32_t connected, unwilling;

	struct lease lease;
	uint64_t lease_forfeited; /* in this term */
	uint64_t barrier;         /* a leader's first entry; 0 = not put in order yet */
	struct transfer transfer;
	bool begin_anew;       /* what the library knows of a member is not true any more */
	uint64_t hand_over_ns; /* of a witness that leads: when it tries again */
	bool installing[REPLICATION_MEMBERS_MAX + 1];
	uint64_t heard_of_ns[REPLICATION_MEMBERS_MAX + 1];

	bool led; /* by the library, after the newest step */
	enum replication_role announced;
	uint64_t announced_term;

	enum ha_error broken; /* what ended all: from then on nothing is said any more */

	/* the event under way */
	uint64_t now_ns;
	const struct consensus_message *receiving; /* NULL: no message */
	bool submitting; /* its entries are in the window and the log already */

	uint64_t malformed, stale, held_votes;
	struct raft_entry entries[CONSENSUS_ENTRIES_MAX];
	struct journal_entry to_log[CONSENSUS_ENTRIES_MAX];
	uint64_t tickets[CONSENSUS_ENTRIES_MAX];
};

/* consensus.c */
/* The voters, for the library; to be closed. */
enum ha_error consensus_configuration(const struct consensus *c, struct raft_configuration *out);
bool consensus_is_witness(const struct consensus *c, uint8_t member);
/* An entry as the library sees it: it looks at terms and kinds only, octets are
 * ours. `batch` is what it may want to free. */
struct raft_entry consensus_library_entry(uint64_t term, uint8_t kind, void *batch);
static inline bool consensus_leads(const struct consensus *c)
{
	return c->raft.state == RAFT_LEADER;
}
/* The term of an entry at or above the base; 0 = not known. */
uint64_t consensus_term_of(const struct consensus *c, uint64_t index);

/* consensus_step.c */
/* An event into the library, and all that follows from it. HA_E_NOTLEADER when
 * it refused what only a leader is asked; other errors are the process's end. */
enum ha_error consensus_step(struct consensus *c, struct raft_event *event);
/* The same for a RAFT_TIMEOUT now, whatever the clock says. */
enum ha_error consensus_timeout_now(struct consensus *c);
uint64_t consensus_raft_ms(const struct consensus *c);
/* Tell the host which role we have, if it changed. */
void consensus_announce(struct consensus *c);

/* consensus_receive.c */
/* What we promised, and as a leader what others promised us. */
uint64_t consensus_guard_ns(const struct consensus *c);
/* Let votes through whose time has come. */
enum ha_error consensus_release_votes(struct consensus *c);

/* consensus_again.c */
/* What the log has stored may have been copies, or there is room for some more. */
enum ha_error consensus_carry_on(struct consensus *c);
/* Something else comes behind the log: the copies there so far are of no use. */
void consensus_carry_no_more(struct consensus *c);

/* consensus_send.c */
void consensus_send_message(struct consensus *c, const struct raft_message *message);

/* consensus_reign.c */
/* A leader of this term, which is no older than ours, was heard; before the library is. */
void consensus_reign_heard(struct consensus *c, uint8_t from, uint64_t term);
/* This role is about to be announced. */
void consensus_reign_announced(struct consensus *c, enum replication_role role);
/* We are about to give up what we lead. */
void consensus_reign_given_up(struct consensus *c);

/* consensus_lead.c */
/* We became the leader: nothing is decided before this is applied. */
enum ha_error consensus_begin_term(struct consensus *c);
/* We are no more: what was put in order and is not committed may be lost. */
void consensus_end_term(struct consensus *c);
/* Entries from `index` on: who waits for them is told that it is not known. */
void consensus_lose(struct consensus *c, uint64_t index);
/* Go on with handing over. */
enum ha_error consensus_transfer_on(struct consensus *c);
enum ha_error consensus_stand_early(struct consensus *c);
/* The leader was heard, maybe by what was still on its way when its connection
 * broke. */
void consensus_stand_later(struct consensus *c);

#endif
