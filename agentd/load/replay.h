/* replay.h - send accepted requests of a record once more, octet for octet, and
 * see that none has an effect: the newest of a node may be answered as it was,
 * for no longer than it was; all older ones are denied or met with silence.
 *
 * May include: agentd/load. */
#ifndef AGENTD_LOAD_REPLAY_H
#define AGENTD_LOAD_REPLAY_H

#include <stdint.h>
#include <stdio.h>

#include "agentd/load/record.h"
#include "agentd/load/run.h"

struct replay_result {
	uint64_t replayed;
	uint64_t same; /* the newest, answered as it was */
	uint64_t denied;
	uint64_t silent;
	uint64_t bad;      /* datagrams that are no authentic answer */
	uint64_t accepted; /* with an effect: an older one, or for longer */
};

/* Replay up to settings->count acceptances, chosen at random by settings->seed,
 * the newest half of the record twice as likely. Sorts the record. HA_E_NOMEM,
 * or an error of the sockets. */
enum ha_error replay(const struct load_settings *settings, const struct load_identity *identity,
                     struct load_record *records, size_t count, FILE *people,
                     volatile sig_atomic_t *stop, struct replay_result *result);

#endif
