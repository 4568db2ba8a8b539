/* test_replay_cases.c - crashes at chosen moments: what happens while the rows of
 * a pass are written, and what a start makes of it. Each was an error once. */
#include "tests/unit/replay_world.h"

#include "agentd/state/seal.h"

static struct memory_disk *disk;
static uint64_t identification;

static void begin(void)
{
	disk = memory_disk_new();
	identification = 0;
	world = (struct world){ .time_ms = 1000000 };
	world.agent = start(disk);
}

static void end(void)
{
	agent_close(world.agent);
	memory_disk_free(disk);
}

/* As after a crash, or a stop, of now. */
static void restart(unsigned life)
{
	struct memory_disk *left = memory_disk_copy(disk, disk->entry_count);

	configure_abandon(world.agent);
	end();
	disk = left;
	world.agent = start(disk);
	check_state(disk, 0, life);
}

static void step(void)
{
	CU_ASSERT_TRUE(memory_step(world.agent->replication));
}

static void configure(const struct change *changes, size_t count)
{
	CU_ASSERT_EQUAL(agent_configure(world.agent, "test", changes, count, told, NULL), HA_OK);
	step();
}

static void pass_with(void (*meanwhile)(void))
{
	memory_hook = meanwhile; /* when its transaction has begun */
	CU_ASSERT_EQUAL(pass(world.agent), HA_OK);
	CU_ASSERT_PTR_NULL(memory_hook);
}

static void write_configuration(void)
{
	CU_ASSERT_EQUAL(write_some(world.agent, NULL, 0, 0), HA_OK);
}

/* ---- nodes with an address of their own ---- */

static struct change own_change(enum change_kind kind, struct in_addr home)
{
	return (struct change){
		.kind = kind,
		.peer = PEER_MOBILE_NODE,
		.address = home,
		.spi = universe_spi(0),
		.algorithm = MIP_HMAC_MD5,
		.key_size = 16,
		.bindings = 1,
	};
}

static void configure_own(enum change_kind kind)
{
	const struct change change = own_change(kind, universe_home(0));

	configure(&change, 1);
}

static void submit(struct command_registration *registration)
{
	uint8_t octets[COMMAND_REGISTRATION_MAX];
	struct replication_command command = { .ticket = 1, .command = octets };

	registration->identification = ++identification;
	registration->time_ms = 5000;
	command.size = command_registration(registration, octets);
	CU_ASSERT_EQUAL(replication_submit(world.agent->replication, &command, 1), HA_OK);
	step();
}

static void register_own(unsigned care_of)
{
	struct binding binding = { .care_of = universe_care_of(care_of), .expires_ms = 9999999 };
	struct command_registration registration = {
		.place = place_of_home(0, universe_home(0)),
		.binding = &binding,
		.keep_others = true,
	};
	struct state_view view;

	CU_ASSERT_TRUE_FATAL(look_at(world.agent->state, PEER_MOBILE_NODE, 0, universe_home(0),
	                             universe_spi(0), &view));
	registration.node = view.id;
	registration.limit = view.limit;
	submit(&registration);
}

static void replace_own(void)
{
	memory_hook = NULL;
	configure_own(CHANGE_REMOVE_PEER);
	configure_own(CHANGE_ADD_ASSOCIATION);
	register_own(0);
}

/* Its new rows are written before the old ones are cleared; and the pass that
 * clears them must not say that the store has the new ones. */
static void replaced_node_keeps_its_binding_over_a_stop(void)
{
	begin();
	configure_own(CHANGE_ADD_ASSOCIATION);
	write_configuration();
	register_own(0);
	pass_with(replace_own);
	last_pass();
	restart(0);
	end();
}

static void raise_limit(void)
{
	struct change change = own_change(CHANGE_SET_NODE, universe_home(0));

	memory_hook = NULL;
	change.set_bindings = true;
	change.bindings = 3;
	configure(&change, 1);
	register_own(1);
	register_own(2);
}

