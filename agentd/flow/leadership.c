/* leadership.c - what becomes of this member's part when it begins to lead, and
 * when it does no more: who may answer, whose the home agent's address is, whose
 * time counts. On the engine's thread, which must not be held up: what takes time
 * is for others to do. */
#include "agentd/flow/internal.h"

#include <inttypes.h>
#include <stdio.h>

#include "agentd/base/log.h"
#include "agentd/dataplane/ownership.h"
#include "agentd/flow/chores.h"
#include "agentd/flow/forwarding.h"

/* ---- the address ---- */

/* Asked by the thread that has the address, whenever its time is over. */
uint64_t leadership_answer_until(void *context)
{
	struct agent *agent = context;
	uint64_t until_ns = 0;

	pthread_mutex_lock(&agent->answer_lock);
	if (agent->answering)
		until_ns = replication_may_answer_until(agent->replication);
	pthread_mutex_unlock(&agent->answer_lock);
	return until_ns;
}

enum ha_error leadership_open(struct agent *agent, char *report, size_t size)
{
	const struct config *config = &agent->config;
	const struct ownership_options options = {
		.address = config->home_agent_address,
		.interface = config->interface,
		.hook = config->announce_hook,
		.virtual_mac = config->virtual_mac,
		.virtual_router = (uint8_t)config->virtual_router,
		.until = leadership_answer_until,
		.context = agent,
	};

	return ownership_open(&options, &agent->ownership, report, size);
}

/* From before the lead is handed on nothing is said under the address: the next leader
 * announces it before this one knows that it leads no more. */
void leadership_moment(void *context)
{
	struct agent *agent = context;

	ownership_set(agent->ownership, leadership_answer_until(agent));
	forwarding_attract(agent);
}

static void set_answering(struct agent *agent, bool answering)
{
	pthread_mutex_lock(&agent->answer_lock);
	agent->answering = answering;
	pthread_mutex_unlock(&agent->answer_lock);
	leadership_moment(agent);
}

/* The address was given up when the time had run out. */
void leadership_answers(void *context)
{
	struct agent *agent = context;

	ownership_set(agent->ownership, leadership_answer_until(agent));
}

void leadership_alone(struct agent *agent)
{
	agent->prepared = true;
	set_answering(agent, true);
}

void leadership_stop(struct agent *agent)
{
	set_answering(agent, false);
}

void leadership_leave(struct agent *agent)
{
	ownership_leave(agent->ownership);
}

void leadership_close(struct agent *agent)
{
	ownership_close(agent->ownership);
	agent->ownership = NULL;
}

/* ---- an operator's wishes ---- */

enum ha_error agent_transfer(struct agent *agent, uint8_t member)
{
	return replication_transfer(agent->replication, member);
}

enum ha_error agent_drain(struct agent *agent, bool drain)
{
	return replication_drain(agent->replication, drain);
}

enum ha_error agent_admit(struct agent *agent, uint8_t member)
{
	return replication_admit(agent->replication, member);
}

/* ---- lost ---- */

static void lose_one(struct agent *agent, uint64_t ticket)
{
	if (ticket & TICKET_CONFIGURE)
		configure_lose(agent, ticket);
	else if (ticket & TICKET_DROP)
		drop_lose(agent, ticket);
	else if (ticket >> 32 && agent->receivers[(ticket >> 32) - 1])
		receiver_lose(agent->receivers[(ticket >> 32) - 1], (uint32_t)ticket);
}

/* They may be applied yet, like those of anybody else: whoever comes last for a
 * node or an address has it. Claims go now, on this thread, so that none of them
 * is let go when another one has taken its place. */
void leadership_lose(void *context, const uint64_t *tickets, size_t count)
{
	struct agent *agent = context;

	for (size_t i = 0; i < count; i++)
		lose_one(agent, tickets[i]);
	for (unsigned i = 0; i < agent->receiver_count; i++)
		completions_signal(receiver_completions(agent->receivers[i]));
}

/* ---- another role ---- */

/* Whose configuration is there answers at once; else the chores see to it first. */
static void begin(struct agent *agent, uint64_t term)
{
	time_lead(agent);
	if (!agent->prepared)
		agent->prepared = seed_is_done(agent) && secret_is_made(agent);
	reign_begin(&agent->reign);
	set_answering(agent, true);
	if (agent->chores)
		chores_ask(agent->chores);
	log_notice("this member leads the cluster, in term %" PRIu64, term);
}

static void end(struct agent *agent)
{
	reign_end(&agent->reign);
	set_answering(agent, false);
	if (agent->led)
		log_notice("this member does not lead the cluster any more");
}

void leadership_change(void *context, enum replication_role role, uint64_t term)
{
	struct agent *agent = context;
	const char *before = agent_speak(agent);
	bool leads = role == REPLICATION_LEADER;

	if (leads)
		begin(agent, term);
	else
		end(agent);
	agent->led = leads;
	log_set_subject(before);
}
