/* test_sealed.c - keys of associations on their way from a change through a
 * command into a row, sealed all the way; sealing anew; and what a member does
 * that cannot open something. */
#include <arpa/inet.h>
#include <stdio.h>

#include "tests/unit/sealed_member.h"

static const uint8_t key[] = "sixteen octets!!", other_key[] = "sixteen others!!";
#define KEY_SIZE 16u

static enum ha_error load_one(struct state *state, const struct association_row *row)
{
	size_t loaded;

	return state_load_associations(state, row, 1, &loaded);
}

static struct change addition(const char *home, uint32_t spi, const uint8_t *octets)
{
	struct change change = {
		.kind = CHANGE_ADD_ASSOCIATION,
		.peer = PEER_MOBILE_NODE,
		.spi = spi,
		.algorithm = MIP_HMAC_MD5,
		.key_size = KEY_SIZE,
		.bindings = 1,
	};

	CU_ASSERT_EQUAL(inet_pton(AF_INET, home, &change.address), 1);
	memcpy(change.key, octets, KEY_SIZE);
	return change;
}

static struct change sealed_addition(struct member *m, const char *home, uint32_t spi,
                                     const uint8_t *octets)
{
	struct change change = addition(home, spi, octets);

	CU_ASSERT_EQUAL(state_seal(m->state, &change), HA_OK);
	return change;
}

static enum ha_error add(struct member *m, const char *home, uint32_t spi, const uint8_t *octets)
{
	struct change change = sealed_addition(m, home, spi, octets);

	return configure(m, &change);
}

/* Is this the key of the association? */
static bool has_key(struct member *m, const char *home, uint32_t spi, const uint8_t *octets)
{
	struct state_question question = { .kind = PEER_MOBILE_NODE, .spi = spi };
	struct mip_key_state expected;
	struct state_view view;

	inet_pton(AF_INET, home, &question.address);
	mip_key_state_init(&expected, MIP_HMAC_MD5, octets, KEY_SIZE);
	return state_look(m->state, &question, &view) && view.associated &&
	       memcmp(&view.key, &expected, sizeof(expected)) == 0;
}

static uint32_t associations_under(struct member *m, uint32_t id)
{
	struct state_sealed sealed[STATE_SEALED_MAX];
	size_t count = state_sealed(m->state, sealed);

	for (size_t i = 0; i < count; i++)
		if (sealed[i].key == id)
			return sealed[i].associations;
	return 0;
}

static struct association_row association_of(struct member *m)
{
	struct row_change change = row_of(m, ROW_ASSOCIATION);
	struct association_row row;

	CU_ASSERT_EQUAL(association_row_decode(change.key, change.value, &row), HA_OK);
	return row;
}

static struct peer_row peer_of(struct member *m)
{
	struct row_change change = row_of(m, ROW_PEER);
	struct peer_row row;

	CU_ASSERT_EQUAL(peer_row_decode(change.key, change.value, &row), HA_OK);
	return row;
}

/* ---- on the way ---- */

static void a_sealed_key_works_and_is_nowhere_to_be_read(void)
{
	struct member m = member_of(ring_of_one(1));
	struct change change = sealed_addition(&m, "10.0.0.1", 256, key);
	struct command command = command_of(&change);

	CU_ASSERT_EQUAL(change.key_size, 0);
	CU_ASSERT_PTR_NULL(memmem(&change, sizeof(change), key, KEY_SIZE));
	CU_ASSERT_PTR_NULL(memmem(command.at, command.size, key, KEY_SIZE));
	CU_ASSERT_EQUAL(apply(&m, command), HA_OK);
	CU_ASSERT_EQUAL(m.outcome.results[0], HA_OK);
	CU_ASSERT_PTR_NULL(memmem(m.outcome.rows.octets, m.outcome.rows.size, key, KEY_SIZE));
	CU_ASSERT_TRUE(has_key(&m, "10.0.0.1", 256, key));
	CU_ASSERT_FALSE(has_key(&m, "10.0.0.1", 256, other_key));
	CU_ASSERT_EQUAL(associations_under(&m, 1), 1);
	free(command.at);
	member_end(&m);
}