/* Three rows of bindings need a limit of three beside them. */
static void bindings_are_not_ahead_of_their_limit(void)
{
	begin();
	configure_own(CHANGE_ADD_ASSOCIATION);
	write_configuration();
	register_own(0);
	pass_with(raise_limit);
	restart(0);
	end();
}

/* ---- nodes with a pool ---- */

static struct change pool_change(const char *range)
{
	struct change change = { .kind = CHANGE_SET, .name = "pool.a" };

	snprintf(change.value, sizeof(change.value), "%s released", range);
	return change;
}

static struct change named_change(enum change_kind kind, unsigned name)
{
	struct change change = own_change(kind, (struct in_addr){ 0 });

	snprintf(change.nai, sizeof(change.nai), "%s", universe_name(name));
	if (kind == CHANGE_ADD_ASSOCIATION)
		snprintf(change.pool, sizeof(change.pool), "a");
	return change;
}

static void add_named(unsigned count)
{
	for (unsigned name = 0; name < count; name++) {
		const struct change change = named_change(CHANGE_ADD_ASSOCIATION, name);

		configure(&change, 1);
	}
}

static void set_pool(const char *range)
{
	const struct change change = pool_change(range);

	configure(&change, 1);
}

static struct state_view look_named(unsigned name)
{
	struct state_view view;

	CU_ASSERT_TRUE_FATAL(universe_look(world.agent->state, 0, name, universe_spi(0), &view));
	return view;
}

/* As agentd does: an address is reserved before it is proposed. */
static void register_named(unsigned name, bool bind)
{
	struct state_view view = look_named(name);
	struct binding binding = { .care_of = universe_care_of(name), .expires_ms = 9000 };
	struct command_registration registration = {
		.node = view.id,
		.name = &view.name,
		.limit = view.limit,
		.binding = bind ? &binding : NULL,
		.place = place_of_home(0, view.home),
	};

	if (bind && !view.leased) {
		CU_ASSERT_EQUAL_FATAL(state_reserve(world.agent->state, &view), HA_OK);
		registration.place = place_of_home(0, view.reserved);
	}
	CU_ASSERT_EQUAL(state_claim(world.agent->state, &view, &(struct state_pace){ .now_ms = 0 }),
	                HA_OK);
	submit(&registration);
}

static void expire_first_address(void)
{
	uint64_t place = place_of_home(0, universe_pool_address(0));
	uint8_t octets[256];
	struct replication_command command = { .ticket = 1, .command = octets };

	command.size = command_expire(20000, &place, 1, octets, sizeof(octets));
	CU_ASSERT_EQUAL(replication_submit(world.agent->replication, &command, 1), HA_OK);
	step();
}

static void expire_and_take(void)
{
	memory_hook = NULL;
	expire_first_address();
	register_named(1, true);
}

/* The first node's row still says that it has the address that the second one's
 * row has; and no entry touches the first one again. */
static void a_lost_lease_stays_lost(void)
{
	const struct change gone = named_change(CHANGE_REMOVE_PEER, 1);

	begin();
	set_pool("10.9.0.1-10.9.0.2");
	add_named(3);
	register_named(0, true);
	CU_ASSERT_EQUAL(pass(world.agent), HA_OK);
	register_named(1, true);
	register_named(1, false);
	register_named(2, true);
	pass_with(expire_and_take);
	restart(0);
	CU_ASSERT_EQUAL(look_named(0).home.s_addr, 0);
	last_pass();
	configure(&gone, 1);
	last_pass();
	restart(1);
	CU_ASSERT_EQUAL(look_named(0).home.s_addr, 0);
	CU_ASSERT_FALSE(look_named(0).leased);
	end();
}

/* The entry that ended the first node's binding names an address that is the second
 * one's when it is replayed: the first one's row must be newer than it by then. */
