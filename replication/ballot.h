/* ballot.h - what a member must never forget, in a small file: who it is, whom
 * it has met, and for each group its term and vote.
 *
 * Two slots of a block, written in turn, each with a number and a checksum;
 * one flush (ballot_format.h has the octets). The newer whole slot counts: a write
 * that was cut off leaves the one before.
 *
 * May include: replication, agentd/base. */
#ifndef REPLICATION_BALLOT_H
#define REPLICATION_BALLOT_H

#include <stddef.h>
#include <stdint.h>

#include "agentd/base/error.h"
#include "replication/journal_io.h"
#include "replication/replication.h"

#define BALLOT_NAME "ballot"
#define BALLOT_GROUPS_MAX REPLICATION_GROUPS_MAX

struct ballot_group {
	uint32_t group;
	uint8_t voted_for; /* member, or 0 */
	uint64_t term;
	uint64_t base_index; /* of a witness: entries up to here were let go; else 0 */
	uint64_t base_term;
};

struct ballot_state {
	uint64_t cluster;                          /* 0 = of none yet */
	uint64_t incarnation;                      /* of this data directory; never 0 */
	uint64_t met[REPLICATION_MEMBERS_MAX + 1]; /* incarnation of member i; 0 = not met */
	size_t group_count;
	struct ballot_group groups[BALLOT_GROUPS_MAX];
};

struct ballot;

/* Read the file in a directory, or make it: then *out has a random incarnation
 * and nothing else. HA_E_DAMAGED (both slots broken), HA_E_NEWER, HA_E_NOTFOUND
 * (no directory), HA_E_NODISK, HA_E_PERMISSION, HA_E_IO, HA_E_NOMEM; with a
 * sentence. */
struct ballot *ballot_open(const struct journal_io *io, const char *directory,
                           struct ballot_state *out, enum ha_error *why, char *report, size_t size);
/* On stable storage when it returns. After an error nothing is saved any more: what
 * is on the disk is not known, and the process must end. HA_E_NODISK, HA_E_IO; and
 * HA_E_RANGE, which changes nothing, for a state that cannot be. */
enum ha_error ballot_save(struct ballot *ballot, const struct ballot_state *state);
void ballot_close(struct ballot *ballot); /* accepts NULL */

#endif