static void members_have_the_same_octets(void)
{
	struct member a = member_of(ring_of_one(1));
	struct member b = member_of(ring_of(0, (const uint32_t[]){ 2, 1, 0 }));
	struct change change = sealed_addition(&a, "10.0.0.1", 256, key);
	struct command command = command_of(&change);
	struct association_row row;

	CU_ASSERT_EQUAL(apply(&a, command), HA_OK);
	CU_ASSERT_EQUAL(apply(&b, command), HA_OK);
	CU_ASSERT_EQUAL(a.outcome.rows.size, b.outcome.rows.size);
	CU_ASSERT_EQUAL(memcmp(a.outcome.rows.octets, b.outcome.rows.octets, a.outcome.rows.size),
	                0);
	row = association_of(&b);
	CU_ASSERT_EQUAL(row.sealed.size, change.sealed.size);
	CU_ASSERT_EQUAL(memcmp(row.sealed.at, change.sealed.at, row.sealed.size), 0);
	CU_ASSERT_TRUE(has_key(&b, "10.0.0.1", 256, key));
	free(command.at);
	member_end(&a);
	member_end(&b);
}

static void a_member_that_cannot_open_must_stop(void)
{
	struct member a = member_of(ring_of_one(7));
	struct member without = member_of(ring_of_one(1));
	struct member wrong = member_of(ring_of(9, (const uint32_t[]){ 7, 0 }));
	struct change change = sealed_addition(&a, "10.0.0.1", 256, key);
	struct command command = command_of(&change);

	CU_ASSERT_EQUAL(apply(&without, command), HA_E_NO_KEY);
	CU_ASSERT_EQUAL(without.outcome.unopened_key, 7);
	CU_ASSERT_EQUAL(apply(&wrong, command), HA_E_OTHER_KEY);
	CU_ASSERT_EQUAL(wrong.outcome.unopened_key, 7);
	free(command.at);
	member_end(&a);
	member_end(&without);
	member_end(&wrong);
}

static void a_blob_opens_only_where_it_belongs(void)
{
	struct change right, moved;
	struct command command;
	struct member m;

	for (unsigned i = 0; i < 3; i++) {
		m = member_of(ring_of_one(1));
		right = sealed_addition(&m, "10.0.0.1", 256, key);
		moved = right;
		if (i == 0)
			moved.spi = 257;
		else if (i == 1)
			moved.use = ASSOCIATION_AAA;
		else
			moved.place[moved.place_size - 1]++,
				moved.address.s_addr = htonl(0x0a000002);
		command = command_of(&moved);
		CU_ASSERT_EQUAL(apply(&m, command), HA_E_OTHER_KEY);
		free(command.at);
		member_end(&m);
	}
}

/* Somebody else has the address by the time the command is applied: a result
 * like any other, the same on all members. */
static void sealed_for_another_peer_is_a_conflict(void)
{
	struct member m = member_of(ring_of_one(1));
	struct change change = sealed_addition(&m, "10.0.0.1", 256, key);

	change.address.s_addr = htonl(0x0a000002);
	CU_ASSERT_EQUAL(configure(&m, &change), HA_E_CONFLICT);
	CU_ASSERT_FALSE(has_key(&m, "10.0.0.2", 256, key));
	change = sealed_addition(&m, "10.0.0.1", 256, key);
	change.sealed.size = 20; /* no blob at all */
	CU_ASSERT_EQUAL(configure(&m, &change), HA_E_RANGE);
	CU_ASSERT_EQUAL(add(&m, "10.0.0.1", 256, key), HA_OK);
	member_end(&m);
}

static void by_name_or_by_address_it_is_one_place(void)
{
	struct member m = member_of(ring_of_one(1));
	struct change change = addition("10.0.0.1", 256, key);

	snprintf(change.nai, sizeof(change.nai), "anna@example.org");
	CU_ASSERT_EQUAL(state_seal(m.state, &change), HA_OK);
	CU_ASSERT_EQUAL(configure(&m, &change), HA_OK);
	change = addition("10.0.0.1", 257, other_key);
	snprintf(change.nai, sizeof(change.nai), "anna@EXAMPLE.org");
	change.address.s_addr = 0;
	CU_ASSERT_EQUAL(state_seal(m.state, &change), HA_OK);
	CU_ASSERT_EQUAL(configure(&m, &change), HA_OK);
	CU_ASSERT_EQUAL(add(&m, "10.0.0.1", 258, key), HA_OK);
	CU_ASSERT_TRUE(has_key(&m, "10.0.0.1", 257, other_key));
	CU_ASSERT_EQUAL(associations_under(&m, 1), 3);
	member_end(&m);
}

