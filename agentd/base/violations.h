/* violations.h - who violated security, by the address that the messages claimed: how
 * often, and what was wrong the last time. It is mipSecViolationTable of MIP-MIB and
 * `agentctl violations`.
 *
 * A stranger writes any address, so the table has a fixed size: sets of
 * VIOLATIONS_WAYS rows, of which a secret says to which one an address belongs.
 * Who comes new into a full set takes the place of the row that counts least; of
 * several, of the one that was quiet longest. What a row counts for halves with
 * every VIOLATIONS_FADE_MS of silence. Made-up addresses, each seen once, so drive
 * out each other and not who fails again and again; and who gave up long ago does
 * not keep his place for ever. Each row that gives way is counted.
 *
 * Any thread notes and any thread reads. A set has a lock, held for the time that it
 * takes to look at its rows.
 *
 * May include: nothing. */
#ifndef AGENTD_BASE_VIOLATIONS_H
#define AGENTD_BASE_VIOLATIONS_H

#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VIOLATIONS_SETS 128u /* a power of two */
#define VIOLATIONS_WAYS 8u
#define VIOLATIONS_MAX (VIOLATIONS_SETS * VIOLATIONS_WAYS)
#define VIOLATIONS_FADE_MS 600000u

struct violation {
	struct in_addr address;  /* as the message claimed it; may be 0, where it had only a name */
	uint32_t count;          /* since the row was made; wraps */
	uint32_t spi;            /* as mipSecRecentViolationSPI of RFC 2006 wants it */
	uint8_t reason;          /* of the last one, as mipSecRecentViolationReason has it */
	uint64_t identification; /* of the last one, as in the message */
	uint64_t last_ms;        /* clock_monotonic_ms() of the last one */
};

struct violation_set {
	pthread_mutex_t lock;
	struct violation rows[VIOLATIONS_WAYS]; /* free where `count` and `last_ms` are 0 */
};

struct violations {
	struct violation_set sets[VIOLATIONS_SETS];
	uint64_t seed; /* odd; keeps it private who shares a set */
	_Atomic uint64_t rows_gone, violations_gone;
};

/* `violations` is zeroed, and emptied by no later call. */
void violations_init(struct violations *violations, uint64_t seed);

/* One more; of `seen` all but the count is taken. true: a row gave way to it. */
bool violations_note(struct violations *violations, const struct violation *seen);

/* The rows of the `max` lowest addresses above `after`, or with NULL of all, in the order of
 * addresses as numbers. Returns how many there are. Looks at all rows, once. */
size_t violations_list(struct violations *violations, const struct in_addr *after,
                       struct violation *out, size_t max);
/* The row of the lowest address above `after`, or with NULL of the lowest of all.
 * false: there is none. Looks at all rows: who wants many asks for a list. */
bool violations_next(struct violations *violations, const struct in_addr *after,
                     struct violation *out);
/* The row of that address. false: there is none. */
bool violations_find(struct violations *violations, struct in_addr address, struct violation *out);

/* Rows that gave way since the start, and the violations that they had counted: with
 * those of the rows that are there, all that was ever noted. */
struct violations_gone {
	uint64_t rows, violations;
};
struct violations_gone violations_gone(struct violations *violations);

#endif
