/* ownership.c - the thread that has the address while it may.
 *
 * Whoever leads writes the deadline and wakes the thread when something begins or
 * ends by it. The thread alone sets a deadline that has passed back to 0, so that
 * the next one to come is seen to begin something. */
#include "agentd/dataplane/ownership_internal.h"

#include <errno.h>
#include <linux/capability.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "agentd/base/clock.h"
#include "agentd/base/log.h"
#include "agentd/dataplane/counters.h"
#include "agentd/dataplane/thread_begin.h"
#include "agentd/dataplane/thread_rights.h"

#define HEAR_MAX 64u       /* messages of ARP before the plan is looked at again */
#define LOOK_AGAIN_MS 100u /* for a hook that is to be killed */
#define SILENCE_MS 500u    /* after the deadline with an address that nobody hears of */
#define SILENCE_LOOK_MS 5u /* between looks whether it lies ahead again */
#define HANDOVER_MS 100u   /* for what is under way to us when another one leads */

/* ---- steps ---- */

static void finish(struct ownership *o, enum ownership_step step, bool well, const char *why)
{
	uint64_t now_ns = clock_monotonic_ns();
	bool was_held = o->plan.held;

	ownership_plan_done(&o->plan, step, well, o->began_ns, now_ns);
	if (step == OWNERSHIP_ANNOUNCE) {
		dataplane_count(well ? DATAPLANE_ANNOUNCEMENTS : DATAPLANE_ARP_FAILURES);
		return;
	}
	if (!well) {
		ownership_tell_failure(o, step, why);
	} else if (step == OWNERSHIP_TAKE) {
		dataplane_count(DATAPLANE_TAKES);
		ownership_tell_change(o, o->place ? "taken on" : "taken", now_ns - o->began_ns);
	} else if (step == OWNERSHIP_GIVE && was_held) {
		dataplane_count(DATAPLANE_GIVES);
		ownership_tell_change(o, o->place ? "given up on" : "given up",
		                      now_ns - o->began_ns);
	}
	if (was_held != o->plan.held)
		ownership_note_status(o);
}

static bool do_at_place(struct ownership *o, enum ownership_step step)
{
	switch (step) {
	case OWNERSHIP_TAKE:
		return place_take(o->place, OWNERSHIP_LIFETIME_S) == HA_OK;
	case OWNERSHIP_RENEW:
		return place_renew(o->place, OWNERSHIP_LIFETIME_S) == HA_OK;
	case OWNERSHIP_ANNOUNCE:
		return place_announce(o->place);
	case OWNERSHIP_GIVE:
		return place_give(o->place) == HA_OK;
	case OWNERSHIP_REST:
		return place_rest(o->place) == HA_OK;
	case OWNERSHIP_WAIT:
		break;
	}
	return true;
}

static void do_step(struct ownership *o, enum ownership_step step)
{
	enum ha_error why;
	bool well;

	o->began_ns = clock_monotonic_ns();
	if (o->place) {
		well = do_at_place(o, step);
		finish(o, step, well, place_trouble(o->place));
		return;
	}
	why = hook_start(&o->hook, o->program, step == OWNERSHIP_TAKE ? "take" : "give",
	                 o->name.text, o->interface, o->began_ns);
	if (why == HA_OK)
		o->running = step;
	else
		finish(o, step, false, ha_strerror(why));
}

static void look_at_hook(struct ownership *o)
{
	enum ownership_step step = o->running;
	bool well;

	if (step == OWNERSHIP_WAIT || !hook_ended(&o->hook, clock_monotonic_ns(), &well))
		return;
	o->running = OWNERSHIP_WAIT;
	if (o->hook.killed)
		dataplane_count(DATAPLANE_HOOK_TIMEOUTS);
	finish(o, step, well, o->hook.killed ? "the hook did not end in time" : "the hook failed");
}

/* ---- the deadline ---- */

static uint64_t later_one(struct ownership *o, uint64_t now_ns)
{
	uint64_t until_ns = o->ask ? o->ask(o->context) : 0;

	return until_ns > now_ns ? until_ns : 0;
}

/* A leader that was not heard for a moment is no reason to take an address away
 * and put it back: one that nobody hears of can stay while it is silent. Whoever
 * leads no more says 0; it stays for a moment then, too, since a device without an
 * address takes in nothing of what was sent before others heard of the next leader. */
static bool keeps_silent(const struct ownership *o, uint64_t now_ns, uint64_t until_ns)
{
	uint64_t end_ns = until_ns ? until_ns + SILENCE_MS * MS
	                           : atomic_load(&o->ended_ns) + HANDOVER_MS * MS;

	return o->silent && o->plan.held && !atomic_load(&o->stopping) && now_ns >= until_ns &&
	       now_ns < end_ns;
}

