/* test_batch.c - batches of an agent over a store in memory: what who asks is told, an
 * association that changes while its key stays, and batches that are taken back. */
#include "tests/unit/replay_world.h"

#include "agentd/flow/features.h"
#include "agentd/flow/own_key.h"

static struct memory_disk *disk;
static struct batch_outcome told_outcome;
static unsigned told_times;

static void on_done(void *context, const struct batch_outcome *outcome)
{
	(void)context;
	told_outcome = *outcome;
	told_times++;
}

static void begin(void)
{
	disk = memory_disk_new();
	world = (struct world){ .time_ms = 1000000 };
	world.agent = start(disk);
	told_times = 0;
}

static void end(void)
{
	agent_close(world.agent);
	memory_disk_free(disk);
}

static void finish(void)
{
	CU_ASSERT_TRUE(memory_step(world.agent->replication));
	CU_ASSERT_EQUAL(write_some(world.agent, NULL, 0, 0), HA_OK);
}

/* What comes of it when it is applied and in the store. */
static enum ha_error make(const struct change *changes, size_t count)
{
	unsigned before = told_times;
	size_t refused;

	CU_ASSERT_EQUAL_FATAL(
		batch_configure(world.agent, "snmp noc", changes, count, &refused, on_done, NULL),
		HA_OK);
	CU_ASSERT_EQUAL(refused, count);
	finish();
	CU_ASSERT_EQUAL(told_times, before + 1);
	return told_outcome.error;
}

static struct change node(unsigned home, unsigned spi)
{
	struct change change = {
		.kind = CHANGE_ADD_ASSOCIATION,
		.peer = PEER_MOBILE_NODE,
		.address = universe_home(home),
		.spi = universe_spi(spi),
		.algorithm = MIP_HMAC_MD5,
		.key_size = 16,
		.bindings = 1,
	};

	memset(change.key, 1 + (int)spi, change.key_size);
	return change;
}

static struct change setting(const char *name, const char *value)
{
	struct change change = { .kind = CHANGE_SET };

	snprintf(change.name, sizeof(change.name), "%s", name);
	snprintf(change.value, sizeof(change.value), "%s", value);
	return change;
}

static struct change seen(struct change change, uint64_t version)
{
	change.guard.set = true;
	change.guard.version = version;
	return change;
}

static struct state_view look(unsigned home, unsigned spi)
{
	struct state_view view = { .id = 0 };

	CU_ASSERT_TRUE(look_at(world.agent->state, PEER_MOBILE_NODE, 0, universe_home(home),
	                       universe_spi(spi), &view));
	return view;
}

static bool is_same_key(const struct state_view *a, const struct state_view *b)
{
	return memcmp(&a->key, &b->key, sizeof(a->key)) == 0;
}

static uint64_t version_of(const char *name)
{
	return state_setting_version(world.agent->state, name);
}

static void who_asks_is_told_which_change_was_refused(void)
{
	struct change changes[] = { setting("registration.burst", "3"), node(0, 0), node(0, 0) };

	begin();
	CU_ASSERT_EQUAL(make(changes, 3), HA_E_EXISTS);
	CU_ASSERT_EQUAL(told_outcome.refused, 2);
	CU_ASSERT_EQUAL(told_outcome.index, 0);
	CU_ASSERT_EQUAL(version_of("registration.burst"), 0);
	CU_ASSERT_EQUAL(make(changes, 2), HA_OK);
	CU_ASSERT_EQUAL(told_outcome.refused, 2);
	CU_ASSERT_EQUAL(told_outcome.index, disk->entry_count);
	CU_ASSERT_EQUAL(version_of("registration.burst"), told_outcome.index);
	check_state(disk, 0, 0);
	end();
}

static void what_cannot_be_put_in_order_names_its_change(void)
{
	struct change changes[] = { setting("registration.burst", "3"),
		                    setting("registration.burst", "none") };
	struct change keeping = node(0, 0);
	size_t refused, entries;

	begin();
	entries = disk->entry_count;
	CU_ASSERT_EQUAL(batch_configure(world.agent, "x", changes, 2, &refused, on_done, NULL),
	                HA_E_RANGE);
	CU_ASSERT_EQUAL(refused, 1);
	keeping.keep_key = true;
	CU_ASSERT_EQUAL(batch_configure(world.agent, "x", &keeping, 1, &refused, on_done, NULL),
	                HA_E_RANGE);
	CU_ASSERT_EQUAL(refused, 0);
	keeping = seen(keeping, 1);
	CU_ASSERT_EQUAL(batch_configure(world.agent, "x", &keeping, 1, &refused, on_done, NULL),
	                HA_E_NOTFOUND);
	CU_ASSERT_EQUAL(batch_configure(world.agent, "x", changes, 0, &refused, on_done, NULL),
	                HA_E_RANGE);
	CU_ASSERT_EQUAL(disk->entry_count, entries);
	CU_ASSERT_EQUAL(told_times, 0);
	end();
}

