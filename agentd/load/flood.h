/* flood.h - datagrams thrown at an agent by somebody who wants no answer:
 * forged, malformed, replayed, oversize, or valid ones of other nodes. One kind
 * at a time, at a rate or as fast as it goes. Kinds are rows of a table.
 *
 * An attacker does not know the keys: what is forged carries random octets for
 * an authenticator. What is replayed comes from a record of accepted requests.
 *
 * May include: agentd/load. */
#ifndef AGENTD_LOAD_FLOOD_H
#define AGENTD_LOAD_FLOOD_H

#include <signal.h>
#include <stdint.h>

#include "agentd/load/record.h"
#include "agentd/load/run.h"

#define FLOOD_DATAGRAM_MAX 4000u /* octets; only `oversize` is longer than LOAD_REQUEST_MAX */

struct flood;

struct flood_kind {
	const char *name;
	const char *help;
	bool replays; /* needs a record */
	bool signs;   /* needs the nodes' keys */
	/* Write one datagram; returns its size. */
	size_t (*build)(struct flood *flood, uint8_t out[FLOOD_DATAGRAM_MAX]);
};

/* NULL for a name that is in no row. Rows end with a NULL name. */
const struct flood_kind *flood_kind_find(const char *name);
extern const struct flood_kind flood_kinds[];

/* What is needed to build datagrams, without a socket. `records`: of a kind that
 * replays, else NULL; borrowed. HA_E_NOMEM, HA_E_NOTFOUND: no request in the
 * record. */
enum ha_error flood_new(struct flood **out, const struct load_settings *settings,
                        const struct load_identity *identity, const struct flood_kind *kind,
                        const struct load_record *records, size_t record_count);
void flood_free(struct flood *flood); /* accepts NULL; wipes keys */

/* The time of day that the next datagrams carry. */
void flood_set_time(struct flood *flood, uint64_t wall_ms);
size_t flood_build(struct flood *flood, uint8_t out[FLOOD_DATAGRAM_MAX]);

struct flood_result {
	uint64_t sent; /* and taken by the kernel */
	uint64_t window_ns;
	uint64_t cpu_ns;     /* of this program meanwhile */
	uint64_t answers;    /* datagrams that came back; the kernel may have dropped others */
	uint64_t codes[256]; /* of those that are replies; nobody checks their authenticators */
};

/* Send for settings->duration_ns, or settings->count datagrams, or until *stop
 * is set, and count what comes back. An error of the sockets. */
enum ha_error flood_run(struct flood *flood, volatile sig_atomic_t *stop,
                        struct flood_result *result);

#endif
