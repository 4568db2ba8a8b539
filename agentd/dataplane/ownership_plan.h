/* ownership_plan.h - what is to be done about the address next, and when.
 *
 * Pure: no clock, no socket, no thread. The caller asks for the step that is due,
 * does it, says how it went, and asks again; when nothing is due it waits until
 * the plan's moment, or until it is told another deadline.
 *
 * All times are those of clock_monotonic_ns().
 *
 * May include: nothing of ours. */
#ifndef AGENTD_DATAPLANE_OWNERSHIP_PLAN_H
#define AGENTD_DATAPLANE_OWNERSHIP_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#define OWNERSHIP_LIFETIME_S 1u /* that the kernel is given with each renewal; it counts seconds */
#define OWNERSHIP_RENEW_MS 250u /* between renewals */
#define OWNERSHIP_REST_MS 1000u /* without the address until the device is put down */
#define OWNERSHIP_RETRY_MS 20u  /* after a step that failed; doubled with each failure */
#define OWNERSHIP_RETRY_MAX_MS 2000u

#define OWNERSHIP_NEVER UINT64_MAX

enum ownership_step {
	OWNERSHIP_WAIT,     /* nothing is due */
	OWNERSHIP_TAKE,     /* put the address there */
	OWNERSHIP_RENEW,    /* give the kernel another second */
	OWNERSHIP_ANNOUNCE, /* gratuitous ARP */
	OWNERSHIP_GIVE,     /* take the address away */
	OWNERSHIP_REST,     /* put the device down */
};

/* Zero-initialise all but `renews`, and `touched` when something may have been
 * left behind. Read the fields, do not write them. */
struct ownership_plan {
	bool renews;        /* the address has a lifetime, and is announced; not so with a hook */
	bool held;          /* the address is here */
	bool touched;       /* it may be here, wholly or in part: a take was tried */
	bool awake;         /* the device may be up */
	unsigned announced; /* how often since it was taken */
	unsigned failures;  /* in a row */
	uint64_t renewed_ns, announce_ns, rest_ns, retry_ns;
};

/* The step that is due when the address is to be had until `until_ns`. */
enum ownership_step ownership_plan_step(const struct ownership_plan *plan, uint64_t now_ns,
                                        uint64_t until_ns);

/* A step was begun at `began_ns` and is done at `now_ns`. */
void ownership_plan_done(struct ownership_plan *plan, enum ownership_step step, bool well,
                         uint64_t began_ns, uint64_t now_ns);

/* Has the kernel taken the address away, because the last renewal is too long ago?
 * Then the plan begins again with a take. Asked before each step. */
bool ownership_plan_lapse(struct ownership_plan *plan, uint64_t now_ns);

/* A word from outside began or ended something: what failed before does not hold
 * it up. */
void ownership_plan_told(struct ownership_plan *plan);

/* An address that is still here is to be had again, and others may have had it
 * meanwhile: it is announced as one that was just taken. */
void ownership_plan_again(struct ownership_plan *plan, uint64_t now_ns);

/* When the next step will be due; OWNERSHIP_NEVER when only a word from outside
 * makes one due. */
uint64_t ownership_plan_next(const struct ownership_plan *plan, uint64_t now_ns, uint64_t until_ns);

#endif
