/* survey.h - read a whole store once, without an agent: is every row of a kind
 * that this program understands, how many are there, and how far do they reach.
 *
 * May include: replication, agentd/state. */
#ifndef AGENTD_FLOW_SURVEY_H
#define AGENTD_FLOW_SURVEY_H

#include <stddef.h>
#include <stdint.h>

#include "agentd/base/error.h"
#include "replication/store.h"

#define SURVEY_KEYS_MAX 64u

struct survey {
	uint64_t rows[STORE_TABLE_COUNT];
	uint64_t mobile_nodes;
	uint64_t foreign_agents;
	uint64_t settings; /* that may be shown */
	uint32_t
		cluster_keys[SURVEY_KEYS_MAX]; /* numbers of those that something is sealed under */
	size_t cluster_key_count;
	/* The highest index that any row carries: of the log's entries the store
	 * has nothing that is newer. */
	uint64_t index;
	uint64_t time_ms; /* newest cluster time, as far as the store knows */
};

/* HA_E_DAMAGED  a row cannot be read
 * HA_E_NEWER    a newer program wrote one
 * HA_E_IO, and whatever the store says; with a sentence that begins with `name`. */
enum ha_error survey_store(struct store *store, const char *name, struct survey *out, char *report,
                           size_t size);

#endif
