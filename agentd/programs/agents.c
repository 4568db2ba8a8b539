/* agents.c - the order in which agents and what they share come up and go down. */
#include "agentd/programs/agents.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agentd/base/log.h"
#include "agentd/dataplane/dataplane.h"

/* From any thread. Nothing may be written any more: what is on the disk is
 * what was promised, and the next start finds it. */
static void on_failed(void *context, enum ha_error why, const char *what)
{
	const struct agents_one *one = context;

	if (one->agent)
		agent_speak(one->agent);
	log_error("%s: %s; agentd ends, nothing that was granted is lost", what, ha_strerror(why));
	_exit(EXIT_FAILURE);
}

/* From a thread of the agent. */
static void on_renewed(void *context)
{
	struct agents_one *one = context;

	atomic_store(&one->renewed, true);
	loop_wake(one->all->loop);
}

/* Signals are for the main thread: those it starts inherit a full mask. */
static void hold_signals(sigset_t *before)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, before);
}

static void let_signals(const sigset_t *before)
{
	pthread_sigmask(SIG_SETMASK, before, NULL);
}

/* ---- coming up ---- */

/* The sentence names the group where there are several. */
static void name_group(const struct agents_one *one, char report[AGENTS_REPORT])
{
	char sentence[AGENTS_REPORT];

	if (one->all->configs.count == 1 || !*report)
		return;
	snprintf(sentence, sizeof(sentence), "%s", report);
	snprintf(report, AGENTS_REPORT, "group %u: %.*s", one->config->group,
	         (int)AGENTS_REPORT - 20, sentence);
}

/* As on_failed, of no home agent. */
static void on_guest_failed(void *context, enum ha_error why, const char *what)
{
	(void)context;
	log_set_subject(NULL);
	log_error("%s: %s; agentd ends, nothing that was granted is lost", what, ha_strerror(why));
	_exit(EXIT_FAILURE);
}

static enum ha_error open_guest(struct agents *agents, char report[AGENTS_REPORT])
{
	const struct guest_options options = {
		.config = &agents->configs.of[0],
		.member = agents->member,
		.failed = on_guest_failed,
	};
	enum ha_error why;

	if (!config_shares_visitors(options.config))
		return HA_OK;
	agents->guest = guest_open(&options, &why, report, AGENTS_REPORT);
	return why;
}

static enum ha_error open_one(struct agents *agents, struct agents_one *one,
                              char report[AGENTS_REPORT])
{
	const struct agent_options options = {
		.config = one->config,
		.member = agents->member,
		.several = agents->configs.count > 1,
		.failed = on_failed,
		.renewed = on_renewed,
		.context = one,
	};
	enum ha_error why;

	one->agent = agent_open(&options, &why, report, AGENTS_REPORT);
	if (one->agent) {
		agent_speak(one->agent);
		why = agent_listen(one->agent, report, AGENTS_REPORT);
		log_set_subject(NULL);
	}
	if (why != HA_OK)
		name_group(one, report);
	return why;
}

uint32_t agents_that_forward(const struct agents *agents)
{
	uint32_t groups = 0;

	for (size_t i = 0; i < agents->configs.count; i++)
		if (config_forwards(&agents->configs.of[i]))
			groups |= 1u << agents->configs.of[i].group;
	return groups;
}

enum ha_error agents_open(struct agents *agents, char report[AGENTS_REPORT])
{
	uint32_t forward = agents_that_forward(agents);
	enum ha_error why = HA_OK;

	if (!config_has_home_agent(&agents->configs.of[0]))
		return HA_OK;
	if (forward)
		dataplane_tidy(&agents->configs.of[0], forward);
	if (agents->configs.of[0].cluster_node)
		agents->member = membership_open(&agents->configs, &why, report, AGENTS_REPORT);
	for (size_t i = 0; i < agents->configs.count && why == HA_OK; i++) {
		struct agents_one *one = &agents->of[agents->count++];

		one->all = agents;
		one->config = &agents->configs.of[i];
		why = open_one(agents, one, report);
	}
	return why == HA_OK ? open_guest(agents, report) : why;
}

static enum ha_error start_one(struct agents_one *one, char report[AGENTS_REPORT])
{
	enum ha_error why;

	agent_speak(one->agent);
	why = agent_start(one->agent);
	log_set_subject(NULL);
	if (why == HA_OK)
		return HA_OK;
	snprintf(report, AGENTS_REPORT, "the agent cannot be started: %s", ha_strerror(why));
	name_group(one, report);
	return why;
}

