/* command_status.c - status, version, counters: what the agent says of itself. */
#include "agentd/base/clock.h"
#include "agentd/base/counters.h"
#include "agentd/control/call.h"
#include "agentd/control/text.h"
#include "agentd/flow/figures.h"
#include "agentd/flow/inspect.h"

static void add_tables(struct answer *answer, const struct agent_status *status)
{
	answer_number(answer, "mobile_nodes", status->mobile_nodes);
	answer_number(answer, "foreign_agents", status->foreign_agents);
	answer_number(answer, "associations", status->associations);
	answer_number(answer, "bindings", status->bindings);
	answer_number(answer, "bindings_committed", status->bindings_committed);
	answer_number(answer, "nodes_capacity", status->nodes_capacity);
	answer_number(answer, "associations_capacity", status->associations_capacity);
	answer_number(answer, "bindings_capacity", status->bindings_capacity);
}

static void add_cluster(struct answer *answer, const struct agent_status *status)
{
	const struct replication_status *cluster = &status->replication;
	char warnings[CLUSTER_WARNINGS_TEXT];

	if (cluster->member_count == 0) {
		answer_null(answer, "member");
		return;
	}
	answer_number(answer, "member", cluster->self);
	answer_number(answer, "members", cluster->member_count);
	answer_flag(answer, "witness", status->witness);
	cluster_facts(answer, cluster);
	answer_flag(answer, "transferring", cluster->transferring);
	answer_flag(answer, "drained", cluster->drained);
	cluster_warnings_text(cluster, warnings, sizeof(warnings));
	answer_text_or_null(answer, "warnings", warnings);
}

/* Nothing where others see to the home agent's address. */
static void add_address(struct answer *answer, const struct ownership_status *status)
{
	if (!status->managed) {
		answer_null(answer, "address_here");
		return;
	}
	answer_flag(answer, "address_here", status->owned);
	if (status->since_ms)
		answer_text(answer, "address_since", "%s", time_format(status->since_ms).text);
	else
		answer_null(answer, "address_since");
	if (!*status->device) {
		answer_null(answer, "address_device");
		return;
	}
	answer_text(answer, "address_device", "%s", status->device);
	answer_text(answer, "address_mac", "%s", mac_format(status->mac).text);
}

static void add_forwarding(struct call *call)
{
	struct answer *answer = &call->answer;
	struct dataplane_status status;
	struct home_status home;

	agent_forwarding(call->agent, &status);
	agent_home(call->agent, &home);
	answer_text(answer, "forwarding", "%s", status.path);
	answer_text(answer, "forwarding_why", "%s", status.why);
	answer_flag(answer, "forwards", status.forwards);
	answer_number(answer, "tunnels", status.bindings);
	answer_number(answer, "home_links", home.links);
	answer_number(answer, "home_announcements", home.waiting);
	answer_number(answer, "home_routes", home.networks);
	answer_text_or_null(answer, "forwarding_trouble", status.doubt);
}

static void add_log(struct answer *answer, const struct replication_status *status)
{
	answer_text(answer, "role", "%s", call_role(status->role));
	answer_number(answer, "term", status->term);
	answer_number(answer, "first_index", status->first_index);
	answer_number(answer, "stored_index", status->stored_index);
	answer_number(answer, "applied_index", status->applied_index);
	answer_number(answer, "log_octets", status->log_octets);
	answer_number(answer, "log_octets_max", status->log_octets_max);
	answer_number(answer, "log_flushes", status->flushes);
}

static void add_store(struct answer *answer, const struct agent_status *status)
{
	answer_number(answer, "store_index", status->store_index);
	answer_number(answer, "store_lag_ms", status->store_lag_ms);
	answer_flag(answer, "store_failing", status->store_failing);
	answer_number(answer, "checkpoints", status->checkpoints);
	answer_number(answer, "checkpoint_rows", status->checkpoint_rows);
	answer_number(answer, "checkpoint_ms", status->checkpoint_ms);
}

enum call_progress call_status(struct call *call)
{
	struct agent_status status;
	struct group_figures figures;
	struct config config;
	uint64_t now_ms = clock_wall_ms();

	if (call->options.word_count)
		return call_usage(call);
	if (!call->agent) {
		visit_status(call);
		return CALL_DONE;
	}
	agent_status(call->agent, &status);
	figures_group(call->agent, &figures);
	agent_config(call->agent, &config);
	answer_text(&call->answer, "version", "%s", HEARTH_VERSION);
	answer_text(&call->answer, "address", "%s", address_format(config.home_agent_address).text);
	answer_number(&call->answer, "port", config.home_agent_port);
	answer_text(&call->answer, "started", "%s", time_format(status.started_ms).text);
	answer_number(&call->answer, "uptime_s",
	              now_ms > status.started_ms ? (now_ms - status.started_ms) / 1000 : 0);
	answer_text(&call->answer, "cluster_time", "%s", time_format(status.cluster_time_ms).text);
	groups_facts(call);
	alarms_facts(&call->answer);
	visit_facts(call);
	add_address(&call->answer, &status.address);
	add_forwarding(call);
	add_cluster(&call->answer, &status);
	figures_leader(&call->answer, &figures);
	add_tables(&call->answer, &status);
	figures_bindings(&call->answer, &figures);
	figures_replies(&call->answer);
	add_log(&call->answer, &status.replication);
	add_store(&call->answer, &status);
	answer_number(&call->answer, "traces", agent_traces(call->agent)->active);
	answer_record(&call->answer);
	return CALL_DONE;
}

enum call_progress call_version(struct call *call)
{
	if (call->options.word_count)
		return call_usage(call);
	answer_text(&call->answer, "agentd", "%s", HEARTH_VERSION);
	answer_record(&call->answer);
	return CALL_DONE;
}

static int add_counter(void *context, const struct counter_set *set,
                       const struct counter_info *info, uint64_t value)
{
	struct answer *answer = context;

	answer_text(answer, "module", "%s", set->name);
	answer_text(answer, "name", "%s", info->name);
	answer_number(answer, "value", value);
	answer_text(answer, "help", "%s", info->help);
	answer_record(answer);
	return 0;
}

/* They are of the process, whichever group is asked. */
static void count_all(const struct call_groups *groups)
{
	for (size_t i = 0; i < groups->count; i++)
		if (!groups->of[i].paused)
			agent_count(groups->of[i].agent);
}

enum call_progress call_counters(struct call *call)
{
	if (call->options.word_count)
		return call_usage(call);
	count_all(call->groups);
	counters_visit(add_counter, &call->answer);
	answer_text(&call->answer, "since", "%s", time_format(counters_since_ms()).text);
	return CALL_DONE;
}
