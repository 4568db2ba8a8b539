/* trace.h - requests of single mobile nodes and the replies to them, as they pass,
 * for operators who watch.
 *
 * A few traces at a time, each with a ring of fixed size that is there while it
 * runs. Network threads copy into it under its lock, which whoever reads holds
 * only to copy an entry out; a ring that is full loses what comes, and says how
 * much. While nobody watches, a request costs one relaxed load.
 *
 * May include: proto, agentd/base. */
#ifndef AGENTD_FLOW_TRACE_H
#define AGENTD_FLOW_TRACE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "agentd/base/error.h"
#include "proto/name.h"

#define TRACES_MAX 4u
#define TRACE_ENTRIES 256u
#define TRACE_OCTETS_MAX 2048u /* of a message; longer ones are cut */

enum trace_kind {
	TRACE_REQUEST,
	TRACE_REPLY,
	TRACE_UNSENT, /* a reply that was ready and is not sent */
};

/* What passes. Borrowed. */
struct trace_event {
	enum trace_kind kind;
	bool broadcast;
	struct in_addr peer;
	uint16_t peer_port; /* host order */
	struct span octets; /* of UDP */
	const char *reason; /* static; "" = none */
};

struct trace_entry {
	uint64_t time_ns; /* Unix time */
	uint64_t missed;  /* that were lost just after this one */
	enum trace_kind kind;
	bool broadcast;
	struct in_addr peer;
	uint16_t peer_port;
	uint16_t size; /* of octets */
	const char *reason;
	uint8_t octets[TRACE_OCTETS_MAX];
};

/* Whose an event is: the addresses and names by which the node may be meant. 0 and
 * none where there are fewer. */
#define TRACE_HOMES 3u
#define TRACE_NAMES 2u
struct trace_subject {
	uint32_t realm;
	struct in_addr homes[TRACE_HOMES];
	struct name_digest names[TRACE_NAMES];
};

/* Called from a network thread, once for each trace_wait that asked for it. */
typedef void trace_woken(void *context);

struct trace {
	pthread_mutex_t lock;
	struct trace_entry *entries; /* TRACE_ENTRIES; NULL = nobody watches */
	uint16_t generation;         /* never 0 while somebody does */
	uint32_t realm;
	struct in_addr home; /* or by name */
	struct name_digest name;
	uint32_t first, count;
	uint64_t missed; /* in all */
	trace_woken *woken;
	void *context;
};

struct traces {
	_Atomic uint32_t active;
	struct trace at[TRACES_MAX];
};

void traces_init(struct traces *traces);
void traces_destroy(struct traces *traces);

/* ---- network threads ---- */

static inline bool traces_are_on(const struct traces *traces)
{
	return atomic_load_explicit(&traces->active, memory_order_relaxed) > 0;
}

/* Which traces watch this node: 0 = none; else it goes with what follows from the
 * request. */
uint64_t trace_mark(struct traces *traces, const struct trace_subject *subject);
/* To those of the mark that still run. */
void trace_event(struct traces *traces, uint64_t mark, const struct trace_event *event);

/* ---- who watches: one thread for each trace ---- */

/* Watch a node by name, or without one by address. HA_E_BUSY: there are
 * TRACES_MAX already; HA_E_NOMEM. */
enum ha_error trace_open(struct traces *traces, uint32_t realm, struct in_addr home,
                         const struct name_digest *name, unsigned *number);
/* The next entry; false: there is none now. */
bool trace_take(struct traces *traces, unsigned number, struct trace_entry *out);
/* true: there is an entry. false: `woken` will be called when there is, unless
 * trace_cancel comes first. */
bool trace_wait(struct traces *traces, unsigned number, trace_woken *woken, void *context);
/* true: `woken` will not be called any more. false: it was, or is just being called. */
bool trace_cancel(struct traces *traces, unsigned number);
/* Entries lost since trace_open. */
uint64_t trace_missed(struct traces *traces, unsigned number);
void trace_close(struct traces *traces, unsigned number);

#endif
