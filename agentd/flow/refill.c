/* refill.c - one fetch at a time: asked for, made, offered. The thread ends with
 * the fetch that succeeds, because what comes next is another run of the agent. */
#include "agentd/flow/refill.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "agentd/base/background.h"
#include "agentd/base/log.h"
#include "agentd/flow/counters.h"
#include "agentd/flow/internal.h"
#include "agentd/flow/succession.h"
#include "replication/snapshot.h"

#define RETRY_MS 1000u /* after a fetch that failed; each further one doubles it */
#define RETRY_DOUBLINGS 5u
#define PROGRESS_MS 10000u /* between two lines that tell how far it is */

struct refill {
	struct agent *agent;
	pthread_mutex_t lock; /* guards all up to the next blank line */
	pthread_cond_t wake;
	uint8_t from; /* asked for since the last fetch began; 0 = not */
	bool fetching;
	bool running; /* there is a thread */
	bool ended;   /* a store is here: nothing more is fetched */

	pthread_t thread;
	unsigned failures; /* in a row; the thread's */
	uint64_t told_ns;  /* engine's thread */
	_Atomic bool stop;
	_Atomic uint64_t rows;
};

/* ---- the thread ---- */

static enum ha_error fetch(struct refill *r, uint8_t from, char *report, size_t size)
{
	const struct config *config = &r->agent->config;
	char directory[CONFIG_TEXT_MAX + 32];
	const struct snapshot_fetch_options options = {
		.cluster = &r->agent->member->cluster,
		.group = r->agent->group,
		.from = from,
		.directory = directory,
		.map_octets = (uint64_t)config->store_map_mib << 20,
		.stop = &r->stop,
		.rows = &r->rows,
	};
	enum ha_error error;

	r->rows = 0;
	snprintf(directory, sizeof(directory), "%s/" SUCCESSION_FETCHING, config->data_directory);
	error = snapshot_fetch(&options, report, size);
	return error == HA_OK ? succession_offer(config->data_directory, report, size) : error;
}

/* Was it the last one? */
static bool fetch_once(struct refill *r, uint8_t from)
{
	uint64_t began_ns = clock_monotonic_ns();
	char report[512] = "";
	enum ha_error error;

	if (r->agent->witness) {
		log_notice("this witness starts again with what the members have");
		return true;
	}
	flow_count(FLOW_REFILLS);
	log_notice("this member lags too far: fetching the store of member %u", from);
	error = fetch(r, from, report, sizeof(report));
	if (error == HA_OK) {
		log_notice("the store of member %u is here, %" PRIu64 " rows in %" PRIu64 " ms",
		           from, (uint64_t)r->rows, (clock_monotonic_ns() - began_ns) / 1000000u);
		return true;
	}
	if (error == HA_E_CLOSED)
		return true;
	flow_count(FLOW_REFILL_FAILURES);
	log_warning("the store of member %u could not be fetched: %s; it is tried again", from,
	            *report ? report : ha_strerror(error));
	return false;
}

/* The member to fetch from; 0: it is time to end. With the lock. */
static uint8_t next_source(struct refill *r)
{
	uint8_t from;

	while (!r->stop && r->from == 0)
		pthread_cond_wait(&r->wake, &r->lock);
	from = r->stop ? 0 : r->from;
	r->from = 0;
	return from;
}

/* With the lock. */
static void pause_between(struct refill *r)
{
	unsigned doublings = r->failures < RETRY_DOUBLINGS ? r->failures++ : RETRY_DOUBLINGS;
	const struct timespec until = clock_condition_time(
		clock_monotonic_ns() + (RETRY_MS * UINT64_C(1000000) << doublings));

	while (!r->stop && pthread_cond_timedwait(&r->wake, &r->lock, &until) == 0)
		;
}

static void *run(void *argument)
{
	struct refill *r = argument;
	struct agent *agent = r->agent;
	bool last = false;
	uint8_t from;

	agent_thread(agent, "refill");
	background_thread();
	pthread_mutex_lock(&r->lock);
	while (!last && (from = next_source(r)) != 0) {
		r->fetching = true;
		pthread_mutex_unlock(&r->lock);
		last = fetch_once(r, from);
		pthread_mutex_lock(&r->lock);
		r->fetching = false;
		if (!last)
			pause_between(r);
	}
	r->ended = true;
	pthread_mutex_unlock(&r->lock);
	/* The next call ends this thread, sooner or later. */
	if (last && !r->stop && agent->options.renewed)
		agent->options.renewed(agent->options.context);
	return NULL;
}

/* ---- from outside ---- */

struct refill *refill_new(struct agent *agent)
{
	struct refill *r = calloc(1, sizeof(*r));
	pthread_condattr_t attributes;

	if (!r)
		return NULL;
	r->agent = agent;
	pthread_mutex_init(&r->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&r->wake, &attributes);
	pthread_condattr_destroy(&attributes);
	return r;
}

static void tell_progress(struct refill *r)
{
	uint64_t now_ns = clock_monotonic_ns();

	if (now_ns - r->told_ns < PROGRESS_MS * UINT64_C(1000000))
		return;
	if (r->told_ns)
		log_notice("fetching a store: %" PRIu64 " rows so far", (uint64_t)r->rows);
	r->told_ns = now_ns;
}

void refill_ask(struct refill *r, uint8_t from)
{
	bool fetching;

	pthread_mutex_lock(&r->lock);
	fetching = r->fetching;
	if (!fetching && !r->ended && !r->stop) {
		r->from = from;
		if (!r->running)
			r->running = pthread_create(&r->thread, NULL, run, r) == 0;
		pthread_cond_signal(&r->wake);
	}
	pthread_mutex_unlock(&r->lock);
	if (fetching)
		tell_progress(r);
	else
		r->told_ns = 0;
}

void refill_stop(struct refill *r)
{
	if (!r)
		return;
	pthread_mutex_lock(&r->lock);
	r->stop = true;
	pthread_cond_signal(&r->wake);
	pthread_mutex_unlock(&r->lock);
	if (r->running)
		pthread_join(r->thread, NULL);
	r->running = false;
}

void refill_free(struct refill *r)
{
	if (!r)
		return;
	refill_stop(r);
	pthread_cond_destroy(&r->wake);
	pthread_mutex_destroy(&r->lock);
	free(r);
}
