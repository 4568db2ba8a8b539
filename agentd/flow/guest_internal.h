/* guest_internal.h - a guest's parts and who owns them.
 *
 *   engine's thread  guest_apply.c: commands to the list, what became of them
 *   store thread     guest_store.c: the list to the store; another member's store in its place
 *   watch thread     guest_watch.c: what an operator is to be told
 *   visitors' thread guest_news.c: what has changed, through struct visitors_members
 */
#ifndef AGENTD_FLOW_GUEST_INTERNAL_H
#define AGENTD_FLOW_GUEST_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "agentd/base/clock.h"
#include "agentd/base/clock_agreement.h"
#include "agentd/base/shared_address.h"
#include "agentd/dataplane/ownership.h"
#include "agentd/flow/alarms_report.h"
#include "agentd/flow/guest.h"
#include "agentd/flow/looker.h"
#include "agentd/flow/room.h"
#include "replication/store.h"

#define GUEST_CHANGES 4096u /* visitors that have changed; of more, all are looked at */
#define GUEST_OUTCOMES 1024u

struct guest_key {
	struct in_addr home, home_agent;
};

/* Who has changed since somebody looked; in a ring. */
struct guest_changes {
	struct guest_key of[GUEST_CHANGES];
	uint32_t first, count;
	bool all; /* anybody may have */
};

/* What a store has. */
struct guest_list {
	struct visitors *visitors;
	uint64_t applied, term, time_ms;
};

/* Of the thread that looks for alarms, but for the last. */
struct guest_watch {
	struct alarms_report report;
	struct replication_status status;
	struct looker looker;
};

struct guest {
	struct guest_options options;
	struct config config;
	char directory[CONFIG_TEXT_MAX + 32];
	bool witness;
	struct visitors_members face;
	struct shared_address shared[SHARED_ADDRESSES_MAX];
	struct ownership *ownerships[SHARED_ADDRESSES_MAX];
	size_t shared_count;

	pthread_mutex_t lock; /* guards all up to the next blank line */
	struct visitors *visitors;
	struct guest_changes to_tell, to_store;
	struct visitors_outcome outcomes[GUEST_OUTCOMES];
	uint32_t outcome_first, outcome_count;
	bool walking; /* all are told, from `place` on */
	uint32_t place;
	uint64_t applied, term; /* newest entry */
	uint64_t time_ms;       /* newest cluster time of the log */
	uint8_t from;           /* the member whose store is wanted; 0 = none */
	bool stopping;
	pthread_cond_t wake;

	/* Held while the engine is asked for something and answers; before answer_lock, which the
	 * engine takes meanwhile. Whoever has it sees `shown` stay. */
	pthread_mutex_t wish_lock;
	pthread_mutex_t answer_lock; /* of the next; held while it is made use of */
	bool answering;              /* it leads, and `replication` may be asked */
	bool shown;                  /* likewise, for the status */
	struct replication *replication;
	bool led; /* as it was said last; engine's thread */
	struct replication_reign seen;
	uint32_t misfits; /* visitors that had no place, and nobody was told; engine's thread */

	pthread_mutex_t clock_lock;
	struct cluster_clock clock;
	struct clock_agreement wall;
	uint64_t expired_ms; /* when lifetimes were looked at last; engine's thread */

	struct store *store;
	_Atomic uint64_t stored;
	_Atomic bool failing;
	uint64_t told_ms;
	bool lends;
	_Atomic unsigned lent;
	pthread_t thread;
	bool started;
	_Atomic bool ending;
	struct room room;

	struct guest_watch watch;
};

/* ---- guest_apply.c ---- */
void guest_machine(struct guest *guest, struct replication_machine *out);
uint64_t guest_time_ms(struct guest *guest);
uint64_t guest_until_ns(void *guest);
void guest_answer(struct guest *guest, bool answering);

/* ---- guest_news.c ---- */
void changes_add(struct guest_changes *changes, const struct foreign_visitor *visitor);
bool changes_take(struct guest_changes *changes, struct guest_key *out);
/* With the lock. */
void guest_settle(struct guest *guest, uint64_t ticket, enum ha_error error);
void guest_poke(struct guest *guest);
void guest_face(struct guest *guest);

/* ---- guest_run.c: from opening store and log to closing them ---- */
uint64_t guest_map_octets(const struct guest *guest);
enum ha_error guest_run_open(struct guest *guest, char *report, size_t size);
enum ha_error guest_run_start(struct guest *guest);
void guest_run_close(struct guest *guest);

/* ---- guest_store.c ---- */
/* Into a list that nobody sees yet. HA_E_CAPACITY, HA_E_DAMAGED, errors of the store, with a
 * sentence. */
enum ha_error guest_store_load(struct guest *guest, struct guest_list *out, char *report,
                               size_t size);
void *guest_store_thread(void *guest);

/* ---- guest_watch.c: from the start of the guest to its halt ---- */
void guest_watch_init(struct guest *guest);
enum ha_error guest_watch_start(struct guest *guest);
void guest_watch_stop(struct guest *guest); /* also of one that is not started */
void guest_watch_free(struct guest *guest);

#endif
