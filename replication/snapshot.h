/* snapshot.h - a whole store from one member to another, in rows.
 *
 * The server gives the rows of one read transaction in chunks of bounded size,
 * each with a checksum, as fast as it is told and no faster than the fetcher
 * takes them; a fetch that was interrupted goes on behind its last whole chunk
 * while the server still has that transaction. The fetcher writes a new store
 * beside the old one; what it says of itself (STORE_META) comes with it, but
 * for what is the store's own.
 *
 * Sockets of their own, on the port after the cluster's; the same keys.
 *
 * May include: replication, agentd/base. */
#ifndef REPLICATION_SNAPSHOT_H
#define REPLICATION_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/base/error.h"
#include "replication/replication.h"
#include "replication/store.h"

struct snapshot_server_options {
	const struct replication_cluster *cluster; /* borrowed for the open */
	struct store *store;
	uint32_t octets_per_ms; /* throttle; 0 = none */
	void *context;
	/* A transaction is about to be opened / was closed: while one is open the log
	 * keeps what follows it, and the store is written sparingly. Each once per
	 * transaction, of which there may be two. Server's thread. */
	void (*opened)(void *context);
	void (*closed)(void *context);
};

struct snapshot_server;

/* Own thread. Errors of transport_open. */
struct snapshot_server *snapshot_server_open(const struct snapshot_server_options *options,
                                             enum ha_error *why, char *report, size_t size);
void snapshot_server_close(struct snapshot_server *server); /* accepts NULL */

struct snapshot_fetch_options {
	const struct replication_cluster *cluster; /* borrowed for the call */
	uint8_t from;                              /* member */
	const char *directory;                     /* to be made, or emptied; holds the new store */
	uint64_t map_octets;
	uint32_t patience_ms;     /* with a member that says nothing; 0 = 5 s */
	const _Atomic bool *stop; /* give up when it becomes true */
	_Atomic uint64_t *rows;   /* progress */
};

/* The whole fetch; blocks. The store in `directory` is durable and complete
 * only if HA_OK is returned; it has an identity of its own.
 * HA_E_CLOSED (told to stop), HA_E_TIMEOUT (the member does not answer),
 * HA_E_NODISK, HA_E_DAMAGED, HA_E_NEWER, HA_E_IO, HA_E_NOMEM; with a sentence. */
enum ha_error snapshot_fetch(const struct snapshot_fetch_options *options, char *report,
                             size_t size);

#endif
