/* run.h - the load itself: a window of requests under way, or a rate.
 *
 * With a rate the loop is open: a request is due at its time whatever became
 * of the ones before, and its latency counts from when it was due, so that an
 * agent that stalls is not spared what would have come meanwhile.
 *
 * A node has one request under way. One that is not answered in time is counted
 * as lost and asked again by a new request with a new identification, as
 * timestamps demand, up to a number of tries. Before that, it may be sent again
 * as it was: whoever took it answers as before, whoever did not takes it now.
 *
 * May include: agentd/load, agentd/base. */
#ifndef AGENTD_LOAD_RUN_H
#define AGENTD_LOAD_RUN_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "agentd/base/histogram.h"
#include "agentd/load/identity.h"
#include "agentd/load/plan.h"
#include "agentd/load/record.h"

struct load_settings {
	struct sockaddr_in target;
	const char *interface; /* of a link with a foreign agent, the target; NULL: UDP sockets */
	struct in_addr source; /* of the first socket, the others count on; zero: any */
	uint32_t nodes;
	uint32_t sockets;
	uint32_t window;      /* requests under way, at most */
	uint32_t rate;        /* per second; 0 = as fast as the window allows */
	uint64_t count;       /* requests, not counting tries; 0 = until the time is over */
	uint64_t duration_ns; /* 0 = until the count is reached */
	uint64_t timeout_ns;
	uint64_t retransmit_ns; /* until a request goes out again as it is; then twice as long
	                         * each time, within timeout_ns; 0 = never */
	uint32_t tries;         /* requests to one effect, at most; 0 = no limit */
	uint64_t seed;          /* of the order and kind of requests */
	uint16_t lifetime_s;
	bool echo;           /* the target returns what it is sent */
	bool until_accepted; /* end with the first acceptance */
};

struct load_result {
	uint64_t sent;              /* requests, with those sent again */
	uint64_t again;             /* of these, because the one before was lost */
	uint64_t copies;            /* sent again as they were; not in `sent` */
	uint64_t answered;          /* awaited and authentic, whatever the code */
	uint64_t lost;              /* without an answer in time */
	uint64_t late;              /* authentic, after they were counted as lost */
	uint64_t bad;               /* neither */
	uint64_t in_window;         /* answered before sending ended */
	uint64_t window_ns;         /* how long sending went on */
	uint64_t cpu_ns;            /* of this program meanwhile */
	uint64_t first_accepted_ns; /* monotonic; 0 = none */
	uint64_t codes[256];
	struct histogram latency; /* nanoseconds */
};

/* Run to the end or until *stop is set. HA_E_NOMEM, or an error of the sockets
 * or of the record. */
enum ha_error load_run(const struct load_settings *settings, const struct load_identity *identity,
                       const struct load_mode *mode, struct record_file *record,
                       volatile sig_atomic_t *stop, struct load_result *result);

#endif