static void who_waits_at_the_end_is_told_that_nothing_is_known(void)
{
	struct change change = setting("registration.burst", "3");
	size_t refused;

	begin();
	CU_ASSERT_EQUAL(batch_configure(world.agent, "x", &change, 1, &refused, on_done, NULL),
	                HA_OK);
	configure_abandon(world.agent);
	CU_ASSERT_EQUAL(told_times, 1);
	CU_ASSERT_EQUAL(told_outcome.error, HA_E_UNCERTAIN);
	CU_ASSERT_EQUAL(told_outcome.index, 0);
	end();
}

static void an_association_changes_and_keeps_its_key(void)
{
	struct change change = node(0, 0);
	struct state_view before, after;
	uint64_t made, changed;
	size_t refused;

	begin();
	CU_ASSERT_EQUAL(make(&change, 1), HA_OK);
	made = told_outcome.index;
	before = look(0, 0);
	change = seen(node(0, 0), made);
	change.keep_key = true;
	change.bindings = 0;
	change.key_size = 0;
	change.algorithm = 0;
	change.replay = REPLAY_NONCE;
	change.tolerance_s = 33;
	CU_ASSERT_EQUAL(make(&change, 1), HA_OK);
	changed = told_outcome.index;
	CU_ASSERT(changed > made);
	after = look(0, 0);
	CU_ASSERT_TRUE(is_same_key(&before, &after));
	CU_ASSERT_EQUAL(after.replay_style, REPLAY_NONCE);
	CU_ASSERT_EQUAL(after.tolerance_s, 33);
	CU_ASSERT_EQUAL(batch_configure(world.agent, "x", &change, 1, &refused, on_done, NULL),
	                HA_E_CONFLICT);
	check_state(disk, 0, 0);
	end();
}

/* ---- members with other programs ---- */

static enum ha_error ask(bool whole, const struct change *change)
{
	size_t refused = 0;
	enum ha_error error;

	if (!whole)
		return agent_configure(world.agent, "x", change, 1, NULL, NULL);
	error = batch_configure(world.agent, "x", change, 1, &refused, on_done, NULL);
	CU_ASSERT_EQUAL(refused, 1);
	return error;
}

/* Who would not apply it must not get it; what old programs know goes to all. */
static void a_batch_is_refused_while_a_member_has_an_old_program(void)
{
	static const struct {
		struct replication_peer member;
		enum ha_error error;
	} members[] = {
		{ { .number = 2, .feature_level = 1 }, HA_E_OLD_MEMBER },
		{ { .number = 2, .feature_level = 1, .connected = true }, HA_E_OLD_MEMBER },
		{ { .number = 2, .feature_level = FEATURE_LEVEL_BATCH }, HA_OK },
		{ { .number = 2, .feature_level = FEATURE_LEVEL_BATCH + 1 }, HA_OK },
		{ { .number = 2 }, HA_OK }, /* not heard yet */
		{ { .number = 2, .feature_level = 1, .witness = true }, HA_OK },
		{ { .number = 2, .feature_level = 1, .self = true }, HA_OK },
	};
	struct change change = setting("registration.burst", "3");

	begin();
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		memory_status = (struct replication_status){ .member_count = 3 };
		memory_status.members[0] = (struct replication_peer){ .number = 1, .self = true };
		memory_status.members[1] = (struct replication_peer){
			.number = 3, .feature_level = FEATURE_LEVEL_BATCH
		};
		memory_status.members[2] = members[i].member;
		CU_ASSERT_EQUAL(ask(true, &change), members[i].error);
		CU_ASSERT_EQUAL(ask(false, &change), HA_OK);
	}
	memory_status = (struct replication_status){ 0 };
	while (memory_step(world.agent->replication))
		;
	CU_ASSERT_EQUAL(write_some(world.agent, NULL, 0, 0), HA_OK);
	end();
}

/* ---- taking back ---- */

static struct batch_undo *undo;

static enum ha_error prepare(const struct change *changes, size_t count, size_t *refused)
{
	return batch_undo_prepare(world.agent, changes, count, &undo, refused);
}

static enum ha_error take_back(uint64_t index)
{
	enum ha_error error = batch_undo(world.agent, "snmp noc", undo, index, on_done, NULL);

	batch_undo_free(undo);
	if (error != HA_OK)
		return error;
	finish();
	return told_outcome.error;
}

