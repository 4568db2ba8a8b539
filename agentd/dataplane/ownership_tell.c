/* ownership_tell.c - what others learn of the address: lines of the log, and the
 * status. */
#include "agentd/dataplane/ownership_internal.h"

#include <stdio.h>

#include "agentd/base/clock.h"
#include "agentd/base/log.h"
#include "agentd/dataplane/counters.h"

/* A line about a change, at most some a second: a leader whose deadline comes and
 * goes would fill the log. */
static bool may_tell(uint64_t *held_back)
{
	static struct log_limit limit = { .per_second = 5 };

	return log_limit_pass(&limit, clock_monotonic_ns(), held_back);
}

void ownership_tell_change(struct ownership *o, const char *what, uint64_t took_ns)
{
	uint64_t held_back;

	if (!may_tell(&held_back))
		return;
	if (o->place)
		log_notice("%s address %s: %s %s, %s (%u us)", o->subject, o->name.text, what,
		           place_device(o->place), mac_format(place_mac(o->place)).text,
		           (unsigned)(took_ns / 1000u));
	else
		log_notice("%s address %s: %s by %s (%u ms)", o->subject, o->name.text, what,
		           o->program, (unsigned)(took_ns / MS));
}

static const char *step_text(enum ownership_step step)
{
	static const char *const texts[] = {
		[OWNERSHIP_TAKE] = "taken",
		[OWNERSHIP_RENEW] = "renewed",
		[OWNERSHIP_GIVE] = "given up",
		[OWNERSHIP_REST] = "put to rest",
	};

	return texts[step];
}

void ownership_tell_failure(struct ownership *o, enum ownership_step step, const char *why)
{
	static struct log_limit limit = { .per_second = 1 };
	uint64_t held_back;

	dataplane_count(DATAPLANE_FAILURES);
	if (log_limit_pass(&limit, clock_monotonic_ns(), &held_back))
		log_error("%s address %s: cannot be %s: %s", o->subject, o->name.text,
		          step_text(step), why);
}

void ownership_note_status(struct ownership *o)
{
	struct ownership_status *status = &o->status;

	pthread_mutex_lock(&o->mutex);
	if (status->owned != o->plan.held) {
		status->owned = o->plan.held;
		status->since_ms = clock_wall_ms();
	}
	if (o->place) {
		status->mac = place_mac(o->place);
		snprintf(status->device, sizeof(status->device), "%s", place_device(o->place));
	}
	pthread_mutex_unlock(&o->mutex);
}
