/* snapshot.h - a whole store of a group from one member to another, in rows.
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
	uint32_t octets_per_ms;                    /* throttle, of all groups; 0 = none */
};

/* A group's store, for others to read. */
struct snapshot_loan {
	uint32_t group;
	struct store *store;
	void *context;
	/* A transaction is about to be opened / was closed: while one is open the log
	 * keeps what follows it, and the store is written sparingly. Each once per
	 * transaction, of which there may be two. Server's thread; they must not lend
	 * or withdraw. */
	void (*opened)(void *context);
	void (*closed)(void *context);
};

struct snapshot_server;

/* Own thread, which has nothing to give yet. Errors of transport_open. */
struct snapshot_server *snapshot_server_open(const struct snapshot_server_options *options,
                                             enum ha_error *why, char *report, size_t size);

/* From now on who asks for this group gets this store. HA_E_EXISTS (it is lent),
 * HA_E_CAPACITY (more than REPLICATION_GROUPS_MAX). Any thread. */
enum ha_error snapshot_server_lend(struct snapshot_server *server,
                                   const struct snapshot_loan *loan);
/* Whoever reads it is cut off; when this returns the server knows nothing of it any
 * more. Harmless when it is not lent. Any thread but the server's. */
void snapshot_server_withdraw(struct snapshot_server *server, uint32_t group);

void snapshot_server_close(struct snapshot_server *server); /* accepts NULL */

struct snapshot_fetch_options {
	const struct replication_cluster *cluster; /* borrowed for the call */
	uint32_t group;
	uint8_t from;          /* member */
	const char *directory; /* to be made, or emptied; holds the new store */
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