static void the_time_of_who_lost_an_address_is_known(void)
{
	struct change count = { .kind = CHANGE_SET, .name = FEATURE_NODE_COUNTERS, .value = "on" };
	const struct name_digest first = name_digest_of(
		0, (struct span){ (const uint8_t *)universe_name(0), strlen(universe_name(0)) });
	struct state_service service;

	begin();
	configure(&count, 1);
	set_pool("10.9.0.1-10.9.0.2");
	add_named(3);
	register_named(0, true);
	CU_ASSERT_EQUAL(pass(world.agent), HA_OK);
	register_named(1, true);
	register_named(1, false);
	register_named(2, true);
	pass_with(expire_and_take);
	restart(0);
	CU_ASSERT_TRUE(state_service(world.agent->state, 0, universe_home(0), &first, &service));
	CU_ASSERT_EQUAL(service.accepted, 1);
	CU_ASSERT_EQUAL(service.served_ms, 4000);
	CU_ASSERT_EQUAL(service.since_ms, 0);
	end();
}

static void grow_and_take(void)
{
	const struct change changes[] = {
		own_change(CHANGE_REMOVE_PEER, universe_pool_address(1)),
		pool_change("10.9.0.1-10.9.0.2"),
	};

	memory_hook = NULL;
	configure(changes, 2);
	register_named(1, true);
}

/* An address that was a node's own until the pool grew over it. */
static void a_lease_is_not_ahead_of_its_pool(void)
{
	const struct change own = own_change(CHANGE_ADD_ASSOCIATION, universe_pool_address(1));

	begin();
	set_pool("10.9.0.1-10.9.0.1");
	configure(&own, 1);
	add_named(2);
	register_named(1, true);
	register_named(1, false);
	register_named(0, true); /* evicts the other, whose row has to be written then */
	write_configuration();
	pass_with(grow_and_take);
	CU_ASSERT_EQUAL(look_named(1).binding_count, 1);
	restart(0);
	CU_ASSERT_EQUAL(look_named(1).binding_count, 1);
	end();
}

/* ---- what would end every start ---- */

/* As a batch of a rotation that waited while its key was taken away. */
static void what_no_key_opens_is_not_put_in_order(void)
{
	const uint8_t secret[SECRET_OCTETS] = { 1 }, key[KEYRING_KEY_OCTETS] = { 2 };
	struct change change = { .kind = CHANGE_SECRET, .name = SECRET_NONCE };
	struct keyring *removed = keyring_new();

	begin();
	CU_ASSERT_PTR_NOT_NULL_FATAL(removed);
	keyring_add(removed, 2, key);
	CU_ASSERT_EQUAL(seal_secret(removed, SECRET_NONCE, secret, &change.sealed), HA_OK);
	CU_ASSERT_EQUAL(agent_configure(world.agent, "test", &change, 1, told, NULL), HA_E_NO_KEY);
	CU_ASSERT_FALSE(memory_step(world.agent->replication));
	CU_ASSERT_EQUAL(seal_secret(world.agent->keyring, SECRET_NONCE, secret, &change.sealed),
	                HA_OK);
	configure(&change, 1);
	CU_ASSERT_FALSE(world.agent->failed);
	keyring_free(removed);
	end();
}

static CU_TestInfo tests[] = {
	{ "a replaced node keeps its binding over a stop",
	  replaced_node_keeps_its_binding_over_a_stop },
	{ "bindings are not ahead of their limit", bindings_are_not_ahead_of_their_limit },
	{ "a lost lease stays lost", a_lost_lease_stays_lost },
	{ "the time of who lost an address is known", the_time_of_who_lost_an_address_is_known },
	{ "a lease is not ahead of its pool", a_lease_is_not_ahead_of_its_pool },
	{ "what no key opens is not put in order", what_no_key_opens_is_not_put_in_order },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return replay_run("replay_cases", tests);
}
