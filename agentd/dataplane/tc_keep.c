/* tc_keep.c - see the header.
 *
 * One lock is around everything that writes maps. Whoever changes the table does so
 * first and mirrors it then, under the lock; a reconciliation looks at the table under
 * the lock. So the last writer of a home address has seen its last state. */
#include "agentd/dataplane/tc_keep.h"

#include <linux/capability.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/base/clock.h"
#include "agentd/base/log.h"
#include "agentd/dataplane/tc_exits.h"
#include "agentd/dataplane/thread_begin.h"
#include "agentd/dataplane/thread_rights.h"

#define SECOND_NS UINT64_C(1000000000)
#define TICK_NS SECOND_NS        /* counters, and whether there is something to do */
#define STEP_NS (SECOND_NS / 50) /* between two steps of a reconciliation */
#define ICMP_HEADER 8u
#define STEP_HOMES 1000u
#define REFRESH_NS (2 * SECOND_NS)     /* interfaces and own addresses */
#define RECONCILE_NS (300 * SECOND_NS) /* from the end of one to the next */

struct tc_keep {
	struct tc *tc;
	struct tunnels *tunnels;
	pthread_t thread;
	bool started;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool ending;      /* under the lock */
	bool healing;     /* a reconciliation is under way; the thread's */
	bool healed_once; /* what was adopted is not counted as an error of ours */
	struct tc_reconcile heal;
	uint64_t healed_ns, refreshed_ns;
	struct soft *soft; /* under the lock, as the rest; NULL: nothing was learnt */
	struct tc_exits exits;
	uint64_t published[TC_COUNTER_COUNT]; /* what our program counted until then */
	_Atomic bool settled;                 /* the table was complete once */
	_Atomic bool whole;
};

COUNTERS_DEFINE(tc_counters, "tc", TC_COUNTERS, TC_COUNTER_COUNT);

/* ---- exits ---- */

/* The exit is where the quoted packet was sent to. */
void tc_keep_learnt(struct tc_keep *k, struct soft *soft, struct span packet)
{
	struct span quoted;
	struct ip4 ip;

	if (ip4_read(packet, &ip) != HA_OK || ip.protocol != IP4_ICMP)
		return;
	quoted = ip4_payload(packet, &ip);
	if (quoted.size < ICMP_HEADER)
		return;
	quoted = (struct span){ quoted.at + ICMP_HEADER, quoted.size - ICMP_HEADER };
	if (ip4_read_quoted(quoted, &ip) != HA_OK)
		return;
	pthread_mutex_lock(&k->lock);
	k->soft = soft;
	if (k->tc)
		tc_exits_learn(&k->exits, k->tc, soft, ip.destination, clock_monotonic_ns());
	pthread_mutex_unlock(&k->lock);
}

/* ---- the thread ---- */

/* Others of this process count in the same place. */
static void publish_one(struct tc_keep *k, enum tc_counter counter, uint64_t now)
{
	counter_add(&tc_counters, counter, now - k->published[counter]);
	k->published[counter] = now;
}

static void publish(struct tc_keep *k)
{
	for (unsigned i = 0; i < TC_REASON_COUNT; i++)
		publish_one(k, (enum tc_counter)i, tc_count(k->tc, i));
	publish_one(k, TC_COUNTER_FAILURES, tc_failures(k->tc));
}

/* Said when it changes: an interface that comes and goes is the operator's. Without the
 * lock: the kernel answers about interfaces when nobody changes any, and that may take
 * long, while who writes bindings has no time. What is written is nobody else's. */
static void refresh(struct tc_keep *k)
{
	char report[256];
	bool was_whole = atomic_load(&k->whole), whole;

	pthread_mutex_unlock(&k->lock);
	whole = tc_refresh(k->tc, report, sizeof(report)) == HA_OK;
	pthread_mutex_lock(&k->lock);
	k->refreshed_ns = clock_monotonic_ns();
	atomic_store(&k->whole, whole);
	if (!whole)
		counter_add(&tc_counters, TC_COUNTER_DETACHED, 1);
	if (whole && !was_whole)
		log_notice("BPF is on all its interfaces again");
	else if (!whole && was_whole)
		log_warning("BPF is not on all its interfaces, and user space forwards what comes "
		            "there: %s",
		            report);
}

static void end_healing(struct tc_keep *k)
{
	uint64_t found = k->heal.added + k->heal.changed + k->heal.removed;

	k->healing = false;
	k->healed_ns = clock_monotonic_ns();
	if (found != 0 && k->healed_once) {
		counter_add(&tc_counters, TC_COUNTER_HEALED, found);
		log_warning(
			"the maps of BPF differed from the table of tunnels and were put right: "
			"%llu were missing, %llu other ones, %llu too many",
			(unsigned long long)k->heal.added, (unsigned long long)k->heal.changed,
			(unsigned long long)k->heal.removed);
	}
	k->healed_once = true;
}

/* With the lock held. */
static void heal(struct tc_keep *k, uint64_t now_ns)
{
	if (!k->healing) {
		if (!atomic_load(&k->settled) ||
		    (k->healed_once && now_ns - k->healed_ns < RECONCILE_NS))
			return;
		k->healing = true;
		k->heal = (struct tc_reconcile){ 0 };
	}
	if (!tc_reconcile_step(k->tc, k->tunnels, &k->heal, STEP_HOMES))
		end_healing(k);
}

