/* trace.c - rings of entries. A mark holds for each trace sixteen bits: the
 * generation of the one that watched when the mark was made, so that what is sent
 * later does not come to a trace that has taken its place. */
#include "agentd/flow/trace.h"

#include <stdlib.h>
#include <string.h>

#include "agentd/base/address.h"
#include "agentd/base/clock.h"

#define MARK_BITS 16u
_Static_assert(TRACES_MAX *MARK_BITS == 64, "a mark has room for all");

void traces_init(struct traces *traces)
{
	memset(traces, 0, sizeof(*traces));
	for (unsigned i = 0; i < TRACES_MAX; i++)
		pthread_mutex_init(&traces->at[i].lock, NULL);
}

void traces_destroy(struct traces *traces)
{
	for (unsigned i = 0; i < TRACES_MAX; i++) {
		free(traces->at[i].entries);
		traces->at[i].entries = NULL;
		pthread_mutex_destroy(&traces->at[i].lock);
	}
}

/* ---- network threads ---- */

static bool is_watched(const struct trace *trace, const struct trace_subject *subject)
{
	if (!trace->entries || trace->realm != subject->realm)
		return false;
	if (!name_digest_is_none(&trace->name)) {
		for (unsigned i = 0; i < TRACE_NAMES; i++)
			if (name_digest_equal(&subject->names[i], &trace->name))
				return true;
		return false;
	}
	for (unsigned i = 0; i < TRACE_HOMES; i++)
		if (subject->homes[i].s_addr && address_equal(subject->homes[i], trace->home))
			return true;
	return false;
}

uint64_t trace_mark(struct traces *traces, const struct trace_subject *subject)
{
	uint64_t mark = 0;

	for (unsigned i = 0; i < TRACES_MAX; i++) {
		struct trace *trace = &traces->at[i];

		pthread_mutex_lock(&trace->lock);
		if (is_watched(trace, subject))
			mark |= (uint64_t)trace->generation << i * MARK_BITS;
		pthread_mutex_unlock(&trace->lock);
	}
	return mark;
}

/* With the lock. */
static void append(struct trace *trace, const struct trace_event *event)
{
	struct trace_entry *entry;
	size_t size = event->octets.size;

	if (trace->count == TRACE_ENTRIES) {
		entry = &trace->entries[(trace->first + trace->count - 1) % TRACE_ENTRIES];
		entry->missed++;
		trace->missed++;
		return;
	}
	entry = &trace->entries[(trace->first + trace->count++) % TRACE_ENTRIES];
	if (size > TRACE_OCTETS_MAX)
		size = TRACE_OCTETS_MAX;
	entry->time_ns = clock_wall_ns();
	entry->missed = 0;
	entry->kind = event->kind;
	entry->broadcast = event->broadcast;
	entry->peer = event->peer;
	entry->peer_port = event->peer_port;
	entry->reason = event->reason;
	entry->size = (uint16_t)size;
	if (size)
		memcpy(entry->octets, event->octets.at, size);
}

static void give(struct trace *trace, uint16_t generation, const struct trace_event *event)
{
	trace_woken *woken = NULL;
	void *context = NULL;

	pthread_mutex_lock(&trace->lock);
	if (trace->entries && trace->generation == generation) {
		append(trace, event);
		woken = trace->woken;
		context = trace->context;
		trace->woken = NULL;
	}
	pthread_mutex_unlock(&trace->lock);
	if (woken)
		woken(context);
}

void trace_event(struct traces *traces, uint64_t mark, const struct trace_event *event)
{
	for (unsigned i = 0; mark; i++, mark >>= MARK_BITS)
		if (mark & UINT16_MAX)
			give(&traces->at[i], (uint16_t)mark, event);
}

/* ---- who watches ---- */

static bool begin(struct trace *trace, struct trace_entry *entries, uint32_t realm,
                  struct in_addr home, const struct name_digest *name)
{
	bool free_now;

	pthread_mutex_lock(&trace->lock);
	free_now = !trace->entries;
	if (free_now) {
		trace->entries = entries;
		trace->generation = trace->generation == UINT16_MAX
		                            ? 1
		                            : (uint16_t)(trace->generation + 1);
		trace->realm = realm;
		trace->home = home;
		trace->name = name ? *name : (struct name_digest){ { 0 } };
		trace->first = trace->count = 0;
		trace->missed = 0;
		trace->woken = NULL;
	}
	pthread_mutex_unlock(&trace->lock);
	return free_now;
}

enum ha_error trace_open(struct traces *traces, uint32_t realm, struct in_addr home,
                         const struct name_digest *name, unsigned *number)
{
	struct trace_entry *entries = calloc(TRACE_ENTRIES, sizeof(*entries));

	if (!entries)
		return HA_E_NOMEM;
	for (unsigned i = 0; i < TRACES_MAX; i++) {
		if (!begin(&traces->at[i], entries, realm, home, name))
			continue;
		atomic_fetch_add(&traces->active, 1);
		*number = i;
		return HA_OK;
	}
	free(entries);
	return HA_E_BUSY;
}

bool trace_take(struct traces *traces, unsigned number, struct trace_entry *out)
{
	struct trace *trace = &traces->at[number];
	bool any;

	pthread_mutex_lock(&trace->lock);
	any = trace->count > 0;
	if (any) {
		*out = trace->entries[trace->first];
		trace->first = (trace->first + 1) % TRACE_ENTRIES;
		trace->count--;
	}
	pthread_mutex_unlock(&trace->lock);
	return any;
}

bool trace_wait(struct traces *traces, unsigned number, trace_woken *woken, void *context)
{
	struct trace *trace = &traces->at[number];
	bool any;

	pthread_mutex_lock(&trace->lock);
	any = trace->count > 0;
	if (!any) {
		trace->woken = woken;
		trace->context = context;
	}
	pthread_mutex_unlock(&trace->lock);
	return any;
}

bool trace_cancel(struct traces *traces, unsigned number)
{
	struct trace *trace = &traces->at[number];
	bool waited;

	pthread_mutex_lock(&trace->lock);
	waited = trace->woken != NULL;
	trace->woken = NULL;
	pthread_mutex_unlock(&trace->lock);
	return waited;
}

uint64_t trace_missed(struct traces *traces, unsigned number)
{
	struct trace *trace = &traces->at[number];
	uint64_t missed;

	pthread_mutex_lock(&trace->lock);
	missed = trace->missed;
	pthread_mutex_unlock(&trace->lock);
	return missed;
}

void trace_close(struct traces *traces, unsigned number)
{
	struct trace *trace = &traces->at[number];
	struct trace_entry *entries;

	pthread_mutex_lock(&trace->lock);
	entries = trace->entries;
	trace->entries = NULL;
	trace->woken = NULL;
	pthread_mutex_unlock(&trace->lock);
	if (entries)
		atomic_fetch_sub(&traces->active, 1);
	free(entries);
}