static enum ha_error start_all(struct agents *agents, char report[AGENTS_REPORT])
{
	enum ha_error why = HA_OK;
	sigset_t before;

	hold_signals(&before);
	if (agents->member)
		why = membership_start(agents->member, report, AGENTS_REPORT);
	for (size_t i = 0; i < agents->count && why == HA_OK; i++)
		why = start_one(&agents->of[i], report);
	if (why == HA_OK && agents->guest)
		why = guest_start(agents->guest, report, AGENTS_REPORT);
	let_signals(&before);
	return why;
}

enum ha_error agents_start(struct agents *agents, struct loop *loop, struct control_server *control,
                           struct mib_service *snmp, char report[AGENTS_REPORT])
{
	enum ha_error why;

	agents->loop = loop;
	agents->control = control;
	agents->snmp = snmp;
	why = start_all(agents, report);
	for (size_t i = 0; i < agents->count && why == HA_OK; i++) {
		control_server_add(control, agents->of[i].agent);
		mib_service_add(snmp, agents->of[i].agent);
	}
	control_server_guest(control, agents->guest);
	if (why == HA_OK)
		why = mib_service_start(snmp, report, AGENTS_REPORT);
	if (why == HA_OK)
		control_server_start(control);
	return why;
}

/* ---- starting again ---- */

/* The next start of the process finds what this one found. */
static void *start_again(void *argument)
{
	struct agents_one *one = argument;

	agent_speak(one->agent);
	if (agent_again(one->agent, one->report, sizeof(one->report)) != HA_OK) {
		log_error("%s", one->report);
		_exit(EXIT_FAILURE);
	}
	atomic_store(&one->started, true);
	loop_wake(one->all->loop);
	return NULL;
}

static void begin_again(struct agents_one *one)
{
	sigset_t before;
	int number;

	log_notice("starting again over the store of another member");
	control_server_pause(one->all->control, one->config->group);
	mib_service_pause(one->all->snmp, one->config->group);
	hold_signals(&before);
	number = pthread_create(&one->thread, NULL, start_again, one);
	let_signals(&before);
	if (number != 0) {
		log_error("no thread to start again: %s", strerror(number));
		_exit(EXIT_FAILURE);
	}
	one->starting = true;
}

static void await_again(struct agents_one *one)
{
	if (one->starting)
		pthread_join(one->thread, NULL);
	one->starting = false;
}

static void look_at(struct agents_one *one)
{
	if (atomic_exchange(&one->started, false)) {
		await_again(one);
		control_server_resume(one->all->control, one->config->group);
		mib_service_resume(one->all->snmp, one->config->group);
		log_notice("started again");
	}
	if (!one->starting && atomic_exchange(&one->renewed, false))
		begin_again(one);
}

void agents_look(struct agents *agents)
{
	for (size_t i = 0; i < agents->count; i++) {
		agent_speak(agents->of[i].agent);
		look_at(&agents->of[i]);
	}
	log_set_subject(NULL);
}

bool agents_are_starting(const struct agents *agents)
{
	bool starting = false;

	for (size_t i = 0; i < agents->count; i++)
		starting = starting || agents->of[i].starting;
	return starting;
}

void agents_reload(struct agents *agents)
{
	for (size_t i = 0; i < agents->count; i++) {
		agent_speak(agents->of[i].agent);
		agent_reload(agents->of[i].agent, agents->of[i].config);
	}
	log_set_subject(NULL);
}

/* ---- going down ---- */

void agents_stop(struct agents *agents)
{
	for (size_t i = 0; i < agents->count; i++)
		await_again(&agents->of[i]);
	guest_halt(agents->guest);
	for (size_t i = 0; i < agents->count; i++)
		if (agents->of[i].agent)
			agent_halt(agents->of[i].agent);
	membership_stop(agents->member);
	for (size_t i = 0; i < agents->count; i++) {
		if (!agents->of[i].agent)
			continue;
		agent_speak(agents->of[i].agent);
		agent_stop(agents->of[i].agent);
	}
	log_set_subject(NULL);
}

void agents_close(struct agents *agents)
{
	guest_close(agents->guest);
	for (size_t i = 0; i < agents->count; i++)
		agent_close(agents->of[i].agent);
	membership_close(agents->member);
}
