/* applier.c - the state machine behind replication: committed entries into the
 * state, results to whom they concern, and expiry. All on the engine's
 * thread; reads no clock while applying. */
#include "agentd/flow/internal.h"

#include <stdio.h>

#include "agentd/base/log.h"
#include "agentd/flow/counters.h"
#include "agentd/flow/forwarding.h"
#include "agentd/flow/keys.h"
#include "agentd/flow/refill.h"
#include "agentd/state/command.h"

static void fail(struct agent *agent, uint64_t index, enum ha_error error, uint32_t key)
{
	char entry[64], what[512];

	snprintf(entry, sizeof(entry), "entry %llu of the log", (unsigned long long)index);
	if (error == HA_E_NO_KEY || error == HA_E_OTHER_KEY)
		keys_explain(agent, error, entry, key, what, sizeof(what));
	else
		snprintf(what, sizeof(what), "entry %llu of the log cannot be applied",
		         (unsigned long long)index);
	agent_fail(agent, error, what);
}

/* To whoever put it in order, if it was anybody of this process. */
static void tell(struct agent *agent, const struct replication_entry *entry,
                 struct state_outcome *outcome)
{
	if (outcome->results || entry->ticket & TICKET_CONFIGURE)
		configure_applied(agent, entry->ticket, entry->index, outcome);
	else if (entry->ticket & TICKET_DROP)
		drop_applied(agent, entry->ticket, outcome);
	else if (entry->ticket >> 32 && agent->receivers[(entry->ticket >> 32) - 1])
		completions_post(receiver_completions(agent->receivers[(entry->ticket >> 32) - 1]),
		                 (struct completion){ (uint32_t)entry->ticket, outcome->error });
}

/* Newest cluster time of what was applied, in *time_ms. */
static void apply_one(struct agent *agent, const struct replication_entry *entry, uint64_t *time_ms)
{
	struct state_outcome outcome;
	enum ha_error error = state_apply(agent->state, entry->index,
	                                  (struct span){ entry->command, entry->size }, &outcome);

	if (error != HA_OK) {
		fail(agent, entry->index, error, outcome.unopened_key);
	} else {
		if (outcome.time_ms > *time_ms)
			*time_ms = outcome.time_ms;
		figures_note_bindings(agent);
		revocation_note(agent, &outcome);
		tell(agent, entry, &outcome);
	}
	state_outcome_free(&outcome);
}

struct applied applier_position(struct agent *agent)
{
	struct applied applied;

	pthread_mutex_lock(&agent->applied_lock);
	applied = (struct applied){ agent->applied_index, agent->applied_term };
	pthread_mutex_unlock(&agent->applied_lock);
	return applied;
}

static void note_position(struct agent *agent, const struct replication_entry *last)
{
	pthread_mutex_lock(&agent->applied_lock);
	agent->applied_index = last->index;
	agent->applied_term = last->term;
	pthread_mutex_unlock(&agent->applied_lock);
}

/* Others may know of all up to `last`. */
static void finish(struct agent *agent, uint64_t time_ms, const struct replication_entry *last)
{
	if (!reign_is_on(&agent->reign))
		time_follow(agent, time_ms);
	note_position(agent, last);
	figures_show_bindings(agent);
	forwarding_applied(agent);
	for (unsigned i = 0; i < agent->receiver_count; i++)
		completions_signal(receiver_completions(agent->receivers[i]));
	checkpoint_dirty(agent);
}

static void apply(void *context, const struct replication_entry *entries, size_t count)
{
	struct agent *agent = context;
	const char *before = agent_speak(agent);
	uint64_t time_ms = 0;

	for (size_t i = 0; i < count && !agent->failed; i++)
		apply_one(agent, &entries[i], &time_ms);
	if (!agent->failed)
		finish(agent, time_ms, &entries[count - 1]);
	log_set_subject(before);
}

#define EXPIRE_BATCH 128u

/* Expiry is a command like any other, so that all members agree. A node that
 * refreshes meanwhile is not hurt: applying looks at the binding again. */
static void expire(struct agent *agent, const uint64_t *places, size_t count, uint64_t time_ms)
{
	uint8_t octets[64 + 10 * EXPIRE_BATCH];
	struct replication_command command = {
		.group = agent->group,
		.ticket = TICKET_NOBODY,
		.command = octets,
		.size = command_expire(time_ms, places, count, octets, sizeof(octets)),
	};

	if (replication_submit(agent->replication, &command, 1) == HA_OK)
		counter_add(&flow_counters, FLOW_EXPIRED, count);
}

/* A bounded share per tick: a million lifetimes may end together. */
static void expire_some(struct agent *agent)
{
	uint64_t time_ms = agent_cluster_ms(agent);
	uint64_t places[EXPIRE_BATCH];

	for (unsigned i = 0; i < 32; i++) {
		size_t count = state_expired(agent->state, time_ms, places, EXPIRE_BATCH);

		if (count > 0)
			expire(agent, places, count, time_ms);
		if (count < EXPIRE_BATCH)
			break;
	}
}

/* Only who leads ends lifetimes: the others see it done. */
static void tick(void *context)
{
	struct agent *agent = context;
	const char *before = agent_speak(agent);

	if (reign_is_on(&agent->reign))
		expire_some(agent);
	revocation_tick(agent);
	forwarding_tick(agent);
	log_set_subject(before);
}

static void outrun(void *context, uint8_t from)
{
	struct agent *agent = context;
	const char *before = agent_speak(agent);

	refill_ask(agent->refill, from);
	log_set_subject(before);
}

static void failed(void *context, enum ha_error why, const char *what)
{
	agent_fail(context, why, what);
}

void applier_machine(struct agent *agent, struct replication_machine *out)
{
	*out = (struct replication_machine){
		.context = agent,
		.apply = apply,
		.tick = tick,
		.failed = failed,
		.lost = leadership_lose,
		.role = agent->witness ? NULL : leadership_change,
		.answers = agent->witness ? NULL : leadership_answers,
		.moment = agent->witness ? NULL : leadership_moment,
		.outrun = outrun,
	};
}
