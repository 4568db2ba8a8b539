/* commit.c - changes are put in order and awaited for a while. Who hears of them later
 * than that finds nobody waiting: the two share a note, which the last of them frees. */
#include "mib/commit.h"

#include <pthread.h>
#include <stdlib.h>

#include "agentd/base/clock.h"
#include "agentd/base/log.h"
#include "agentd/flow/events.h"
#include "proto/authenticator.h"

/* ---- waiting ---- */

struct note {
	pthread_mutex_t lock;
	pthread_cond_t told;
	bool is_told;
	unsigned holders;
	struct batch_outcome outcome;
};

static struct note *note_new(void)
{
	struct note *note = calloc(1, sizeof(*note));
	pthread_condattr_t attributes;

	if (!note)
		return NULL;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&note->told, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_mutex_init(&note->lock, NULL);
	note->holders = 2;
	return note;
}

/* Under its lock, which is let go. */
static void note_let_go(struct note *note)
{
	bool last = --note->holders == 0;

	pthread_mutex_unlock(&note->lock);
	if (!last)
		return;
	pthread_cond_destroy(&note->told);
	pthread_mutex_destroy(&note->lock);
	free(note);
}

/* On the store's thread. */
static void on_done(void *context, const struct batch_outcome *outcome)
{
	struct note *note = context;

	pthread_mutex_lock(&note->lock);
	note->outcome = *outcome;
	note->is_told = true;
	pthread_cond_signal(&note->told);
	note_let_go(note);
}

static struct batch_outcome await(struct note *note, size_t count)
{
	struct batch_outcome outcome = { .error = HA_E_UNCERTAIN, .refused = count };
	const struct timespec end = clock_condition_time(clock_monotonic_ns() +
	                                                 COMMIT_WAIT_MS * UINT64_C(1000000));

	pthread_mutex_lock(&note->lock);
	while (!note->is_told && pthread_cond_timedwait(&note->told, &note->lock, &end) == 0)
		;
	if (note->is_told)
		outcome = note->outcome;
	note_let_go(note);
	return outcome;
}

/* What comes of what was put in order, or why it was not. */
static struct batch_outcome outcome_of(struct note *note, enum ha_error error, size_t refused,
                                       size_t count)
{
	struct batch_outcome outcome = { .error = error, .refused = refused };

	if (error == HA_OK)
		return await(note, count);
	pthread_mutex_lock(&note->lock);
	note->holders = 1; /* nobody will tell */
	note_let_go(note);
	return outcome;
}

static struct batch_outcome put_in_order(struct agent *agent, const char *who,
                                         const struct change *changes, size_t count)
{
	struct note *note = note_new();
	size_t refused = count;
	enum ha_error error;

	if (!note)
		return (struct batch_outcome){ .error = HA_E_NOMEM, .refused = count };
	error = batch_configure(agent, who, changes, count, &refused, on_done, note);
	return outcome_of(note, error, refused, count);
}

static struct batch_outcome put_back(struct agent *agent, const char *who,
                                     const struct batch_undo *undo, uint64_t index)
{
	struct note *note = note_new();

	if (!note)
		return (struct batch_outcome){ .error = HA_E_NOMEM };
	return outcome_of(note, batch_undo(agent, who, undo, index, on_done, note), 0, 0);
}

/* ---- carrying out ---- */

static struct batch_outcome make_changes(struct set_plan *plan, const char *who)
{
	struct batch_outcome outcome = { .error = HA_E_NOMEM, .refused = plan->step_count };
	struct change *changes;
	size_t refused;

	/* Whoever makes a step has found its group. */
	if (!plan->group)
		return outcome;
	changes = calloc(plan->step_count, sizeof(*changes));
	if (!changes)
		return outcome;
	for (size_t i = 0; i < plan->step_count; i++)
		changes[i] = plan->steps[i].change;
	/* What has no way back is done all the same. */
	(void)batch_undo_prepare(plan->group->agent, changes, plan->step_count, &plan->undo,
	                         &refused);
	outcome = put_in_order(plan->group->agent, who, changes, plan->step_count);
	mip_wipe(changes, plan->step_count * sizeof(*changes));
	free(changes);
	return outcome;
}

