/* command_groups.c - the groups of this process. */
#include <stdio.h>

#include "agentd/base/address.h"
#include "agentd/control/call.h"
#include "agentd/flow/cluster_view.h"
#include "agentd/flow/figures.h"

const char *call_role(enum replication_role role)
{
	switch (role) {
	case REPLICATION_FOLLOWER:
		return "follower";
	case REPLICATION_CANDIDATE:
		return "candidate";
	case REPLICATION_LEADER:
		return "leader";
	}
	return "unknown";
}

#define GROUPS_TEXT 1024u

static const char *part_of(const struct agent_status *status)
{
	return status->witness ? "witness" : call_role(status->replication.role);
}

static size_t describe(const struct call_group *group, char *out, size_t size)
{
	struct agent_status status;
	struct config config;

	if (group->paused)
		return (size_t)snprintf(out, size, "%u starts again", agent_group(group->agent));
	agent_status(group->agent, &status);
	agent_config(group->agent, &config);
	return (size_t)snprintf(out, size, "%u %s:%u %s", agent_group(group->agent),
	                        address_format(config.home_agent_address).text,
	                        config.home_agent_port, part_of(&status));
}

void groups_facts(struct call *call)
{
	char text[GROUPS_TEXT];
	size_t length = 0;

	if (call->groups->count == 1)
		return;
	for (size_t i = 0; i < call->groups->count && length < sizeof(text); i++) {
		if (i)
			length += (size_t)snprintf(text + length, sizeof(text) - length, ", ");
		if (length < sizeof(text))
			length += describe(&call->groups->of[i], text + length,
			                   sizeof(text) - length);
	}
	answer_number(&call->answer, "group", agent_group(call->agent));
	answer_text(&call->answer, "groups", "%s", text);
}

static void add_leader(struct answer *answer, const struct replication_status *status)
{
	if (cluster_leader(status))
		answer_number(answer, "leader", cluster_leader(status));
	else
		answer_null(answer, "leader");
}

static void add_group(struct answer *answer, const struct call_group *group)
{
	struct agent_status status;
	struct group_figures figures;
	struct config config;

	answer_number(answer, "group", agent_group(group->agent));
	if (group->paused) {
		answer_text(answer, "role", "starts again");
		answer_record(answer);
		return;
	}
	agent_status(group->agent, &status);
	figures_group(group->agent, &figures);
	agent_config(group->agent, &config);
	answer_text(answer, "role", "%s", part_of(&status));
	answer_text(answer, "address", "%s", address_format(config.home_agent_address).text);
	answer_number(answer, "port", config.home_agent_port);
	answer_number(answer, "realm", config.home_agent_realm);
	add_leader(answer, &status.replication);
	answer_number(answer, "mobile_nodes", status.mobile_nodes);
	answer_number(answer, "bindings", status.bindings);
	figures_bindings(answer, &figures);
	figures_leader(answer, &figures);
	answer_record(answer);
}

/* In the columns of the others, as far as it has them. */
static void add_visitors(struct answer *answer, struct guest *guest)
{
	struct guest_status status;

	guest_status(guest, &status);
	answer_number(answer, "group", CONFIG_GROUP_VISITORS);
	if (status.replication.member_count == 0) {
		answer_text(answer, "role", "starts again");
	} else {
		answer_text(answer, "role", "%s",
		            status.witness ? "witness" : call_role(status.replication.role));
		answer_null(answer, "address");
		answer_null(answer, "port");
		answer_null(answer, "realm");
		add_leader(answer, &status.replication);
	}
	answer_record(answer);
}

enum call_progress call_groups(struct call *call)
{
	if (call->options.word_count)
		return call_usage(call);
	for (size_t i = 0; i < call->groups->count; i++)
		add_group(&call->answer, &call->groups->of[i]);
	if (call->groups->guest)
		add_visitors(&call->answer, call->groups->guest);
	return CALL_DONE;
}
