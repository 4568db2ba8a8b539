/* test_whole.c - changes that are made together or not at all: a command that is refused
 * leaves everything as it was, one that is made is what its changes are one by one, and
 * which of the two it is depends on nothing but configuration.
 *
 * A failure names its seed: `test_whole <seed>` runs that one alone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/state/audit.h"
#include "agentd/state/command.h"
#include "agentd/state/state.h"
#include "tests/unit/state_universe.h"
#include "tests/unit/suite.h"
#include "tests/unit/universe_pools.h"

#define SEEDS 100u
#define STEPS 60u
#define BATCH_MAX 6u

static const struct state_capacity capacity = { 7, 10, 16 };

/* ---- a log, and who applies it ---- */

struct entry {
	uint8_t *octets;
	size_t size;
};

static struct entry entries[STEPS];
static size_t entry_count;

/* Of no octets: it came to nothing. */
static void note_entry(const uint8_t *octets, size_t size)
{
	struct entry *entry = &entries[entry_count++];

	entry->octets = malloc(size + 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(entry->octets);
	if (size)
		memcpy(entry->octets, octets, size);
	entry->size = size;
}

static void forget_entries(void)
{
	while (entry_count > 0)
		free(entries[--entry_count].octets);
}

static struct state *begin(void)
{
	enum ha_error why;
	struct state *state = state_new(&capacity, universe_ring(), &why);

	CU_ASSERT_PTR_NOT_NULL_FATAL(state);
	return state;
}

static void apply(struct state *state, uint64_t index, const uint8_t *octets, size_t size,
                  struct state_outcome *outcome)
{
	CU_ASSERT_EQUAL_FATAL(state_apply(state, index, (struct span){ octets, size }, outcome),
	                      HA_OK);
}

/* Somebody who applied all entries, and knows of nothing that was refused. */
static struct state *replay(void)
{
	struct state *state = begin();

	for (size_t i = 0; i < entry_count; i++) {
		struct state_outcome outcome;

		if (entries[i].size == 0)
			continue;
		apply(state, i + 1, entries[i].octets, entries[i].size, &outcome);
		state_outcome_free(&outcome);
	}
	return state;
}

static const char *difference_of(struct state *a, struct state *b)
{
	const char *difference = universe_difference(a, b);

	return difference ? difference : universe_pool_difference(a, b);
}

/* ---- made at random ---- */

static struct change some_change(struct dice *dice)
{
	struct change change = dice_chance(dice, 2) ? universe_pool_change(dice)
	                                            : universe_change(dice);

	if (dice_chance(dice, 4) && change.kind != CHANGE_SET_NODE) {
		change.guard.set = true;
		change.guard.version = dice_below(dice, (uint32_t)entry_count + 2);
	}
	if (change.kind == CHANGE_ADD_ASSOCIATION)
		change.known_peer = dice_chance(dice, 8);
	return change;
}

static size_t some_batch(struct dice *dice, struct state *state, struct change changes[BATCH_MAX])
{
	size_t count = 1 + dice_below(dice, BATCH_MAX);

	for (size_t i = 0; i < count; i++) {
		changes[i] = some_change(dice);
		if (changes[i].kind == CHANGE_ADD_ASSOCIATION)
			CU_ASSERT_EQUAL(state_seal(state, &changes[i]), HA_OK);
	}
	return count;
}

static size_t some_registration(struct dice *dice, struct state *state, uint64_t time_ms,
                                uint8_t *out, size_t size)
{
	if (dice_chance(dice, 2))
		return universe_registration(dice, state, time_ms, out, size);
	return universe_pool_registration(dice, state, time_ms, false, out, size);
}

/* Which one was refused; `count` when all were made. Every other was not made. */
static size_t check_results(const struct state_outcome *outcome, size_t count)
{
	size_t refused = count, others = 0;

	CU_ASSERT_EQUAL_FATAL(outcome->result_count, count);
	for (size_t i = 0; i < count; i++) {
		if (outcome->results[i] == HA_E_NOT_DONE)
			others++;
		else if (outcome->results[i] != HA_OK)
			refused = i;
	}
	CU_ASSERT_EQUAL(others, refused < count ? count - 1 : 0);
	return refused;
}

static bool is_same_rows(const struct row_log *a, const struct row_log *b)
{
	return a->size == b->size && (a->size == 0 || memcmp(a->octets, b->octets, a->size) == 0);
}

/* The first that is refused when each is made for itself, and why. */
static size_t first_refused(const struct state_outcome *each, size_t count)
{
	size_t i = 0;

	while (i < count && each->results[i] == HA_OK)
		i++;
	return i;
}

/* `state` applied the batch as a whole, and `before` is as it was: it makes the changes
 * one by one, and what they are then is what they should have been. */
static const char *compare(struct state *state, struct state *before,
                           const struct state_outcome *whole, const struct state_outcome *each)
{
	size_t count = whole->result_count, refused = check_results(whole, count);

	if (first_refused(each, count) != refused)
		return "which change is refused";
	if (refused < count)
		return each->results[refused] == whole->results[refused] ? NULL : "why it is";
	if (!is_same_rows(&each->rows, &whole->rows))
		return "rows";
	if (each->next_id != whole->next_id)
		return "number of the next peer";
	return difference_of(state, before);
}

static unsigned made, unmade;

static const char *check_whole(struct state *state, uint64_t index,
                               const struct state_outcome *whole, const uint8_t *each_octets,
                               size_t each_size)
{
	bool was_made = whole->results[0] == HA_OK;
	struct state *before = replay();
	const char *difference = NULL;
	struct state_outcome each;

	if (!was_made)
		difference = whole->rows.size > 0 ? "rows of what was not made"
		                                  : difference_of(state, before);
	apply(before, index, each_octets, each_size, &each);
	if (!difference)
		difference = compare(state, before, whole, &each);
	note_entry(each_octets, was_made ? each_size : 0);
	made += was_made;
	unmade += !was_made;
	state_outcome_free(&each);
	state_free(before);
	return difference;
}

static const char *configure(struct dice *dice, struct state *state)
{
	struct change changes[BATCH_MAX];
	size_t count = some_batch(dice, state, changes), size, each_size;
	uint64_t index = entry_count + 1;
	uint8_t *octets, *each_octets;
	struct state_outcome whole;
	const char *difference;

	CU_ASSERT_EQUAL_FATAL(
		command_configure_whole(7, "dice", NULL, changes, count, &octets, &size), HA_OK);
	CU_ASSERT_EQUAL_FATAL(
		command_configure(7, "dice", NULL, changes, count, &each_octets, &each_size),
		HA_OK);
	apply(state, index, octets, size, &whole);
	difference = check_whole(state, index, &whole, each_octets, each_size);
	state_outcome_free(&whole);
	free(octets);
	free(each_octets);
	return difference;
}

static void go_on(struct dice *dice, struct state *state)
{
	uint8_t octets[COMMAND_REGISTRATION_MAX];
	struct state_outcome outcome;
	size_t size = some_registration(dice, state, 1000 * (entry_count + 1), octets,
	                                sizeof(octets));

	if (size == 0)
		return;
	note_entry(octets, size);
	apply(state, entry_count, octets, size, &outcome);
	state_outcome_free(&outcome);
}

static void run_seed(uint64_t seed)
{
	struct dice dice = { seed };
	struct state *state = begin();
	const char *difference = NULL;

	while (entry_count < STEPS - 1 && !difference) {
		if (dice_chance(&dice, 2))
			difference = configure(&dice, state);
		else
			go_on(&dice, state);
		if (!difference)
			difference = universe_pool_trouble(state, false);
	}
	CU_ASSERT_PTR_NULL(difference);
	if (difference)
		printf("seed %llu, entry %zu: %s\n", (unsigned long long)seed, entry_count,
		       difference);
	state_free(state);
	forget_entries();
}

static uint64_t first_seed = 1, last_seed = SEEDS;

static void a_batch_is_made_as_a_whole_or_leaves_no_trace(void)
{
	for (uint64_t seed = first_seed; seed <= last_seed; seed++)
		run_seed(seed);
	if (first_seed != last_seed) { /* one that tells nothing is no test */
		CU_ASSERT(made > 300);
		CU_ASSERT(unmade > 300);
	}
}

/* ---- by hand ---- */

static struct state *state;
static uint64_t applied;

static enum ha_error make(const struct change *changes, size_t count, size_t *refused)
{
	struct state_outcome outcome;
	enum ha_error error;
	uint8_t *octets;
	size_t size;

	CU_ASSERT_EQUAL_FATAL(
		command_configure_whole(1, "test", NULL, changes, count, &octets, &size), HA_OK);
	apply(state, ++applied, octets, size, &outcome);
	free(octets);
	*refused = check_results(&outcome, count);
	error = *refused < count ? outcome.results[*refused] : HA_OK;
	state_outcome_free(&outcome);
	return error;
}

static void start(void)
{
	state = begin();
	applied = 0;
}

static struct change node(const char *nai, const char *pool)
{
	struct change change = {
		.kind = CHANGE_ADD_ASSOCIATION,
		.peer = PEER_MOBILE_NODE,
		.spi = 256,
		.algorithm = MIP_HMAC_MD5,
		.key_size = 16,
		.bindings = 2,
	};

	snprintf(change.nai, sizeof(change.nai), "%s", nai);
	snprintf(change.pool, sizeof(change.pool), "%s", pool);
	return change;
}

static struct change setting(const char *name, const char *value)
{
	struct change change = { .kind = value ? CHANGE_SET : CHANGE_UNSET };

	snprintf(change.name, sizeof(change.name), "%s", name);
	snprintf(change.value, sizeof(change.value), "%s", value ? value : "");
	return change;
}

static uint32_t nodes(void)
{
	struct state_totals totals;

	state_totals(state, &totals);
	return totals.mobile_nodes;
}

static void a_change_may_need_the_one_before_it(void)
{
	const struct change in_order[] = { setting("pool.p", "10.64.0.1-10.64.0.9 sticky"),
		                           node("ann", "p") };
	const struct change reversed[] = { node("ann", "p"),
		                           setting("pool.p", "10.64.0.1-10.64.0.9 sticky") };
	size_t refused;

	start();
	CU_ASSERT_EQUAL(make(reversed, 2, &refused), HA_E_NO_POOL);
	CU_ASSERT_EQUAL(refused, 0);
	CU_ASSERT_EQUAL(state_setting_version(state, "pool.p"), 0);
	CU_ASSERT_EQUAL(make(in_order, 2, &refused), HA_OK);
	CU_ASSERT_EQUAL(state_setting_version(state, "pool.p"), 2);
	CU_ASSERT_EQUAL(nodes(), 1);
	state_free(state);
}

static void room_that_ends_in_the_middle_refuses_all(void)
{
	struct change changes[9];
	size_t refused;

	start();
	for (unsigned i = 0; i < 9; i++) {
		changes[i] = node("", "");
		changes[i].address.s_addr = htonl(0x0a000001u + i);
	}
	CU_ASSERT_EQUAL(make(changes, 9, &refused), HA_E_CAPACITY);
	CU_ASSERT_EQUAL(refused, capacity.peers);
	CU_ASSERT_EQUAL(nodes(), 0);
	CU_ASSERT_EQUAL(make(changes, capacity.peers, &refused), HA_OK);
	CU_ASSERT_EQUAL(nodes(), capacity.peers);
	state_free(state);
}

/* A node that the command does not name has an address of that pool. */
static void whom_nobody_names_is_in_the_way_too(void)
{
	struct change own = node("", "");
	const struct change pool[] = { setting("registration.burst", "3"),
		                       setting("pool.p", "10.64.0.1-10.64.0.9 sticky") };
	struct change moved[] = { own, pool[1] };
	size_t refused;

	start();
	own.address.s_addr = htonl(0x0a400003);
	CU_ASSERT_EQUAL(make(&own, 1, &refused), HA_OK);
	CU_ASSERT_EQUAL(make(pool, 2, &refused), HA_E_TAKEN);
	CU_ASSERT_EQUAL(refused, 1);
	CU_ASSERT_EQUAL(state_setting_version(state, "registration.burst"), 0);
	moved[0] = own;
	moved[0].kind = CHANGE_REMOVE_PEER;
	CU_ASSERT_EQUAL(make(moved, 2, &refused), HA_OK);
	CU_ASSERT_EQUAL(nodes(), 0);
	state_free(state);
}

static void secrets_are_no_part_of_it(void)
{
	const struct change changes[] = { setting("registration.burst", "3"),
		                          { .kind = CHANGE_SECRET, .name = SECRET_NONCE } };
	size_t refused;

	start();
	CU_ASSERT_EQUAL(make(changes, 2, &refused), HA_E_UNSUPPORTED);
	CU_ASSERT_EQUAL(refused, 1);
	CU_ASSERT_EQUAL(state_setting_version(state, "registration.burst"), 0);
	state_free(state);
}

/* What it writes of an association needs what was seen of it. */
static void an_addition_comes_only_upon_what_was_seen(void)
{
	static const struct {
		bool replace, known_peer;
		uint64_t version;
		uint32_t spi;
		enum ha_error error;
	} cases[] = {
		{ true, false, 1, 256, HA_E_CONFLICT }, /* another one made it */
		{ true, false, 0, 256, HA_E_CONFLICT }, /* it is there */
		{ false, false, 2, 256, HA_E_EXISTS },  /* and not to be replaced */
		{ true, false, 2, 257, HA_E_NOTFOUND }, /* that one is not */
		{ false, true, 0, 257, HA_OK },         /* as was seen */
		{ true, false, 2, 256, HA_OK },
		{ true, false, 2, 256, HA_E_CONFLICT }, /* which moved it */
		{ true, false, 8, 256, HA_OK },
	};
	struct change change = node("ann", ""), stranger = node("bob", "");
	size_t refused;

	start();
	CU_ASSERT_EQUAL(make(&(struct change){ .kind = CHANGE_UNSET, .name = "x" }, 1, &refused),
	                HA_E_NOTFOUND);
	change.address.s_addr = htonl(0x0a000001);
	CU_ASSERT_EQUAL(make(&change, 1, &refused), HA_OK);
	change.guard.set = true;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		change.replace = cases[i].replace;
		change.known_peer = cases[i].known_peer;
		change.guard.version = cases[i].version;
		change.spi = cases[i].spi;
		CU_ASSERT_EQUAL(make(&change, 1, &refused), cases[i].error);
	}
	stranger.address.s_addr = htonl(0x0a000002);
	stranger.known_peer = true;
	CU_ASSERT_EQUAL(make(&stranger, 1, &refused), HA_E_NOTFOUND);
	state_free(state);
}