/* A node without an address of its own is known by its name, wherever it is. */
static void a_node_of_a_pool_is_sealed_by_name(void)
{
	struct member m = member_of(ring_of_one(1));
	struct change pool = { .kind = CHANGE_SET, .name = "pool.home" };
	struct change change = addition("0.0.0.0", 256, key);
	struct peer_key place;

	snprintf(pool.value, sizeof(pool.value), "10.1.0.1-10.1.0.9");
	CU_ASSERT_EQUAL(configure(&m, &pool), HA_OK);
	snprintf(change.nai, sizeof(change.nai), "anna@example.org");
	snprintf(change.pool, sizeof(change.pool), "home");
	CU_ASSERT_EQUAL(state_seal(m.state, &change), HA_OK);
	CU_ASSERT_EQUAL(
		peer_row_key_decode((struct span){ change.place, change.place_size }, &place),
		HA_OK);
	CU_ASSERT_TRUE(place.by_name);
	CU_ASSERT_EQUAL(configure(&m, &change), HA_OK);
	CU_ASSERT_EQUAL(associations_under(&m, 1), 1);
	member_end(&m);
}

static void a_command_of_an_earlier_program_is_sealed_when_it_is_applied(void)
{
	struct member m = member_of(ring_of_one(1));
	struct change change = addition("10.0.0.1", 256, key);
	struct association_row row;

	CU_ASSERT_EQUAL(configure(&m, &change), HA_OK);
	row = association_of(&m);
	CU_ASSERT_EQUAL(seal_blob_key(&row.sealed), 1);
	CU_ASSERT_EQUAL(row.key_size, 0);
	CU_ASSERT_PTR_NULL(memmem(m.outcome.rows.octets, m.outcome.rows.size, key, KEY_SIZE));
	CU_ASSERT_TRUE(has_key(&m, "10.0.0.1", 256, key));
	change = addition("10.0.0.2", 256, key);
	change.key_size = 3;
	CU_ASSERT_EQUAL(configure(&m, &change), HA_E_RANGE);
	member_end(&m);
}

/* ---- counting ---- */

static void what_goes_or_is_replaced_counts_no_more(void)
{
	struct member m = member_of(ring_of_one(1));
	struct keyring *both = ring_of(0, (const uint32_t[]){ 2, 1, 0 });
	struct change change;

	CU_ASSERT_EQUAL(add(&m, "10.0.0.1", 256, key), HA_OK);
	CU_ASSERT_EQUAL(add(&m, "10.0.0.1", 257, key), HA_OK);
	CU_ASSERT_EQUAL(add(&m, "10.0.0.2", 256, key), HA_OK);
	CU_ASSERT_EQUAL(add(&m, "10.0.0.2", 256, key), HA_E_EXISTS);
	CU_ASSERT_EQUAL(associations_under(&m, 1), 3);
	keyring_take(m.ring, both);
	keyring_free(both);
	change = sealed_addition(&m, "10.0.0.2", 256, other_key);
	change.replace = true;
	CU_ASSERT_EQUAL(configure(&m, &change), HA_OK);
	CU_ASSERT_EQUAL(associations_under(&m, 1), 2);
	CU_ASSERT_EQUAL(associations_under(&m, 2), 1);
	change = (struct change){ .kind = CHANGE_REMOVE_PEER, .peer = PEER_MOBILE_NODE };
	change.address.s_addr = htonl(0x0a000001);
	CU_ASSERT_EQUAL(configure(&m, &change), HA_OK);
	CU_ASSERT_EQUAL(associations_under(&m, 1), 0);
	CU_ASSERT_EQUAL(associations_under(&m, 2), 1);
	member_end(&m);
}

static void too_many_keys_are_refused_and_old_ones_make_room(void)
{
	struct member m = member_of(ring_of_one(1));
	struct change change;
	char home[16];

	for (uint32_t id = 1; id <= STATE_SEALED_MAX + 1; id++) {
		struct keyring *next = ring_of_one(id);

		keyring_take(m.ring, next);
		keyring_free(next);
		snprintf(home, sizeof(home), "10.0.0.%u", id);
		change = sealed_addition(&m, home, 256, key);
		CU_ASSERT_EQUAL(configure(&m, &change),
		                id <= STATE_SEALED_MAX ? HA_OK : HA_E_CAPACITY);
		CU_ASSERT_EQUAL(associations_under(&m, id), id <= STATE_SEALED_MAX);
	}
	change = (struct change){ .kind = CHANGE_REMOVE_PEER, .peer = PEER_MOBILE_NODE };
	change.address.s_addr = htonl(0x0a000007);
	CU_ASSERT_EQUAL(configure(&m, &change), HA_OK);
	CU_ASSERT_EQUAL(add(&m, home, 256, key), HA_OK);
	CU_ASSERT_EQUAL(associations_under(&m, 7), 0);
	CU_ASSERT_EQUAL(associations_under(&m, STATE_SEALED_MAX + 1), 1);
	member_end(&m);
}

