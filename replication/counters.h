/* counters.h - what replication counts about itself; one row per counter, see
 * agentd/base/counters.h for where a row ends up.
 *
 * May include: agentd/base. */
#ifndef REPLICATION_COUNTERS_H
#define REPLICATION_COUNTERS_H

#include "agentd/base/counters.h"

/* X(id, name, mib_arc, help) */
#define REPLICATION_COUNTERS(X)                                                                    \
	X(BATCHES, "log-batches", 0, "batches of commands made durable")                           \
	X(ENTRIES, "log-entries", 0, "commands made durable")                                      \
	X(OCTETS, "log-octets", 0, "octets written to the log, with padding")                      \
	X(FLUSH_FAILURES, "log-flush-failures", 0, "writes or flushes of the log that failed")     \
	X(REFUSED_BUSY, "log-refused-busy", 0, "submits refused because too much was under way")   \
	X(REFUSED_CAPACITY, "log-refused-capacity", 0, "submits refused because the log was full") \
	X(TORN_BATCHES, "log-torn-batches", 0, "unacknowledged batches dropped by a recovery")     \
	X(ENTRIES_REPLAYED, "log-entries-replayed", 0, "commands replayed by a recovery")          \
	X(SEGMENTS_CREATED, "log-segments-created", 0, "segment files written anew")               \
	X(SEGMENTS_RECYCLED, "log-segments-recycled", 0, "segment files used again")               \
	X(PREPARE_FAILURES, "log-prepare-failures", 0, "segment files that could not be prepared") \
	X(STORE_COMMITS, "store-commits", 0, "transactions of the store made durable")             \
	X(STORE_FAILURES, "store-failures", 0, "transactions of the store that failed")            \
	X(PACKETS_SENT, "cluster-packets-sent", 0, "packets sent to members of the cluster")       \
	X(PACKETS_RECEIVED, "cluster-packets-received", 0, "packets of members taken")             \
	X(PACKETS_DROPPED, "cluster-packets-dropped", 0,                                           \
	  "packets dropped because too many waited for a member")                                  \
	X(PACKETS_REFUSED, "cluster-packets-refused", 0,                                           \
	  "packets of members refused: malformed, stale, or of another disk or cluster")           \
	X(CONNECTIONS_LOST, "cluster-connections-lost", 0, "connections to members that broke")    \
	X(KEYS_REFUSED, "cluster-keys-refused", 0,                                                 \
	  "connections to the cluster's ports refused because the key was of no other member")     \
	X(STRANGERS, "cluster-strangers", 0,                                                       \
	  "connections to the cluster's port closed at once, since they came from no member's "    \
	  "address")                                                                               \
	X(CONNECTIONS, "cluster-connections", 0,                                                   \
	  "connections to the cluster's port taken from members' addresses")                       \
	X(HANDSHAKES, "cluster-handshakes", 0, "of these, those that proved to be a member's")     \
	X(SNAPSHOTS_SERVED, "snapshots-served", 0,                                                 \
	  "moments of the store opened for other members")                                         \
	X(SNAPSHOT_OCTETS, "snapshot-octets", 0, "octets of rows sent to members that lagged")     \
	X(SNAPSHOT_DAMAGED, "snapshot-damaged", 0,                                                 \
	  "messages about snapshots that were broken, in either direction")

#define REPLICATION_COUNTER_ID(id, name, mib_arc, help) REPLICATION_COUNTER_##id,
enum replication_counter {
	REPLICATION_COUNTERS(REPLICATION_COUNTER_ID) REPLICATION_COUNTER_COUNT
};

extern struct counter_set replication_counters;

static inline void replication_count(enum replication_counter counter, uint64_t n)
{
	counter_add(&replication_counters, counter, n);
}

#endif