/* Two nodes with two associations each, and a setting. */
static uint64_t begin_furnished(void)
{
	const struct change changes[] = { node(0, 0), node(0, 1), node(1, 0),
		                          setting("registration.burst", "3") };

	begin();
	CU_ASSERT_EQUAL(make(changes, 4), HA_OK);
	return told_outcome.index;
}

static void a_batch_is_taken_back_with_its_keys(void)
{
	uint64_t made = begin_furnished(), index;
	struct change changes[] = {
		setting("registration.burst", "9"),
		setting("policy.gold.burst", "5"),
		node(2, 0),
		seen(node(0, 0), made), /* another key */
		seen(node(0, 1), made), /* goes */
		seen(node(1, 0), made), /* keeps its key */
		{ .kind = CHANGE_SET_NODE,
		  .peer = PEER_MOBILE_NODE,
		  .address = universe_home(1),
		  .set_policy = true,
		  .policy = "gold" },
	};
	struct state_view first = look(0, 0), second = look(0, 1), third = look(1, 0), now;
	size_t refused;

	changes[3].replace = true;
	changes[3].key[0] = 0x77;
	changes[4].kind = CHANGE_REMOVE_ASSOCIATION;
	changes[5].keep_key = true;
	changes[5].tolerance_s = 44;
	CU_ASSERT_EQUAL(prepare(changes, 7, &refused), HA_OK);
	CU_ASSERT_EQUAL(refused, 7);
	CU_ASSERT_EQUAL(make(changes, 7), HA_OK);
	index = told_outcome.index;
	now = look(0, 0);
	CU_ASSERT_FALSE(is_same_key(&first, &now));
	CU_ASSERT_FALSE(look(0, 1).associated);
	CU_ASSERT_EQUAL(look(1, 0).tolerance_s, 44);

	CU_ASSERT_EQUAL(take_back(index), HA_OK);
	now = look(0, 0);
	CU_ASSERT_TRUE(is_same_key(&first, &now));
	now = look(0, 1);
	CU_ASSERT_TRUE(now.associated && is_same_key(&second, &now));
	now = look(1, 0);
	CU_ASSERT_TRUE(is_same_key(&third, &now));
	CU_ASSERT_EQUAL(now.tolerance_s, 0);
	CU_ASSERT_EQUAL(now.policy, LABEL_NONE);
	CU_ASSERT_FALSE(look_at(world.agent->state, PEER_MOBILE_NODE, 0, universe_home(2),
	                        universe_spi(0), &now));
	CU_ASSERT_EQUAL(version_of("policy.gold.burst"), 0);
	CU_ASSERT_EQUAL(version_of("registration.burst"), told_outcome.index);
	check_state(disk, 0, 0);
	end();
}

/* A node that has that limit already. */
static void what_left_all_as_it_was_is_taken_back_by_nothing(void)
{
	struct change change = { .kind = CHANGE_SET_NODE,
		                 .peer = PEER_MOBILE_NODE,
		                 .address = universe_home(1),
		                 .set_bindings = true,
		                 .bindings = 1 };
	size_t refused, entries;
	uint64_t index;

	(void)begin_furnished();
	CU_ASSERT_EQUAL(prepare(&change, 1, &refused), HA_OK);
	CU_ASSERT_EQUAL(make(&change, 1), HA_OK);
	index = told_outcome.index;
	entries = memory_count();
	told_times = 0;
	CU_ASSERT_EQUAL(batch_undo(world.agent, "snmp noc", undo, index, on_done, NULL), HA_OK);
	CU_ASSERT_EQUAL(told_times, 1);
	CU_ASSERT_EQUAL(told_outcome.error, HA_OK);
	CU_ASSERT_EQUAL(told_outcome.index, 0);
	CU_ASSERT_EQUAL(memory_count(), entries);
	batch_undo_free(undo);
	end();
}

static void what_moved_since_stays_as_it_is(void)
{
	uint64_t index;
	struct change changes[] = { setting("registration.burst", "9"),
		                    setting("registration.max-lifetime", "900") };
	struct change other = setting("registration.max-lifetime", "901");
	size_t refused;

	(void)begin_furnished();
	CU_ASSERT_EQUAL(prepare(changes, 2, &refused), HA_OK);
	CU_ASSERT_EQUAL(make(changes, 2), HA_OK);
	index = told_outcome.index;
	CU_ASSERT_EQUAL(make(&other, 1), HA_OK);
	CU_ASSERT_EQUAL(take_back(index), HA_E_CONFLICT);
	CU_ASSERT_EQUAL(version_of("registration.burst"), index);
	end();
}

