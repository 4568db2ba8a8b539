/* snapshot_loans.h - which stores a server of snapshots may read: lent and withdrawn
 * by any thread, read by the server's. A loan that is withdrawn stays where it is until
 * the server has let go of it.
 *
 * May include: replication, agentd/base. */
#ifndef REPLICATION_SNAPSHOT_LOANS_H
#define REPLICATION_SNAPSHOT_LOANS_H

#include <pthread.h>

#include "replication/snapshot.h"

struct loan {
	struct snapshot_loan of; /* as long as it is found, or not let go of */
	bool lent;
	bool withdrawn;
};

struct loans {
	pthread_mutex_t mutex;
	pthread_cond_t let_go;
	struct loan of[REPLICATION_GROUPS_MAX];
};

void loans_init(struct loans *loans);
void loans_destroy(struct loans *loans);

/* Errors of snapshot_server_lend. */
enum ha_error loans_lend(struct loans *loans, const struct snapshot_loan *loan);
/* It is not found any more. NULL: it is not lent. */
const struct loan *loans_withdraw(struct loans *loans, uint32_t group);
/* Until the server has let go of what was withdrawn. */
void loans_await(struct loans *loans, const struct loan *loan);

/* ---- server's thread ---- */

/* NULL: it is not lent. */
const struct loan *loans_find(struct loans *loans, uint32_t group);
/* One that was withdrawn, to be let go of; NULL: none. */
const struct loan *loans_withdrawn(struct loans *loans);
void loans_let_go(struct loans *loans, const struct loan *loan);

#endif
