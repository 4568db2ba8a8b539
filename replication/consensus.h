/* consensus.h - one replicated group, pure: events go in, and what has to be
 * done comes out through the host's functions. It has no thread, no clock, no
 * socket and no file, so that a simulator can own all of them.
 *
 * Behind it is the raft library; only consensus*.c know it. What the library
 * must not be trusted with is guarded here, and what it does not know is added:
 *
 *   durability   entries count as stored when the log says so by serial number,
 *                so one that was truncated and came back is not taken for itself
 *   promises     who acknowledges a leader promises not to help another one for
 *                `lease`; so a leader that a majority acknowledged lately knows
 *                that there is no other, and may answer (consensus_lease_ns)
 *   barrier      a new leader leads when all that was ever acknowledged is applied
 *   snapshots    are not the library's: who lacks entries that nobody keeps is
 *                told so (want_snapshot), gets the store by other means, and is
 *                opened anew over it
 *
 * Times are nanoseconds of one clock of the caller's that does not go back;
 * clocks of members are never compared. One thread, or a lock.
 *
 * May include: replication, agentd/base. */
#ifndef REPLICATION_CONSENSUS_H
#define REPLICATION_CONSENSUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/base/error.h"
#include "replication/journal_format.h"
#include "replication/replication.h"

#define CONSENSUS_MESSAGE_MAX (8u << 20) /* octets of one message */
#define CONSENSUS_LEASE_MAX_MS 500u      /* what acknowledging promises, at most */

/* Octets of a message in pieces, borrowed for the call. */
struct consensus_octets {
	const void *at;
	size_t size;
};

/* What the group needs of its surroundings. All calls come from within a call
 * to consensus_*; none may call back into it. */
struct consensus_host {
	void *context;
	/* Term and vote are on stable storage when this returns. An error ends
	 * the process: nothing can be promised any more. */
	enum ha_error (*save_ballot)(void *context, uint64_t term, uint8_t voted_for);
	/* Put entries behind the log, in order, all or none; copies them. The index
	 * of the first may be at or below the newest one's: all from there on are
	 * replaced. Their serial numbers follow one another from *serial on. There
	 * was room() for them: an error ends the process. */
	enum ha_error (*append)(void *context, const struct journal_entry *entries, size_t count,
	                        uint64_t *serial);
	/* Would append() take so many entries of so many octets now, for this use? */
	bool (*room)(void *context, enum journal_use use, size_t count, size_t octets);
	/* Send to a member; may be lost. */
	void (*send)(void *context, uint8_t member, const struct consensus_octets *pieces,
	             size_t count);
	/* Committed and stored here, in order of index. Entries of the engine's own
	 * are left out. */
	void (*apply)(void *context, const struct replication_entry *entries, size_t count);
	/* A member may come back with this disk; committed like a command, or told
	 * by a leader of whom we lack entries. */
	void (*admit)(void *context, uint8_t member, uint64_t incarnation);
	/* The disk with which a member is let in here; 0 = not known. May be NULL. */
	uint64_t (*met)(void *context, uint8_t member);
	/* What becomes of these is not known here: they may be applied later, with
	 * ticket 0, or never. */
	void (*lost)(void *context, const uint64_t *tickets, size_t count);
	/* Another role or term. REPLICATION_LEADER only after the barrier. */
	void (*role)(void *context, enum replication_role role, uint64_t term);
	/* A data member leads, perhaps this one (then just before `role` says so): told once
	 * in each term. `until_ns`: when the leader before it was known here to lead last; 0 =
	 * none was known. May be NULL. */
	void (*leads)(void *context, uint8_t member, uint64_t term, uint64_t until_ns);
	/* This member lacks entries that the leader does not keep; asked again
	 * while it is so. */
	void (*want_snapshot)(void *context, uint8_t leader, uint64_t index, uint64_t term);
	/* Whoever answers has learnt that this member may no more (a lease of 0)?
	 * Leadership is not handed over before. NULL: at once. */
	bool (*quiet)(void *context);
};