static void what_cannot_be_taken_back_is_known_before(void)
{
	uint64_t made = begin_furnished();
	struct change last = seen(node(1, 0), made), unguarded = node(0, 0);
	struct change removals[] = { seen(node(0, 0), made), seen(node(0, 1), made) };
	struct change twice[] = { setting("registration.burst", "9"),
		                  setting("registration.burst", "8") };
	struct change peer = node(1, 0), stale = seen(node(0, 0), made + 9);
	size_t refused;

	last.kind = CHANGE_REMOVE_ASSOCIATION;
	CU_ASSERT_EQUAL(prepare(&last, 1, &refused), HA_E_UNSUPPORTED);
	CU_ASSERT_EQUAL(refused, 0);
	unguarded.replace = true;
	CU_ASSERT_EQUAL(prepare(&unguarded, 1, &refused), HA_E_UNSUPPORTED);
	removals[0].kind = removals[1].kind = CHANGE_REMOVE_ASSOCIATION;
	CU_ASSERT_EQUAL(prepare(removals, 2, &refused), HA_E_UNSUPPORTED);
	CU_ASSERT_EQUAL(refused, 1);
	CU_ASSERT_EQUAL(prepare(twice, 2, &refused), HA_E_UNSUPPORTED);
	CU_ASSERT_EQUAL(refused, 1);
	peer.kind = CHANGE_REMOVE_PEER;
	CU_ASSERT_EQUAL(prepare(&peer, 1, &refused), HA_E_UNSUPPORTED);
	stale.replace = true;
	CU_ASSERT_EQUAL(prepare(&stale, 1, &refused), HA_E_CONFLICT);
	CU_ASSERT_PTR_NULL(undo);
	end();
}

static struct change of_node(enum change_kind kind, uint64_t made)
{
	struct change change = seen(node(2, 0), made);

	change.kind = kind;
	return change;
}

/* By its address, by its name, and by that as others write it. */
static void a_node_is_the_same_by_any_name(void)
{
	struct change named = node(2, 0), more = node(2, 1);
	struct change by_address, by_name, otherwise, removals[2];
	size_t refused;
	uint64_t made;

	begin();
	snprintf(named.nai, sizeof(named.nai), "ann@example.net");
	CU_ASSERT_EQUAL(make(&named, 1), HA_OK);
	CU_ASSERT_EQUAL(make(&more, 1), HA_OK);
	made = told_outcome.index;
	by_address = of_node(CHANGE_REMOVE_ASSOCIATION, made - 1);
	by_name = otherwise = of_node(CHANGE_REMOVE_ASSOCIATION, made);
	by_name.spi = otherwise.spi = universe_spi(1);
	by_name.address.s_addr = otherwise.address.s_addr = 0;
	snprintf(by_name.nai, sizeof(by_name.nai), "ann@example.net");
	snprintf(otherwise.nai, sizeof(otherwise.nai), "ann@EXAMPLE.net");
	removals[0] = by_address;
	removals[1] = by_name;
	CU_ASSERT_EQUAL(prepare(removals, 2, &refused), HA_E_UNSUPPORTED);
	CU_ASSERT_EQUAL(refused, 1);
	removals[1] = otherwise;
	CU_ASSERT_EQUAL(prepare(removals, 2, &refused), HA_E_UNSUPPORTED);
	removals[0] = of_node(CHANGE_SET_NODE, 0);
	removals[1] = otherwise;
	removals[1].kind = CHANGE_SET_NODE;
	CU_ASSERT_EQUAL(prepare(removals, 2, &refused), HA_E_UNSUPPORTED);
	CU_ASSERT_EQUAL(refused, 1);
	CU_ASSERT_EQUAL(prepare(&otherwise, 1, &refused), HA_OK);
	batch_undo_free(undo);
	end();
}

static CU_TestInfo tests[] = {
	{ "who asks is told which change was refused", who_asks_is_told_which_change_was_refused },
	{ "what cannot be put in order names its change",
	  what_cannot_be_put_in_order_names_its_change },
	{ "who waits at the end is told that nothing is known",
	  who_waits_at_the_end_is_told_that_nothing_is_known },
	{ "an association changes and keeps its key", an_association_changes_and_keeps_its_key },
	{ "a batch is refused while a member has an old program",
	  a_batch_is_refused_while_a_member_has_an_old_program },
	{ "a batch is taken back with its keys", a_batch_is_taken_back_with_its_keys },
	{ "what left all as it was is taken back by nothing",
	  what_left_all_as_it_was_is_taken_back_by_nothing },
	{ "what moved since stays as it is", what_moved_since_stays_as_it_is },
	{ "what cannot be taken back is known before", what_cannot_be_taken_back_is_known_before },
	{ "a node is the same by any name", a_node_is_the_same_by_any_name },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return replay_run("batch", tests);
}
