/* agent.h - the home agent in operation: what the programs start and what the
 * control socket asks. The threads behind it are in docs/architecture.md.
 *
 * May include: everything below layer 4. */
#ifndef AGENTD_FLOW_AGENT_H
#define AGENTD_FLOW_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/base/config.h"
#include "agentd/base/error.h"
#include "agentd/base/keyring.h"
#include "agentd/dataplane/dataplane.h"
#include "agentd/dataplane/home.h"
#include "agentd/dataplane/ownership.h"
#include "agentd/state/change.h"
#include "replication/replication.h"
#include "replication/store.h"

struct agent;
struct membership; /* agentd/flow/membership.h */

struct agent_options {
	const struct config *config; /* of its group; borrowed for the open */
	/* Of a cluster: what all agents of the process share; they are opened in the
	 * order of their groups. NULL: this agent is alone with a log of its own. */
	struct membership *member;
	bool several; /* lines in the program's log name the group */
	/* Called from any thread, at most once, when nothing can be promised any
	 * more; the program ends the process with a failure. */
	void (*failed)(void *context, enum ha_error why, const char *what);
	/* The store of another member is here, because ours lags too far: agent_again
	 * is to be called. From a thread of the agent, which agent_again ends. NULL:
	 * the next start of the process takes it over. */
	void (*renewed)(void *context);
	void *context;
};

/* Open the store and the log, recover, seed an empty store. No socket yet.
 * On failure NULL, *why, and a sentence for the operator in `report`. */
struct agent *agent_open(const struct agent_options *options, enum ha_error *why, char *report,
                         size_t size);

/* Bind the registration sockets: done before privileges are dropped. */
enum ha_error agent_listen(struct agent *agent, char *report, size_t size);

/* Start the threads and answer. */
enum ha_error agent_start(struct agent *agent);

/* Take over what may change live; restart-only options stay as they are. */
void agent_reload(struct agent *agent, const struct config *config);

/* Take nothing new. The first part of agent_stop, so that several can do it before
 * any of them, or their node, waits for what is under way. */
void agent_halt(struct agent *agent);
/* Stop answering, finish what was taken, write the store, end the threads. */
void agent_stop(struct agent *agent);
void agent_close(struct agent *agent); /* accepts NULL */

/* Stop, open again over what is in the data directory by then, and start, as the
 * process would; sockets stay. Whoever waits for something is told that it is not
 * known. Takes as long as a start does, and nobody else may use the agent meanwhile,
 * agent_fail aside. After an error, with a sentence, agent_close only. */
enum ha_error agent_again(struct agent *agent, char *report, size_t size);

/* For readers: agentd/state/rows.h says what is in the tables. */
struct store *agent_store(struct agent *agent);

/* Lines that this thread writes to the log are about this agent from now on. Returns
 * what log_set_subject does. */
const char *agent_speak(const struct agent *agent);

/* The number of its group. */
uint32_t agent_group(const struct agent *agent);
/* That of the realm in which its mobile nodes have their home addresses. */
uint32_t agent_realm(const struct agent *agent);

struct agent_status {
	struct replication_status replication;
	uint64_t started_ms; /* Unix time */
	uint64_t cluster_time_ms;
	uint32_t mobile_nodes;
	uint32_t foreign_agents;
	uint32_t associations;
	uint32_t bindings;
	uint32_t bindings_committed; /* reserved by the nodes' limits */
	uint32_t bindings_capacity;
	uint32_t nodes_capacity;
	uint32_t associations_capacity;
	uint64_t store_index;            /* applied index that the store holds */
	uint64_t store_lag_ms;           /* age of the oldest change the store lacks; 0 = none */
	uint64_t checkpoints;            /* passes finished */
	uint64_t checkpoint_rows;        /* rows written by the last pass */
	uint64_t checkpoint_ms;          /* how long it took */
	bool store_failing;              /* the last write to the store failed */
	struct ownership_status address; /* where the home agent's is */
	bool witness; /* of a cluster: no bindings, and none of the above but zeros */
};
void agent_status(struct agent *agent, struct agent_status *out);

/* What forwards packets here. */
void agent_forwarding(struct agent *agent, struct dataplane_status *out);
/* What brings them here. */
void agent_home(struct agent *agent, struct home_status *out);

/* Bring the counters up to date that are kept elsewhere, before they are visited. Any
 * thread. */
void agent_count(struct agent *agent);
/* Does it forward packets here, be it that none may pass now? */
bool agent_is_forwarding(const struct agent *agent);
/* What went through a binding. false, and zeros: packets are not forwarded here, or not
 * yet to where it says. */
bool agent_traffic(struct agent *agent, uint32_t realm, struct in_addr home,
                   const struct binding *binding, struct dataplane_traffic *out);

/* As dataplane_explain. HA_E_NOTFOUND: packets are not forwarded here. */
enum ha_error agent_trace_packet(struct agent *agent, const void *packet, size_t size,
                                 dataplane_teller *tell, void *context);

/* As replication_transfer, replication_drain and replication_admit have them. */
enum ha_error agent_transfer(struct agent *agent, uint8_t member);
enum ha_error agent_drain(struct agent *agent, bool drain);
enum ha_error agent_admit(struct agent *agent, uint8_t member);

/* Durations of the log's flushes since start, as replication.h has them. */
void agent_flush_histogram(struct agent *agent, uint64_t counts[REPLICATION_FLUSH_BUCKETS]);

/* The settings in force: the file's, with the cluster's over them. */
void agent_config(struct agent *agent, struct config *out);

/* Have everything that was acknowledged so far written to the store. `done` is
 * called once, from the store thread, with one result (HA_OK, or why the store
 * could not be written), or with none when the agent ends before. HA_E_NOMEM: it
 * is not called. */
typedef void agent_changed(void *context, const enum ha_error *results, size_t count);
enum ha_error agent_checkpoint(struct agent *agent, agent_changed *done, void *context);

/* The cluster's keys: those of the key file in its order, then those that are not
 * in it though something is sealed under them. */
#define AGENT_KEYS_MAX (KEYRING_KEYS_MAX + 64u)
struct agent_key {
	uint32_t id;
	bool present;         /* in the key file */
	bool seals;           /* new secrets */
	char fingerprint[17]; /* hexadecimal digits; "" unless present */
	uint32_t associations;
	uint32_t secrets; /* of the cluster */
};
size_t agent_keys(struct agent *agent, struct agent_key out[AGENT_KEYS_MAX]);
/* Nothing is on its way to the store that may be sealed under another key. */
bool agent_keys_settled(struct agent *agent);

/* Seal everything under the key that seals now, in the background; a start of the
 * agent goes on with it. HA_E_NOTFOUND: everything is. */
enum ha_error agent_rotate(struct agent *agent);
bool agent_is_rotating(struct agent *agent);

/* Change the replicated configuration. `done` is called once, from the store
 * thread, when the changes are durable and readable in the store, with one
 * result per change (HA_OK, HA_E_EXISTS, HA_E_NOTFOUND, HA_E_CAPACITY, HA_E_RANGE),
 * or with no results when the agent ends before it is known what became of them.
 *
 * HA_E_NOTFOUND, HA_E_PERMISSION (no such setting, or the node's file has it),
 * HA_E_BUSY, HA_E_NOTLEADER, HA_E_CAPACITY, HA_E_CLOSED, HA_E_RANGE (more than
 * CHANGES_MAX): nothing was changed and `done` is not called. */
enum ha_error agent_configure(struct agent *agent, const char *who, const struct change *changes,
                              size_t count, agent_changed *done, void *context);

#endif
