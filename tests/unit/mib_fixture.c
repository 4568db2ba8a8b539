/* mib_fixture.c - two agents, a view of them, and the ways to ask. */
#include "tests/unit/mib_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/base/address.h"
#include "agentd/base/log.h"
#include "agentd/dataplane/forward_reasons.h"
#include "agentd/dataplane/tc_keep.h"
#include "agentd/dataplane/user_counters.h"
#include "agentd/flow/internal.h"
#include "mib/objects.h"
#include "tests/unit/suite.h"

#define UPTIME 500000u

struct mib_tree *tree;
struct mib_view *view;
struct agent *agents[MIB_FIXTURE_GROUPS];
static char directory[] = "/tmp/hearth-mib.XXXXXX"; /* for what is no table or log */
static struct memory_disk *disks[MIB_FIXTURE_GROUPS];

static struct agent *open_agent(unsigned group)
{
	struct config *config = calloc(1, sizeof(*config));
	struct agent_options options = { .config = config };
	char report[512] = "";
	struct agent *agent;
	enum ha_error why;

	config_defaults(config);
	config->group = group;
	config->home_agent_realm = group * 7;
	config->home_agent_port = 434 + group;
	address_parse(group ? "192.0.2.2" : "192.0.2.1", &config->home_agent_address);
	snprintf(config->data_directory, sizeof(config->data_directory),
	         group ? "%s/groups/%u" : "%s", directory, group);
	config->capacity_nodes = config->capacity_associations = config->capacity_bindings = 10;
	memory_disk_in_use = disks[group] = memory_disk_new();
	agent = agent_open(&options, &why, report, sizeof(report));
	CU_ASSERT_PTR_NOT_NULL_FATAL(agent);
	free(config);
	return agent;
}

void mib_be_member(void)
{
	memory_status = (struct replication_status){
		.role = REPLICATION_LEADER,
		.term = UINT64_C(1) << 33,
		.first_index = 2,
		.stored_index = 9,
		.last_index = 10,
		.commit_index = 8,
		.log_octets = 4096,
		.log_octets_max = UINT64_C(1) << 34,
		.flushes = 5,
		.self = 1,
		.leader = 1,
		.member_count = 3,
	};
	for (uint8_t i = 0; i < 3; i++) {
		memory_status.members[i] = (struct replication_peer){
			.number = (uint8_t)(i + 1),
			.self = i == 0,
			.witness = i == 2,
			.connected = i > 0,
			.match_index = 7,
			.lag_ms = 12,
			.round_trip_us = 130,
			.clock_offset_us = -42,
			.silent_ms = 3,
			.port = 4340,
		};
		snprintf(memory_status.members[i].address, sizeof(memory_status.members[i].address),
		         "198.51.100.%u", i + 1u);
	}
}

void mib_enter(uint32_t context)
{
	mib_view_end(view);
	mib_view_begin(view, context, UPTIME);
}

void mib_set_up(void)
{
	counters_register(&forward_counters);
	counters_register(&tc_counters);
	counters_register(&user_counters);
	memory_status = (struct replication_status){ .stored_index = 9, .first_index = 1 };
	view = calloc(1, sizeof(*view));
	CU_ASSERT_TRUE_FATAL(view && mib_view_open(view, mib_table_count));
	for (unsigned i = 0; i < MIB_FIXTURE_GROUPS; i++) {
		agents[i] = open_agent(i);
		mib_view_add(view, agents[i]);
	}
	tree = mib_tree_make(mib_tables, mib_table_count);
	CU_ASSERT_PTR_NOT_NULL_FATAL(tree);
	mib_enter(MIB_ALL_GROUPS);
}

void mib_tear_down(void)
{
	mib_view_close(view);
	mib_tree_free(tree);
	free(view);
	for (unsigned i = 0; i < MIB_FIXTURE_GROUPS; i++) {
		agent_close(agents[i]);
		memory_disk_free(disks[i]);
	}
}

/* ---- asking ---- */

struct mib_name mib_name_of(const uint32_t *arcs, size_t count)
{
	struct mib_name name = { .size = 8, .at = { MIB_HEARTH_ROOT } };

	for (size_t i = 0; i < count; i++)
		name.at[name.size++] = arcs[i];
	return name;
}

struct mib_value mib_get(struct mib_name name)
{
	struct mib_value value = { .type = MIB_NONE };

	if (mib_tree_get(tree, view, &name, &value) != MIB_FOUND)
		value.type = MIB_NONE;
	return value;
}

bool is_missing(struct mib_name name)
{
	return mib_get(name).type == MIB_NONE;
}

int64_t number(struct mib_name name)
{
	struct mib_value value = mib_get(name);

	switch (value.type) {
	case MIB_INTEGER:
		return value.is.integer;
	case MIB_UNSIGNED:
	case MIB_COUNTER:
	case MIB_COUNTER64:
	case MIB_TICKS:
		return (int64_t)value.is.number;
	default:
		return INT64_MIN;
	}
}

bool is_text(struct mib_name name, const char *text)
{
	struct mib_value value = mib_get(name);

	return value.type == MIB_OCTETS && value.size == strlen(text) &&
	       memcmp(value.is.octets, text, value.size) == 0;
}

static bool is_same(const struct mib_value *one, const struct mib_value *other)
{
	if (one->type != other->type)
		return false;
	if (one->type == MIB_OCTETS)
		return one->size == other->size &&
		       memcmp(one->is.octets, other->is.octets, one->size) == 0;
	return one->type == MIB_INTEGER ? one->is.integer == other->is.integer
	                                : one->is.number == other->is.number;
}

size_t walk(struct mib_name within, struct mib_name names[MIB_WALK_MAX])
{
	struct mib_name name = within, next;
	struct mib_value value, again;
	struct mib_range all;
	size_t count = 0;

	mib_range_below(&within, &all);
	while (mib_tree_next(tree, view, &name, false, &all, &next, &value)) {
		CU_ASSERT_TRUE(mib_name_compare(&name, &next) < 0);
		again = mib_get(next);
		CU_ASSERT_TRUE(is_same(&value, &again));
		name = next;
		if (names && count < MIB_WALK_MAX)
			names[count] = next;
		count++;
	}
	return count;
}

/* ---- the suite ---- */

int mib_suite_run(const char *name, CU_TestInfo *tests)
{
	log_configure(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	return suite_run_in(directory, name, tests);
}