static struct batch_outcome give_order(const struct set_plan *plan)
{
	struct batch_outcome outcome = { .error = HA_OK };

	if (plan->order.kind == SET_TRANSFER && plan->group)
		outcome.error = agent_transfer(plan->group->agent, plan->order.member);
	else if (plan->order.kind == SET_TEST)
		events_test();
	return outcome;
}

/* At once, and waited for by who makes it. */
static struct batch_outcome make_others(struct set_plan *plan)
{
	struct batch_outcome outcome = { .refused = 0 };

	outcome.error = plan->maker->make(plan->maker_context, plan->made, plan->made_count,
	                                  plan->unmade, &outcome.refused);
	return outcome;
}

static enum ha_error unmake(struct set_plan *plan)
{
	size_t refused;

	return plan->maker->make(plan->maker_context, plan->unmade, plan->made_count, plan->made,
	                         &refused);
}

static size_t blamed_row(const struct set_plan *plan, size_t refused)
{
	if (plan->order.kind != SET_NO_ORDER)
		return plan->order.row;
	if (plan->made_count)
		return plan->made_rows[refused < plan->made_count ? refused : 0];
	return refused < plan->step_count ? plan->steps[refused].row : 0;
}

/* Changes are in the audit trail. */
static void say(const char *who, const struct set_plan *plan, enum ha_error why)
{
	if (why != HA_OK)
		log_notice("a SET by %.60s was not carried out: %s", who, ha_strerror(why));
	else if (plan->order.kind == SET_TRANSFER)
		log_notice("cluster transfer by %.60s", who);
	else if (plan->order.kind == SET_TEST)
		log_notice("a test notification is wanted by %.60s", who);
	else if (plan->made_count)
		log_notice("set by %.60s until the program ends: %zu", who, plan->made_count);
}

enum mib_refusal set_commit(struct set_plan *plan, const char *who)
{
	struct batch_outcome outcome = { .error = HA_OK };

	if (plan->committed || plan->refusal != REFUSAL_NONE)
		return plan->refusal;
	if (plan->group && plan->group->paused)
		outcome.error = HA_E_NOTLEADER;
	else if (plan->step_count)
		outcome = make_changes(plan, who);
	else if (plan->made_count)
		outcome = make_others(plan);
	else
		outcome = give_order(plan);
	say(who, plan, outcome.error);
	if (outcome.error != HA_OK)
		set_refuse(&plan->rows[blamed_row(plan, outcome.refused)], 0,
		           mib_refusal_of(outcome.error));
	plan->committed = outcome.error == HA_OK;
	plan->index = outcome.index;
	return plan->refusal;
}

/* ---- taking back ---- */

enum mib_refusal set_undo(struct set_plan *plan, const char *who)
{
	struct batch_outcome outcome = { .error = HA_E_UNSUPPORTED };

	if (!plan->committed)
		return REFUSAL_NONE;
	plan->committed = false;
	if (plan->order.kind == SET_NO_ORDER && plan->step_count == 0 && plan->made_count == 0)
		return REFUSAL_NONE;
	if (plan->made_count)
		outcome.error = unmake(plan);
	else if (plan->undo && !plan->group->paused)
		outcome = put_back(plan->group->agent, who, plan->undo, plan->index);
	if (outcome.error == HA_OK)
		return REFUSAL_NONE;
	log_notice("a SET by %.60s was not undone, though another agent failed: %s", who,
	           ha_strerror(outcome.error));
	set_refuse(&plan->rows[0], 0, REFUSAL_UNDO);
	return REFUSAL_UNDO;
}