/* Timers of a group, derived from measured round trips by consensus_timing. */
struct consensus_timing {
	uint32_t heartbeat_ms; /* between messages of a leader that has nothing to say */
	uint32_t lease_ms;     /* what acknowledging promises */
	uint32_t election_ms;  /* silence until somebody stands, at least; twice that at most */
};

struct consensus_options {
	uint32_t group;
	uint8_t self; /* 1 .. REPLICATION_MEMBERS_MAX */
	const struct replication_member *members;
	size_t member_count;
	struct consensus_timing timing;
	uint64_t base_index; /* all up to here is in the store (of a witness: was let go) */
	uint64_t base_term;  /* of that entry; 1 and 1 when there never was any */
	uint64_t term;       /* of the ballot; at least 1 */
	uint8_t voted_for;   /* 0 = nobody */
	uint64_t memory_max; /* octets of entries kept for members that lag */
	uint32_t seed;       /* of random timeouts */
};

struct consensus;

/* HA_E_NOMEM, HA_E_RANGE (members that cannot be). */
struct consensus *consensus_open(const struct consensus_options *options,
                                 const struct consensus_host *host, enum ha_error *why);
void consensus_close(struct consensus *consensus); /* accepts NULL */

/* Before the start: what the log holds of this group, in order of serial; a
 * lower index than the last one's replaces, and JOURNAL_BEGIN everything. Copied.
 * HA_E_NOMEM. */
enum ha_error consensus_restore(struct consensus *consensus, const struct journal_entry *entry);

/* Does what was restored go on from the base? `proven`: the entry of the base is
 * among it, with its term. Nothing at all goes on from anything. */
bool consensus_goes_on(const struct consensus *consensus, bool proven);

/* How many members of its kind stand for election before this one: the order begins
 * with another member in each group, so that the leaders of groups are spread. */
unsigned consensus_rank(const struct replication_member *members, size_t count, uint32_t group,
                        uint8_t member);

/* Everything restored counts as stored. HA_E_DAMAGED (it does not go on from the
 * base, or the term of an entry is above the ballot's), HA_E_NOMEM. */
enum ha_error consensus_start(struct consensus *consensus, uint64_t now_ns);

/* ---- events; errors but those named are the process's end ---- */

/* A message of a member. HA_E_MALFORMED: not one, ignored and counted. */
enum ha_error consensus_receive(struct consensus *consensus, uint64_t now_ns, uint8_t from,
                                const void *octets, size_t size);

/* The log is durable up to this serial number. To be called now and then, too, when that
 * is as before: there may be room again for what consensus_carry began. */
enum ha_error consensus_stored(struct consensus *consensus, uint64_t now_ns, uint64_t serial);

/* Put commands in order, all or none. Copies.
 * HA_E_NOTLEADER, HA_E_BUSY (too many under way; a transfer is), HA_E_CAPACITY. */
enum ha_error consensus_submit(struct consensus *consensus, uint64_t now_ns,
                               const struct replication_command *commands, size_t count);

/* The same for what the engine itself has to agree on: a member may come back
 * with another disk, that of `incarnation`. */
enum ha_error consensus_admit(struct consensus *consensus, uint64_t now_ns, uint8_t member,
                              uint64_t incarnation);

/* To be called at consensus_due_ns, or before. */
enum ha_error consensus_tick(struct consensus *consensus, uint64_t now_ns);
uint64_t consensus_due_ns(const struct consensus *consensus);

/* Give committed entries to apply(), at most `max`, and few of those that are
 * large. Any left? */
bool consensus_apply(struct consensus *consensus, size_t max);

/* The connection to a member broke: if it led, stand for election early. */
void consensus_disconnected(struct consensus *consensus, uint64_t now_ns, uint8_t member);

/* Hand over to a member; 0: the most advanced data member that has a connection and
 * would lead.
 * Takes nothing more, waits until that one has everything, and never answers
 * again in this term.
 * HA_E_NOTLEADER, HA_E_NOTFOUND (no such member, a witness, out of reach, or us),
 * HA_E_UNSUPPORTED (it would not lead), HA_E_BUSY (one is under way). */
