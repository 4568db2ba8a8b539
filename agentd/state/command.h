/* command.h - commands of the log: built from plain facts, by the schema in
 * proto/cluster.proto. Taking them apart again is applying them (state.h).
 *
 * May include: proto, agentd/base. */
#ifndef AGENTD_STATE_COMMAND_H
#define AGENTD_STATE_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/base/binding.h"
#include "agentd/base/error.h"
#include "agentd/base/revocable.h"
#include "agentd/state/change.h"

#define COMMAND_VERSION 5u            /* the newest that is understood */
#define COMMAND_VERSION_PORTS 4u      /* of completions */
#define COMMAND_VERSION_OLD 3u        /* of commands that programs of before understand, too */
#define COMMAND_REGISTRATION_MAX 256u /* octets of one registration */

/* A place: realm and home address in one number. */
static inline uint64_t place_of_home(uint32_t realm, struct in_addr home)
{
	return (uint64_t)realm << 32 | ntohl(home.s_addr);
}

/* An accepted registration. Which of the three: `binding` set, else `care_of`
 * set (one binding goes), else all of them go. Borrowed. */
struct command_registration {
	uint64_t node;
	uint64_t place;
	uint64_t identification;
	uint64_t digest;
	uint64_t time_ms;
	const struct binding *binding;
	bool keep_others;
	const struct in_addr *care_of;
	struct in_addr source;          /* of the datagram, where no binding says so */
	const struct name_digest *name; /* of a node with a pool; NULL = the place tells */
	bool nonces;
	uint64_t after; /* with nonces: the newest that was accepted so */
	uint32_t spi;
	uint8_t limit;
	bool sticky; /* its pool lets it keep the address without bindings */
};

/* Octets written to `out`. Cannot fail: the size is bounded. */
size_t command_registration(const struct command_registration *from,
                            uint8_t out[COMMAND_REGISTRATION_MAX]);

/* One binding goes, or all (`care_of` NULL), and with `release` the address
 * goes back to its pool. Octets written. */
size_t command_drop(uint64_t time_ms, uint64_t place, const struct in_addr *care_of, bool release,
                    uint8_t out[COMMAND_REGISTRATION_MAX]);

/* The binding that a foreign agent revoked goes, if it still is what the agent
 * means when this is applied: HA_E_STALE or HA_E_NOTFOUND is the outcome else.
 * Octets written. */
size_t command_revoke(uint64_t time_ms, uint64_t place, const struct revocation_mark *mark,
                      uint8_t out[COMMAND_REGISTRATION_MAX]);

/* Where the UDP tunnel of one binding goes, which has no port yet: HA_E_NOTFOUND is the
 * outcome if there is none such any more. Octets written. */
struct command_completion {
	uint64_t place;
	struct in_addr care_of;
	struct in_addr endpoint;
	uint16_t port; /* host order, not 0 */
};
size_t command_complete(uint64_t time_ms, const struct command_completion *from,
                        uint8_t out[COMMAND_REGISTRATION_MAX]);

/* Octets written; `size` must be at least 64 + 10 * count. */
size_t command_expire(uint64_t time_ms, const uint64_t *places, size_t count, uint8_t *out,
                      size_t size);

/* A configuration, to be judged by `capacity` wherever it is applied (NULL: by
 * the room of whoever applies it). *out is malloced, holds keys: mip_wipe and free.
 * HA_E_NOMEM, HA_E_RANGE (more than CHANGES_MAX). */
enum ha_error command_configure(uint64_t time_ms, const char *who,
                                const struct state_capacity *capacity, const struct change *changes,
                                size_t count, uint8_t **out, size_t *size);
/* The same, but all changes are made or none: where one is refused, the results are
 * its error, and HA_E_NOT_DONE for the others. */
enum ha_error command_configure_whole(uint64_t time_ms, const char *who,
                                      const struct state_capacity *capacity,
                                      const struct change *changes, size_t count, uint8_t **out,
                                      size_t *size);
/* The version that such a command gets. */
uint32_t command_configure_version(bool whole, const struct change *changes, size_t count);

#endif