static void *keep(void *context)
{
	struct tc_keep *k = context;
	uint64_t now_ns, published_ns = 0;
	struct timespec until;

	thread_rights_keep(1u << CAP_NET_ADMIN, "BPF");
	pthread_setname_np(pthread_self(), "bpf");
	pthread_mutex_lock(&k->lock);
	while (!k->ending) {
		now_ns = clock_monotonic_ns();
		heal(k, now_ns);
		if (now_ns - k->refreshed_ns >= REFRESH_NS)
			refresh(k);
		if (now_ns - published_ns >= TICK_NS) {
			publish(k);
			if (k->soft)
				tc_exits_look(&k->exits, k->tc, k->soft, now_ns);
			published_ns = now_ns;
		}
		until = clock_condition_time(clock_monotonic_ns() +
		                             (k->healing ? STEP_NS : TICK_NS));
		pthread_cond_timedwait(&k->wake, &k->lock, &until);
	}
	publish(k);
	tc_close(k->tc, false);
	k->tc = NULL;
	pthread_mutex_unlock(&k->lock);
	return NULL;
}

/* ---- the face ---- */

enum ha_error tc_keep_open(const struct tc_options *options, struct tc_keep **out, char *report,
                           size_t size)
{
	struct tc_keep *k = calloc(1, sizeof(*k));
	pthread_condattr_t attributes;
	enum ha_error why;

	*out = NULL;
	if (!k)
		return ha_refuse(report, size, HA_E_NOMEM, "%s", ha_strerror(HA_E_NOMEM));
	k->tc = tc_open(options, &why, report, size);
	if (!k->tc) {
		free(k);
		return why;
	}
	pthread_mutex_init(&k->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&k->wake, &attributes);
	pthread_condattr_destroy(&attributes);
	atomic_store(&k->whole, true);
	k->healed_once = !tc_was_adopted(k->tc);
	k->healed_ns = k->refreshed_ns = clock_monotonic_ns();
	*out = k;
	return HA_OK;
}

struct tunnels_counters *tc_keep_rows(struct tc_keep *k)
{
	return tc_rows(k->tc);
}

static void mirror(void *context, const struct tunnels_home *before,
                   const struct tunnels_home *after)
{
	struct tc_keep *k = context;

	(void)before;
	pthread_mutex_lock(&k->lock);
	if (k->tc)
		tc_put(k->tc, after);
	pthread_mutex_unlock(&k->lock);
}

enum ha_error tc_keep_begin(struct tc_keep *k, struct tunnels *tunnels, uint32_t user_device)
{
	enum ha_error why = tunnels_observe(tunnels, mirror, k);

	if (why)
		return why;
	k->tunnels = tunnels;
	tc_user_device(k->tc, user_device);
	why = thread_begin(&k->thread, keep, k);
	k->started = why == HA_OK;
	return why;
}

void tc_keep_device(struct tc_keep *k, uint32_t user_device)
{
	pthread_mutex_lock(&k->lock);
	if (k->tc)
		tc_user_device(k->tc, user_device);
	pthread_mutex_unlock(&k->lock);
}

void tc_keep_agent(struct tc_keep *k, uint8_t group, struct in_addr address)
{
	tc_agent(k->tc, group, address);
}

void tc_keep_mac(struct tc_keep *k, uint8_t group, struct mac mac)
{
	tc_mac(k->tc, group, mac);
}

void tc_keep_fence(struct tc_keep *k, uint8_t group, uint64_t forward_until_ns,
                   uint64_t attract_until_ns)
{
	tc_fence(k->tc, group, forward_until_ns, attract_until_ns);
	if (forward_until_ns != 0 && !atomic_load(&k->settled))
		atomic_store(&k->settled, true);
}

void tc_keep_count(struct tc_keep *k)
{
	pthread_mutex_lock(&k->lock);
	if (k->tc)
		publish(k);
	pthread_mutex_unlock(&k->lock);
}

bool tc_keep_is_whole(const struct tc_keep *k)
{
	return atomic_load(&k->whole);
}

void tc_keep_status(struct tc_keep *k, char *text, size_t size)
{
	pthread_mutex_lock(&k->lock);
	tc_status(k->tc, text, size);
	pthread_mutex_unlock(&k->lock);
}

bool tc_keep_has(struct tc_keep *k, uint32_t realm, struct in_addr home)
{
	bool has;

	pthread_mutex_lock(&k->lock);
	has = tc_has(k->tc, realm, home);
	pthread_mutex_unlock(&k->lock);
	return has;
}

void tc_keep_close(struct tc_keep *k)
{
	if (!k)
		return;
	if (k->started) {
		pthread_mutex_lock(&k->lock);
		k->ending = true;
		pthread_cond_signal(&k->wake);
		pthread_mutex_unlock(&k->lock);
		pthread_join(k->thread, NULL);
	} else {
		tc_close(k->tc, false);
	}
	pthread_cond_destroy(&k->wake);
	pthread_mutex_destroy(&k->lock);
	free(k);
}