enum ha_error consensus_transfer(struct consensus *consensus, uint64_t now_ns, uint8_t member);

/* Whether this member may stand for election at all (false: drained, or its
 * clock is wrong). A leader is not stopped by it. */
void consensus_set_eligible(struct consensus *consensus, bool eligible);

/* Which members said that they would not lead; bit i is member i. */
void consensus_set_unwilling(struct consensus *consensus, uint32_t members);

/* Which members have a connection; bit i is member i. For transfers and status. */
void consensus_set_connected(struct consensus *consensus, uint32_t members);

/* Other timers, from now on; a leader's lease grows only with what is
 * acknowledged afterwards. */
void consensus_set_timing(struct consensus *consensus, uint64_t now_ns,
                          const struct consensus_timing *timing);
/* What suits a group whose members answer in this time; the lease ends at
 * CONSENSUS_LEASE_MAX_MS. */
struct consensus_timing consensus_timing(uint32_t round_trip_us);

/* The store holds all up to `index`, applied here; entries go as memory_max
 * wants it, but those above `hold` (a snapshot on its way; UINT64_MAX = none)
 * stay while they fit into memory_max. *serial: the log needs none below it;
 * UINT64_MAX: none at all. */
enum ha_error consensus_trim(struct consensus *consensus, uint64_t now_ns, uint64_t index,
                             uint64_t hold, uint64_t *serial);

/* ---- another machine behind the group, and other groups in the log ---- */

/* Nobody waits for anything any more: lost() is told of what is not applied. */
void consensus_abandon(struct consensus *consensus);

/* The machine now holds all up to `index`, an entry of `term`: what follows is applied
 * to it, again if need be, with ticket 0, and its role is told anew. false, and
 * nothing is changed: what is kept here does not go on from there. */
bool consensus_rewind(struct consensus *consensus, uint64_t index, uint64_t term);

/* Begin to put the entries from `index` to the last behind the log once more, so that it
 * can let go what is older, and go on with it in consensus_stored: some at once, and
 * meanwhile the group takes no others. Their old places count (consensus_serial) until
 * the log has stored copies of all of them. Nothing happens while it is under way; what
 * comes in between after all, like the entry with which a leader begins, ends it. */
enum ha_error consensus_carry(struct consensus *consensus, uint64_t index);

/* A member was let in with another disk by what another group agreed on. */
void consensus_renew(struct consensus *consensus);

/* ---- looking ---- */

/* Would even a small command be refused for want of memory? */
bool consensus_is_full(const struct consensus *consensus);

/* The serial number from which on the log holds an entry and those after it; 0 when it is
 * not kept. */
uint64_t consensus_serial(const struct consensus *consensus, uint64_t index);

/* That of the oldest entry that is kept; UINT64_MAX: there is none. */
uint64_t consensus_oldest(const struct consensus *consensus);

/* Until when this member may answer as the leader; 0 = not at all. */
uint64_t consensus_lease_ns(const struct consensus *consensus);

/* When the leader that leads() told last was known to lead last; 0 = it told of none. */
uint64_t consensus_reigned_ns(const struct consensus *consensus);

struct consensus_peer {
	uint8_t member;
	bool silent;       /* leader: nothing heard for an election timeout */
	bool installing;   /* leader: it was told that it needs a snapshot */
	uint64_t match;    /* leader: newest entry known to be stored there */
	uint64_t heard_ns; /* when; 0 = never */
};

struct consensus_status {
	enum replication_role role;
	uint64_t term;
	uint8_t leader; /* 0 = not known */
	bool current;   /* see struct replication_status */
	uint8_t voted_for;
	uint64_t first_index, last_index, stored_index, commit_index, applied_index;
	uint64_t applied_term;
	uint64_t memory; /* octets of entries kept */
	bool transferring;
	uint32_t lease_ms, election_ms;        /* of the timers in force */
	uint64_t malformed, stale, held_votes; /* messages since the open */
	size_t peer_count;
	struct consensus_peer peers[REPLICATION_MEMBERS_MAX];
};
void consensus_status(const struct consensus *consensus, struct consensus_status *out);

#endif