/* ---- sealing anew ---- */

/* A change that seals the row of the last command under the first key of `ring`. */
static struct change reseal_of(struct member *m, struct keyring *ring)
{
	struct association_row row = association_of(m);
	struct change change = {
		.kind = CHANGE_RESEAL,
		.spi = row.spi,
		.use = row.use,
		.created = row.created,
		.replaces = seal_blob_key(&row.sealed),
	};
	struct row_octets place;
	struct seal_place at = { .spi = row.spi, .use = row.use };
	struct keyring_plain plain;

	peer_row_key_of_address(PEER_MOBILE_NODE, 0, (struct in_addr){ htonl(0x0a000001) }, &place);
	at.peer = (struct span){ place.at, place.size };
	memcpy(change.place, place.at, place.size);
	change.place_size = (uint8_t)place.size;
	CU_ASSERT_EQUAL(seal_open_key(m->ring, &at, &row.sealed, &plain), HA_OK);
	CU_ASSERT_EQUAL(seal_key(ring, &at, (struct span){ plain.at, plain.size }, &change.sealed),
	                HA_OK);
	return change;
}

static void a_row_sealed_anew_needs_the_old_key_no_more(void)
{
	struct member m = member_of(ring_of_one(1));
	struct keyring *fresh = ring_of_one(2);
	struct association_row before, after;
	struct peer_row peer;
	struct change change;
	struct member next;

	CU_ASSERT_EQUAL(add(&m, "10.0.0.1", 256, key), HA_OK);
	before = association_of(&m);
	peer = peer_of(&m);
	change = reseal_of(&m, fresh);
	CU_ASSERT_EQUAL(configure(&m, &change), HA_OK);
	after = association_of(&m);
	CU_ASSERT_EQUAL(seal_blob_key(&after.sealed), 2);
	after.sealed = before.sealed; /* nothing else has changed */
	CU_ASSERT_EQUAL(memcmp(&after, &before, sizeof(after)), 0);
	CU_ASSERT_EQUAL(associations_under(&m, 1), 0);
	CU_ASSERT_EQUAL(associations_under(&m, 2), 1);
	CU_ASSERT_TRUE(has_key(&m, "10.0.0.1", 256, key));

	after = association_of(&m);
	next = member_of(fresh);
	CU_ASSERT_EQUAL(state_load_peer(next.state, &peer), HA_OK);
	CU_ASSERT_EQUAL(load_one(next.state, &after), HA_OK);
	CU_ASSERT_TRUE(has_key(&next, "10.0.0.1", 256, key));
	member_end(&m);
	member_end(&next);
}

static void an_association_that_is_another_one_is_left_alone(void)
{
	struct member m = member_of(ring_of_one(1));
	struct keyring *fresh = ring_of_one(2);
	struct change reseal, again, replace;

	CU_ASSERT_EQUAL(add(&m, "10.0.0.1", 256, key), HA_OK);
	reseal = reseal_of(&m, fresh);
	replace = sealed_addition(&m, "10.0.0.1", 256, other_key);
	replace.replace = true;
	CU_ASSERT_EQUAL(configure(&m, &replace), HA_OK);
	CU_ASSERT_EQUAL(configure(&m, &reseal), HA_E_CONFLICT);
	CU_ASSERT_FALSE(has_row(&m, ROW_ASSOCIATION));
	CU_ASSERT_TRUE(has_key(&m, "10.0.0.1", 256, other_key));
	CU_ASSERT_EQUAL(associations_under(&m, 1), 1);

	replace = sealed_addition(&m, "10.0.0.1", 256, key);
	replace.replace = true;
	CU_ASSERT_EQUAL(configure(&m, &replace), HA_OK);
	again = reseal = reseal_of(&m, fresh);
	CU_ASSERT_EQUAL(configure(&m, &reseal), HA_OK);
	CU_ASSERT_EQUAL(configure(&m, &again), HA_E_CONFLICT); /* twice is once */
	again.spi = 999;
	CU_ASSERT_EQUAL(configure(&m, &again), HA_E_NOTFOUND);
	again.spi = 256;
	again.place_size--;
	CU_ASSERT_EQUAL(configure(&m, &again), HA_E_NOTFOUND);
	keyring_free(fresh);
	member_end(&m);
}

