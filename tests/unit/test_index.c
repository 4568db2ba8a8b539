/* test_index.c - the index against a list of who is where: everybody there is
 * found, nobody else is; and looking for strangers stays short however often
 * peers come and go. */
#include "agentd/state/index.h"

#include <string.h>

#include "tests/unit/dice.h"
#include "tests/unit/suite.h"

#define CAPACITY 500u
#define STEPS 100000u
#define SEEDS 4u
#define PROBES_MAX 128u /* of 1024 cells, for a stranger */

static struct member {
	bool present;
	enum peer_kind kind;
	uint32_t realm;
	struct in_addr address;
} members[CAPACITY];

static uint64_t hash_of(const struct peer_index *index, const struct member *member)
{
	return peer_index_hash(index, member->kind, member->realm, member->address);
}

/* Candidates are confirmed by the caller: as often as needed. */
static bool is_found(const struct peer_index *index, uint32_t slot)
{
	uint64_t probe = 0, hash = hash_of(index, &members[slot]);
	uint32_t found;

	while ((found = peer_index_probe(index, hash, &probe)) != SLOT_NONE)
		if (found == slot)
			return true;
	return false;
}

static struct member some_member(struct dice *dice)
{
	return (struct member){
		.present = true,
		.kind = dice_chance(dice, 2) ? PEER_MOBILE_NODE : PEER_FOREIGN_AGENT,
		.realm = dice_below(dice, 3),
		.address = { htonl(0x0a000000u + dice_below(dice, 5000)) },
	};
}

static void toggle(struct peer_index *index, struct dice *dice)
{
	uint32_t slot = dice_below(dice, CAPACITY);

	if (members[slot].present) {
		CU_ASSERT_TRUE(is_found(index, slot));
		peer_index_remove(index, hash_of(index, &members[slot]), slot);
		CU_ASSERT_FALSE(is_found(index, slot));
		members[slot].present = false;
	} else {
		members[slot] = some_member(dice);
		peer_index_insert(index, hash_of(index, &members[slot]), slot);
		CU_ASSERT_TRUE(is_found(index, slot));
	}
}

static uint64_t probes_for_a_stranger(const struct peer_index *index, struct dice *dice)
{
	struct in_addr address = { htonl(0xc0000000u + dice_below(dice, 1u << 20)) };
	uint64_t probe = 0;
	uint64_t hash = peer_index_hash(index, PEER_MOBILE_NODE, 0, address);

	while (peer_index_probe(index, hash, &probe) != SLOT_NONE)
		;
	return probe;
}

static void check_all(const struct peer_index *index)
{
	unsigned missing = 0;

	for (uint32_t slot = 0; slot < CAPACITY; slot++)
		missing += members[slot].present && !is_found(index, slot);
	CU_ASSERT_EQUAL(missing, 0);
}

static void run_seed(uint64_t seed)
{
	struct dice dice = { seed };
	struct peer_index index;
	uint64_t most = 0;

	memset(members, 0, sizeof(members));
	CU_ASSERT_TRUE_FATAL(peer_index_new(&index, CAPACITY, seed));
	for (unsigned step = 0; step < STEPS; step++) {
		uint64_t probes;

		toggle(&index, &dice);
		probes = probes_for_a_stranger(&index, &dice);
		most = probes > most ? probes : most;
		if (step % 5000 == 0)
			check_all(&index);
	}
	check_all(&index);
	CU_ASSERT_TRUE(most <= PROBES_MAX);
	for (uint32_t slot = 0; slot < CAPACITY; slot++)
		if (members[slot].present)
			peer_index_remove(&index, hash_of(&index, &members[slot]), slot);
	CU_ASSERT_EQUAL(probes_for_a_stranger(&index, &dice), 1); /* it is empty again */
	peer_index_free(&index);
}

static void everybody_is_found_and_nobody_else(void)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		run_seed(seed);
}

/* A full house that changes all the time, as after years of provisioning. */
static void strangers_are_cheap_in_a_full_house(void)
{
	struct dice dice = { 77 };
	struct peer_index index;
	uint64_t most = 0;

	CU_ASSERT_TRUE_FATAL(peer_index_new(&index, CAPACITY, 1));
	for (uint32_t slot = 0; slot < CAPACITY; slot++) {
		members[slot] = some_member(&dice);
		peer_index_insert(&index, hash_of(&index, &members[slot]), slot);
	}
	for (unsigned step = 0; step < STEPS; step++) {
		uint32_t slot = dice_below(&dice, CAPACITY);
		uint64_t probes;

		peer_index_remove(&index, hash_of(&index, &members[slot]), slot);
		members[slot] = some_member(&dice);
		peer_index_insert(&index, hash_of(&index, &members[slot]), slot);
		probes = probes_for_a_stranger(&index, &dice);
		most = probes > most ? probes : most;
	}
	check_all(&index);
	CU_ASSERT_TRUE(most <= PROBES_MAX);
	peer_index_free(&index);
}

static void kinds_realms_and_addresses_are_apart(void)
{
	struct peer_index index;
	struct in_addr a = { htonl(1) }, b = { htonl(2) };
	uint64_t hash;

	CU_ASSERT_TRUE_FATAL(peer_index_new(&index, 4, 5));
	hash = peer_index_hash(&index, PEER_MOBILE_NODE, 0, a);
	CU_ASSERT_NOT_EQUAL(hash, peer_index_hash(&index, PEER_FOREIGN_AGENT, 0, a));
	CU_ASSERT_NOT_EQUAL(hash, peer_index_hash(&index, PEER_MOBILE_NODE, 1, a));
	CU_ASSERT_NOT_EQUAL(hash, peer_index_hash(&index, PEER_MOBILE_NODE, 0, b));
	CU_ASSERT_EQUAL(hash, peer_index_hash(&index, PEER_MOBILE_NODE, 0, a));
	peer_index_prefetch(&index, hash);
	peer_index_remove(&index, hash, 3); /* who is not there goes without harm */
	peer_index_free(&index);
}

static CU_TestInfo tests[] = {
	{ "everybody is found and nobody else", everybody_is_found_and_nobody_else },
	{ "strangers are cheap in a full house", strangers_are_cheap_in_a_full_house },
	{ "kinds, realms and addresses are apart", kinds_realms_and_addresses_are_apart },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("index", tests);
}
