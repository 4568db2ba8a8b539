/* watch.h - one mobile node that registers over and over, and tells of each
 * acceptance: how long a service was away is measured with it.
 *
 * A new request leaves every settings->timeout_ns, whether the one before was
 * answered or not, so every acceptance is of a request whose time is known.
 *
 * May include: agentd/load, agentd/base. */
#ifndef AGENTD_LOAD_WATCH_H
#define AGENTD_LOAD_WATCH_H

#include <signal.h>
#include <stdint.h>
#include <stdio.h>

#include "agentd/load/identity.h"
#include "agentd/load/run.h"

struct watch_result {
	uint64_t sent;
	uint64_t accepted;
	uint64_t denied;
	uint64_t bad; /* datagrams that are no authentic answer */
};

/* Until *stop, settings->count requests or settings->duration_ns. Each
 * acceptance is a line of `out`, flushed: when its request left, when it came;
 * nanoseconds of the monotonic clock. HA_E_NOMEM, HA_E_IO, or an error of the
 * socket. */
enum ha_error watch_run(const struct load_settings *settings, const struct load_identity *identity,
                        volatile sig_atomic_t *stop, FILE *out, struct watch_result *result);

#endif