/* It was another one's meanwhile, perhaps: whom the link heard last. */
static void note_return(struct ownership *o, uint64_t now_ns)
{
	uint64_t ended_ns = atomic_load(&o->ended_ns);

	if (ended_ns == o->returned_ns)
		return;
	o->returned_ns = ended_ns;
	ownership_plan_again(&o->plan, now_ns);
}

/* The deadline in force; one that has passed becomes a later one, or 0, or stays
 * for as long as the address is kept in silence. */
static uint64_t read_until(struct ownership *o, uint64_t now_ns)
{
	uint64_t until_ns = atomic_load(&o->until_ns);

	while (until_ns && now_ns >= until_ns) {
		uint64_t next_ns = later_one(o, now_ns);

		if (!next_ns && keeps_silent(o, now_ns, until_ns))
			return until_ns;
		if (!atomic_compare_exchange_strong(&o->until_ns, &until_ns, next_ns))
			continue;
		until_ns = next_ns;
		if (o->plan.held && !next_ns)
			dataplane_count(DATAPLANE_DEADLINES);
	}
	return atomic_load(&o->stopping) ? 0 : until_ns;
}

/* ---- ARP ---- */

/* Somebody else said that he has our address. Who believed him hears it otherwise,
 * but two that both claim it do not fill the link (RFC 5227 section 2.4). */
static void defend(struct ownership *o, const struct arp *heard, uint64_t now_ns)
{
	static struct log_limit limit = { .per_second = 1 };
	uint64_t held_back;

	dataplane_count(DATAPLANE_CONFLICTS);
	if (log_limit_pass(&limit, now_ns, &held_back))
		log_warning("%s address %s: %s claims it too", o->subject, o->name.text,
		            mac_format(heard->from).text);
	if (now_ns < o->defended_ns + 100u * MS)
		return;
	o->defended_ns = now_ns;
	dataplane_count(place_announce(o->place) ? DATAPLANE_ANNOUNCEMENTS
	                                         : DATAPLANE_ARP_FAILURES);
}

static void hear(struct ownership *o)
{
	struct arp arp;

	for (unsigned i = 0; i < HEAR_MAX && place_hear(o->place, &arp); i++) {
		uint64_t now_ns = clock_monotonic_ns();

		if (!o->plan.held || now_ns >= read_until(o, now_ns))
			continue;
		if (place_is_conflict(o->place, &arp))
			defend(o, &arp, now_ns);
		else if (place_is_asked(o->place, &arp))
			dataplane_count(place_answer(o->place, &arp) ? DATAPLANE_ARP_ANSWERS
			                                             : DATAPLANE_ARP_FAILURES);
	}
}

/* ---- the thread ---- */

static void wait_for_news(struct ownership *o, uint64_t until_ns)
{
	struct pollfd about[] = {
		{ .fd = o->wake, .events = POLLIN },
		{ .fd = o->place ? place_arp(o->place) : -1, .events = POLLIN },
		{ .fd = o->running ? o->hook.fd : -1, .events = POLLIN },
	};
	uint64_t now_ns = clock_monotonic_ns(), news;
	uint64_t wait_ns = until_ns > now_ns ? until_ns - now_ns : 0;
	struct timespec wait = { .tv_sec = (time_t)(wait_ns / (1000u * MS)),
		                 .tv_nsec = (long)(wait_ns % (1000u * MS)) };

	if (ppoll(about, 3, until_ns == OWNERSHIP_NEVER ? NULL : &wait, NULL) <= 0)
		return;
	if (about[0].revents && read(o->wake, &news, sizeof(news)) > 0)
		ownership_plan_told(&o->plan);
	if (about[1].revents)
		hear(o);
}

/* Nothing is left to give up, or it could not be given. */
static bool has_finished(const struct ownership *o)
{
	return atomic_load(&o->stopping) && !o->running && !o->plan.held &&
	       (!o->plan.touched || o->plan.failures > 0);
}

/* Do what is due. false: nothing is. */
static bool act(struct ownership *o, uint64_t *next_ns)
{
	uint64_t now_ns = clock_monotonic_ns();
	uint64_t until_ns = read_until(o, now_ns);
	enum ownership_step step;

	look_at_hook(o);
	if (o->running) {
		*next_ns = o->hook.killed ? now_ns + LOOK_AGAIN_MS * MS : o->hook.deadline_ns;
		return false;
	}
	if (ownership_plan_lapse(&o->plan, now_ns)) {
		dataplane_count(DATAPLANE_LAPSES);
		ownership_note_status(o);
	}
	if (keeps_silent(o, now_ns, until_ns)) {
		*next_ns = now_ns + SILENCE_LOOK_MS * MS;
		return false;
	}
	if (now_ns < until_ns)
		note_return(o, now_ns);
	step = ownership_plan_step(&o->plan, now_ns, until_ns);
	*next_ns = ownership_plan_next(&o->plan, now_ns, until_ns);
	if (step != OWNERSHIP_WAIT)
		do_step(o, step);
	return step != OWNERSHIP_WAIT;
}