/* It has the key in memory: the next start will say what is missing. */
static void a_member_without_the_new_key_goes_on(void)
{
	struct member m = member_of(ring_of_one(1));
	struct keyring *fresh = ring_of_one(2);
	struct change change;

	CU_ASSERT_EQUAL(add(&m, "10.0.0.1", 256, key), HA_OK);
	change = reseal_of(&m, fresh);
	CU_ASSERT_EQUAL(configure(&m, &change), HA_OK);
	CU_ASSERT_TRUE(has_key(&m, "10.0.0.1", 256, key));
	CU_ASSERT_EQUAL(associations_under(&m, 2), 1);
	keyring_free(fresh);
	member_end(&m);
}

/* ---- loading ---- */

static void rows_that_were_moved_or_cannot_be_opened_are_refused(void)
{
	struct member m = member_of(ring_of_one(1));
	struct member same = member_of(ring_of_one(1)), without = member_of(ring_of_one(2));
	struct association_row row;
	struct peer_row peer, other;

	CU_ASSERT_EQUAL(add(&m, "10.0.0.1", 256, key), HA_OK);
	row = association_of(&m);
	peer = other = peer_of(&m);
	other.id++;
	other.address.s_addr = htonl(0x0a000002);
	CU_ASSERT_EQUAL(state_load_peer(same.state, &peer), HA_OK);
	CU_ASSERT_EQUAL(state_load_peer(same.state, &other), HA_OK);
	CU_ASSERT_EQUAL(state_load_peer(without.state, &peer), HA_OK);
	CU_ASSERT_EQUAL(load_one(without.state, &row), HA_E_NO_KEY);
	CU_ASSERT_EQUAL(state_unopened_key(without.state), 1);
	row.peer = other.id;
	CU_ASSERT_EQUAL(load_one(same.state, &row), HA_E_OTHER_KEY);
	row.peer = peer.id;
	row.spi++;
	CU_ASSERT_EQUAL(load_one(same.state, &row), HA_E_OTHER_KEY);
	row.spi--;
	CU_ASSERT_EQUAL(load_one(same.state, &row), HA_OK);
	member_end(&m);
	member_end(&same);
	member_end(&without);
}

#define MANY 3000u /* more than one thread opens */

/* The rows before one that is refused count, wherever it was opened. */
static void of_many_rows_those_before_a_bad_one_are_loaded(void)
{
	static struct association_row rows[MANY];
	static const size_t bad_ones[] = { MANY, 0, 1, MANY / 2, MANY - 1 };
	struct member m = member_of(ring_of_one(1));
	struct peer_row peer;

	CU_ASSERT_EQUAL(add(&m, "10.0.0.1", 256, key), HA_OK);
	peer = peer_of(&m);
	rows[0] = association_of(&m);
	for (size_t i = 0; i < sizeof(bad_ones) / sizeof(bad_ones[0]); i++) {
		struct member next = member_of(ring_of_one(1));
		size_t bad = bad_ones[i], loaded;

		CU_ASSERT_EQUAL(state_load_peer(next.state, &peer), HA_OK);
		for (size_t j = 1; j < MANY; j++)
			rows[j] = rows[0]; /* one takes the place of the other */
		if (bad < MANY)
			rows[bad].spi++;
		CU_ASSERT_EQUAL(state_load_associations(next.state, rows, MANY, &loaded),
		                bad < MANY ? HA_E_OTHER_KEY : HA_OK);
		CU_ASSERT_EQUAL(loaded, bad);
		CU_ASSERT_EQUAL(associations_under(&next, 1), bad > 0);
		CU_ASSERT_EQUAL(has_key(&next, "10.0.0.1", 256, key), bad > 0);
		if (bad == 0)
			rows[0].spi--;
		member_end(&next);
	}
	member_end(&m);
}

/* format, algorithm, tolerance, created, size of the key, key; format 2 then has
 * the replay style. */