/* An earlier program refuses these commands; it would make something else of them. */
static void what_earlier_programs_do_not_know_has_a_version_of_its_own(void)
{
	struct change change = node("ann", "p");

	CU_ASSERT_EQUAL(command_configure_version(false, &change, 1), COMMAND_VERSION_OLD);
	CU_ASSERT_EQUAL(command_configure_version(true, &change, 1), COMMAND_VERSION);
	change.guard.set = true;
	CU_ASSERT_EQUAL(command_configure_version(false, &change, 1), COMMAND_VERSION);
	change.kind = CHANGE_REMOVE_ASSOCIATION;
	CU_ASSERT_EQUAL(command_configure_version(false, &change, 1), COMMAND_VERSION_OLD);
	change = node("ann", "p");
	change.known_peer = true;
	CU_ASSERT_EQUAL(command_configure_version(false, &change, 1), COMMAND_VERSION);
	change = node("ann", "p");
	change.keep_key = true;
	CU_ASSERT_EQUAL(command_configure_version(false, &change, 1), COMMAND_VERSION);
}

/* ---- who ---- */

static void who_it_was_is_short_and_harmless(void)
{
	static const struct {
		const char *octets;
		size_t size;
		const char *who;
	} cases[] = {
		{ "noc", 3, "snmp noc" },
		{ "", 0, "snmp " },
		{ "a\0b", 3, "snmp a\\x00b" },
		{ "\x1b[2J", 4, "snmp \\x1b[2J" },
		{ "\xc3\xa4\x7f\n", 4, "snmp \\xc3\\xa4\\x7f\\x0a" },
	};
	char who[AUDIT_WHO_MAX], again[AUDIT_WHO_MAX], long_one[200];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		audit_who("snmp ", cases[i].octets, cases[i].size, who);
		CU_ASSERT_STRING_EQUAL(who, cases[i].who);
		audit_who("", who, strlen(who), again);
		CU_ASSERT_STRING_EQUAL(again, who);
	}
	memset(long_one, 'x', sizeof(long_one));
	audit_who("snmp ", long_one, sizeof(long_one), who);
	CU_ASSERT_EQUAL(strlen(who), AUDIT_WHO_MAX - 1);
	memset(long_one, 0xff, sizeof(long_one));
	audit_who("snmp ", long_one, sizeof(long_one), who);
	CU_ASSERT_EQUAL(strlen(who), 5 + 4 * 14); /* none is cut in two */
}

static CU_TestInfo tests[] = {
	{ "a batch is made as a whole or leaves no trace",
	  a_batch_is_made_as_a_whole_or_leaves_no_trace },
	{ "a change may need the one before it", a_change_may_need_the_one_before_it },
	{ "room that ends in the middle refuses all", room_that_ends_in_the_middle_refuses_all },
	{ "whom nobody names is in the way too", whom_nobody_names_is_in_the_way_too },
	{ "secrets are no part of it", secrets_are_no_part_of_it },
	{ "an addition comes only upon what was seen", an_addition_comes_only_upon_what_was_seen },
	{ "what earlier programs do not know has a version of its own",
	  what_earlier_programs_do_not_know_has_a_version_of_its_own },
	{ "who it was is short and harmless", who_it_was_is_short_and_harmless },
	CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
	if (argc > 1)
		first_seed = last_seed = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		last_seed = strtoull(argv[2], NULL, 10);
	return suite_run("whole", tests);
}