/* One right or none; a hook inherits nothing. */
static void confine(const struct ownership *o)
{
	char subject[64];

	snprintf(subject, sizeof(subject), "%.20s address %s", o->subject, o->name.text);
	thread_rights_keep(o->place ? 1u << CAP_NET_ADMIN : 0, subject);
}

static void *run(void *context)
{
	struct ownership *o = context;
	uint64_t next_ns = 0;

	confine(o);
	pthread_setname_np(pthread_self(), "address");
	while (!has_finished(o))
		if (!act(o, &next_ns) && !has_finished(o))
			wait_for_news(o, next_ns);
	if (o->place)
		place_leave(o->place);
	return NULL;
}

/* ---- the face ---- */

static enum ha_error open_hook(struct ownership *o, const struct ownership_options *options,
                               char *report, size_t size)
{
	if (access(options->hook, X_OK) != 0)
		return ha_refuse(report, size, ha_error_of_errno(errno),
		                 "home-agent.announce-hook: %s: %s", options->hook,
		                 strerror(errno));
	snprintf(o->program, sizeof(o->program), "%s", options->hook);
	snprintf(o->interface, sizeof(o->interface), "%s", options->interface);
	o->plan.touched = true; /* by a predecessor that was killed, perhaps */
	return HA_OK;
}

static enum ha_error start_thread(struct ownership *o)
{
	enum ha_error why;

	o->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (o->wake < 0)
		return ha_error_of_errno(errno);
	why = thread_begin(&o->thread, run, o);
	o->started = why == HA_OK;
	return why;
}

static enum ha_error open_all(struct ownership *o, const struct ownership_options *options,
                              char *report, size_t size)
{
	enum ha_error why = HA_OK;

	if (*options->hook) {
		why = open_hook(o, options, report, size);
	} else {
		o->place = place_open(options, &why, report, size);
		o->plan.renews = true;
		o->silent = options->virtual_mac;
	}
	if (why != HA_OK)
		return why;
	o->status.managed = true;
	ownership_note_status(o);
	why = start_thread(o);
	if (why != HA_OK)
		ha_refuse(report, size, why, "the thread of the %s address: %s", o->subject,
		          ha_strerror(why));
	return why;
}

enum ha_error ownership_open(const struct ownership_options *options, struct ownership **out,
                             char *report, size_t size)
{
	struct ownership *o;
	enum ha_error why;

	*out = NULL;
	if (!*options->interface && !*options->hook)
		return HA_OK;
	o = calloc(1, sizeof(*o));
	if (!o)
		return ha_refuse(report, size, HA_E_NOMEM, "%s", ha_strerror(HA_E_NOMEM));
	pthread_mutex_init(&o->mutex, NULL);
	o->address = options->address;
	o->ask = options->until;
	o->context = options->context;
	o->name = address_format(options->address);
	o->subject = options->subject ? options->subject : "home agent";
	o->wake = -1;
	why = open_all(o, options, report, size);
	if (why == HA_OK)
		*out = o;
	else
		ownership_close(o);
	return why;
}

static void wake(struct ownership *o)
{
	const uint64_t one = 1;

	while (write(o->wake, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

void ownership_set(struct ownership *o, uint64_t until_ns)
{
	uint64_t before;

	if (!o)
		return;
	if (!until_ns && atomic_load(&o->until_ns))
		atomic_store(&o->ended_ns, clock_monotonic_ns());
	before = atomic_exchange(&o->until_ns, until_ns);
	if ((before == 0) != (until_ns == 0))
		wake(o);
}

struct ownership_status ownership_status(struct ownership *o)
{
	struct ownership_status status = { 0 };

	if (!o)
		return status;
	pthread_mutex_lock(&o->mutex);
	status = o->status;
	pthread_mutex_unlock(&o->mutex);
	return status;
}

void ownership_leave(struct ownership *o)
{
	if (!o || !o->started)
		return;
	atomic_store(&o->stopping, true);
	wake(o);
	pthread_join(o->thread, NULL);
	o->started = false;
}

void ownership_close(struct ownership *o)
{
	if (!o)
		return;
	ownership_leave(o);
	place_close(o->place);
	if (o->wake >= 0)
		close(o->wake);
	pthread_mutex_destroy(&o->mutex);
	free(o);
}
