/* storm.h - everybody at once: each node registers once, retransmits until it is
 * answered, and waits twice as long after each try, as RFC 5944 section 3.6.3
 * asks: what comes back after an outage of the agent or of an access network.
 *
 * All datagrams together leave at a rate that is offered whatever comes of
 * them: retransmissions that are due first, then nodes that have not sent yet.
 * A retransmission is a new request with a new identification (timestamps); an
 * answer to the one before is none.
 *
 * May include: agentd/load, agentd/base. */
#ifndef AGENTD_LOAD_STORM_H
#define AGENTD_LOAD_STORM_H

#include <signal.h>
#include <stdint.h>

#include "agentd/base/histogram.h"
#include "agentd/load/identity.h"
#include "agentd/load/run.h"

#define STORM_TRIES_MAX 8u

struct storm_result {
	uint64_t nodes_begun;
	uint64_t nodes_given_up; /* after settings->tries requests */
	uint64_t sent;           /* in the window, retransmissions with them */
	uint64_t again;          /* of these, retransmissions */
	uint64_t completed;      /* nodes accepted, ever */
	uint64_t completed_in_window;
	uint64_t completed_by_try[STORM_TRIES_MAX];
	uint64_t denied; /* nodes whose answer was a denial: they stop */
	uint64_t late;   /* authentic answers to requests that had been replaced */
	uint64_t bad;    /* datagrams that are no authentic answer */
	uint64_t window_ns;
	uint64_t cpu_ns;     /* of this program meanwhile */
	uint64_t overdue_ns; /* the longest that a datagram left behind its time */
	uint64_t codes[256];
	struct histogram completion; /* nanoseconds from a node's first request */
	struct histogram answer;     /* from the request that was answered */
};

/* Send until every node is through, or for settings->duration_ns; then wait
 * for answers to what was sent last, but send nothing more. The first
 * retransmission comes after settings->timeout_ns. HA_E_NOMEM, HA_E_RANGE
 * (settings->tries is 0 or too large, or no rate), or an error of the sockets. */
enum ha_error storm_run(const struct load_settings *settings, const struct load_identity *identity,
                        volatile sig_atomic_t *stop, struct storm_result *result);

#endif