static struct association_row row_of_format(uint8_t format)
{
	uint8_t octets[64] = { format, MIP_HMAC_MD5, 0, 9, 0, 0, 0, 0, 0, 0, 0, 5, KEY_SIZE };
	uint8_t place[] = { 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0 };
	struct association_row row;

	memcpy(octets + 13, key, KEY_SIZE);
	CU_ASSERT_EQUAL(association_row_decode((struct span){ place, sizeof(place) },
	                                       (struct span){ octets, 13 + KEY_SIZE + format - 1u },
	                                       &row),
	                HA_OK);
	CU_ASSERT_EQUAL(row.tolerance_s, 9);
	CU_ASSERT_EQUAL(row.created, 5);
	CU_ASSERT_EQUAL(row.sealed.size, 0);
	return row;
}

static void rows_of_earlier_programs_are_loaded_and_sealed(void)
{
	for (uint8_t format = 1; format <= 2; format++) {
		struct member m = member_of(ring_of_one(1)), next = member_of(ring_of_one(1));
		struct association_row row = row_of_format(format), again;
		struct peer_row peer = { .kind = PEER_MOBILE_NODE, .id = 1, .bindings = 1 };
		struct row_octets place, value;

		peer.address.s_addr = htonl(0x0a000001);
		CU_ASSERT_EQUAL(state_load_peer(m.state, &peer), HA_OK);
		CU_ASSERT_EQUAL(load_one(m.state, &row), HA_OK);
		CU_ASSERT_TRUE(has_key(&m, "10.0.0.1", 256, key));
		CU_ASSERT_EQUAL(associations_under(&m, 0), 1);
		CU_ASSERT_EQUAL(state_seal_loaded(m.state, &row), HA_OK);
		CU_ASSERT_EQUAL(associations_under(&m, 0), 0);
		CU_ASSERT_EQUAL(associations_under(&m, 1), 1);
		association_row_key(&row, &place);
		association_row_value(&row, &value);
		CU_ASSERT_PTR_NULL(memmem(&row, sizeof(row), key, KEY_SIZE));
		CU_ASSERT_PTR_NULL(memmem(value.at, value.size, key, KEY_SIZE));
		CU_ASSERT_EQUAL(association_row_decode((struct span){ place.at, place.size },
		                                       (struct span){ value.at, value.size },
		                                       &again),
		                HA_OK);
		CU_ASSERT_EQUAL(state_load_peer(next.state, &peer), HA_OK);
		CU_ASSERT_EQUAL(load_one(next.state, &again), HA_OK);
		CU_ASSERT_TRUE(has_key(&next, "10.0.0.1", 256, key));
		member_end(&m);
		member_end(&next);
	}
}

static CU_TestInfo tests[] = {
	{ "a sealed key works, and is nowhere to be read",
	  a_sealed_key_works_and_is_nowhere_to_be_read },
	{ "members have the same octets", members_have_the_same_octets },
	{ "a member that cannot open must stop", a_member_that_cannot_open_must_stop },
	{ "a blob opens only where it belongs", a_blob_opens_only_where_it_belongs },
	{ "sealed for another peer is a conflict", sealed_for_another_peer_is_a_conflict },
	{ "by name or by address, it is one place", by_name_or_by_address_it_is_one_place },
	{ "a node of a pool is sealed by name", a_node_of_a_pool_is_sealed_by_name },
	{ "a command of an earlier program is sealed when it is applied",
	  a_command_of_an_earlier_program_is_sealed_when_it_is_applied },
	{ "what goes or is replaced counts no more", what_goes_or_is_replaced_counts_no_more },
	{ "too many keys are refused, and old ones make room",
	  too_many_keys_are_refused_and_old_ones_make_room },
	{ "a row sealed anew needs the old key no more",
	  a_row_sealed_anew_needs_the_old_key_no_more },
	{ "an association that is another one is left alone",
	  an_association_that_is_another_one_is_left_alone },
	{ "a member without the new key goes on", a_member_without_the_new_key_goes_on },
	{ "rows that were moved or cannot be opened are refused",
	  rows_that_were_moved_or_cannot_be_opened_are_refused },
	{ "of many rows those before a bad one are loaded",
	  of_many_rows_those_before_a_bad_one_are_loaded },
	{ "rows of earlier programs are loaded and sealed",
	  rows_of_earlier_programs_are_loaded_and_sealed },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("sealed", tests);
}
