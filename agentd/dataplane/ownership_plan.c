/* ownership_plan.c - the order of steps around one address. */
#include "agentd/dataplane/ownership_plan.h"

#define MS UINT64_C(1000000)

/* After the address was taken: at once, soon again for who missed that, and once
 * more after any predecessor that was stopped has lost it for certain. From then
 * on so often that switches, which forget after minutes, never do. */
static const uint32_t announce_after_ms[] = { 0, 50, 200, 500, 1000, 2000 };
#define ANNOUNCE_EVERY_MS 30000u
#define ANNOUNCE_FIRST (sizeof(announce_after_ms) / sizeof(announce_after_ms[0]))

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static enum ownership_step step_of_owner(const struct ownership_plan *plan, uint64_t now_ns)
{
	if (!plan->held)
		return now_ns >= plan->retry_ns ? OWNERSHIP_TAKE : OWNERSHIP_WAIT;
	if (!plan->renews)
		return OWNERSHIP_WAIT;
	if (now_ns >= plan->announce_ns && plan->announced < ANNOUNCE_FIRST)
		return OWNERSHIP_ANNOUNCE;
	if (now_ns >= plan->renewed_ns + OWNERSHIP_RENEW_MS * MS && now_ns >= plan->retry_ns)
		return OWNERSHIP_RENEW;
	return now_ns >= plan->announce_ns ? OWNERSHIP_ANNOUNCE : OWNERSHIP_WAIT;
}

enum ownership_step ownership_plan_step(const struct ownership_plan *plan, uint64_t now_ns,
                                        uint64_t until_ns)
{
	if (now_ns < until_ns)
		return step_of_owner(plan, now_ns);
	/* What was lost is given up without regard to a failure before it. */
	if (plan->held || (plan->touched && now_ns >= plan->retry_ns))
		return OWNERSHIP_GIVE;
	return plan->awake && !plan->touched && now_ns >= plan->rest_ns ? OWNERSHIP_REST
	                                                                : OWNERSHIP_WAIT;
}

bool ownership_plan_lapse(struct ownership_plan *plan, uint64_t now_ns)
{
	if (!plan->renews || !plan->held ||
	    now_ns < plan->renewed_ns + OWNERSHIP_LIFETIME_S * 1000u * MS)
		return false;
	plan->held = false;
	plan->retry_ns = now_ns;
	return true;
}

void ownership_plan_told(struct ownership_plan *plan)
{
	plan->failures = 0;
	plan->retry_ns = 0;
}

void ownership_plan_again(struct ownership_plan *plan, uint64_t now_ns)
{
	plan->announced = 0;
	plan->announce_ns = now_ns;
}

/* ---- what a step changed ---- */

static void taken(struct ownership_plan *plan, uint64_t began_ns, uint64_t now_ns)
{
	plan->held = true;
	plan->renewed_ns = began_ns;
	ownership_plan_again(plan, now_ns);
}

static void announced(struct ownership_plan *plan, uint64_t began_ns)
{
	uint32_t wait_ms = ANNOUNCE_EVERY_MS;

	if (++plan->announced < ANNOUNCE_FIRST)
		wait_ms = announce_after_ms[plan->announced] -
		          announce_after_ms[plan->announced - 1];
	plan->announce_ns = began_ns + wait_ms * MS;
}

static void given(struct ownership_plan *plan, uint64_t now_ns)
{
	plan->touched = false;
	plan->rest_ns = now_ns + OWNERSHIP_REST_MS * MS;
}

static void failed(struct ownership_plan *plan, uint64_t now_ns)
{
	uint64_t wait_ms = OWNERSHIP_RETRY_MAX_MS;

	if (plan->failures < 16)
		wait_ms = earlier(wait_ms, (uint64_t)OWNERSHIP_RETRY_MS << plan->failures);
	plan->failures++;
	plan->retry_ns = now_ns + wait_ms * MS;
}

/* What holds whether or not the step went well. */
static void attempted(struct ownership_plan *plan, enum ownership_step step)
{
	if (step == OWNERSHIP_TAKE) {
		plan->touched = true;
		plan->awake = plan->renews;
	}
	if (step == OWNERSHIP_GIVE)
		plan->held = false;
	if (step == OWNERSHIP_REST)
		plan->awake = false;
}

void ownership_plan_done(struct ownership_plan *plan, enum ownership_step step, bool well,
                         uint64_t began_ns, uint64_t now_ns)
{
	attempted(plan, step);
	if (step == OWNERSHIP_ANNOUNCE) {
		announced(plan, began_ns); /* sent or not: the next one comes anyway */
		return;
	}
	if (!well) {
		failed(plan, now_ns);
		return;
	}
	plan->failures = 0;
	if (step == OWNERSHIP_TAKE)
		taken(plan, began_ns, now_ns);
	else if (step == OWNERSHIP_RENEW)
		plan->renewed_ns = began_ns;
	else if (step == OWNERSHIP_GIVE)
		given(plan, now_ns);
}

/* ---- when to look again ---- */

static uint64_t next_of_owner(const struct ownership_plan *plan)
{
	uint64_t renew_ns = plan->renewed_ns + OWNERSHIP_RENEW_MS * MS;

	if (!plan->held)
		return plan->retry_ns;
	if (!plan->renews)
		return OWNERSHIP_NEVER;
	return earlier(plan->announce_ns, renew_ns > plan->retry_ns ? renew_ns : plan->retry_ns);
}

uint64_t ownership_plan_next(const struct ownership_plan *plan, uint64_t now_ns, uint64_t until_ns)
{
	if (now_ns < until_ns)
		return earlier(until_ns, next_of_owner(plan));
	if (plan->held)
		return now_ns;
	if (plan->touched)
		return plan->retry_ns;
	return plan->awake ? plan->rest_ns : OWNERSHIP_NEVER;
}
