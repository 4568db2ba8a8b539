/* record.h - the file of what a load asked and what was promised to it, for a
 * later comparison with what the agent holds.
 *
 * A request is written before it is sent and its answer when it arrives, each
 * batch by one write, so that a load that is killed leaves nothing out that it
 * was promised. 32 octets each, network order, appended; a torn end is cut off
 * by the next who appends.
 *
 * May include: proto, agentd/base. */
#ifndef AGENTD_LOAD_RECORD_H
#define AGENTD_LOAD_RECORD_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/base/error.h"

#define RECORD_SIZE 32u
#define RECORD_BATCH 256u /* entries held back at most */

enum record_what {
	RECORD_SENT = 1,     /* value: Unix time, milliseconds */
	RECORD_ANSWERED = 2, /* value: the same; identification is the request's */
	/* What the agent was seen to hold after a restart: from there on it is the
	 * past. `identification` is the time of the observation, as a request at
	 * that time would have it; value: the binding's identification, 0 = none.
	 * One entry for each binding. */
	RECORD_OBSERVED = 3,
};

struct load_record {
	uint8_t what;        /* enum record_what */
	uint8_t code;        /* of the answer */
	uint8_t effect;      /* enum load_effect */
	uint16_t lifetime_s; /* asked for, or granted */
	struct in_addr home;
	struct in_addr care_of; /* as it stands in the request */
	uint64_t identification;
	uint64_t value;
};

struct record_file {
	int fd; /* -1: nothing is recorded */
	size_t held;
	uint8_t octets[RECORD_BATCH * RECORD_SIZE];
};

/* For appending. HA_E_PERMISSION, HA_E_NOTFOUND, HA_E_NODISK, HA_E_IO. */
enum ha_error record_open(struct record_file *out, const char *path);
void record_none(struct record_file *out); /* one that swallows everything */
enum ha_error record_close(struct record_file *file);

/* Hold an entry until the next flush. HA_OK, or the error of a flush. */
enum ha_error record_add(struct record_file *file, const struct load_record *record);
enum ha_error record_flush(struct record_file *file);

/* All entries of a file, owned by the caller (free). A torn end is left out.
 * HA_E_DAMAGED: an entry is none. */
enum ha_error record_load(const char *path, struct load_record **out, size_t *count);

#endif
