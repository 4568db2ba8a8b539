/* test_visit_nodes.c - what is remembered of nodes by their link addresses. */
#include <stdlib.h>

#include "agentd/visit/nodes.h"
#include "tests/unit/suite.h"

static const uint8_t one[FOREIGN_LINK_SIZE] = { 2, 0, 0, 0, 0, 1 };
static const uint8_t two[FOREIGN_LINK_SIZE] = { 2, 0, 0, 0, 0, 2 };

static void a_node_is_known_by_link_and_link_address(void)
{
	struct nodes *nodes;

	CU_ASSERT_EQUAL_FATAL(nodes_create(5, &nodes), HA_OK);
	CU_ASSERT_PTR_NULL(nodes_find(nodes, 3, one));
	nodes_place(nodes, 3, one)->denied = true;
	CU_ASSERT_PTR_NOT_NULL(nodes_find(nodes, 3, one));
	CU_ASSERT_TRUE(nodes_place(nodes, 3, one)->denied);
	CU_ASSERT_PTR_NULL(nodes_find(nodes, 3, two));
	CU_ASSERT_PTR_NULL(nodes_find(nodes, 4, one));
	free(nodes);
}

static void a_flood_of_link_addresses_takes_no_more_room(void)
{
	struct nodes *nodes;
	unsigned known = 0;

	CU_ASSERT_EQUAL_FATAL(nodes_create(5, &nodes), HA_OK);
	for (unsigned i = 0; i < 4 * NODES_PLACES; i++) {
		uint8_t link[FOREIGN_LINK_SIZE] = {
			2, 0, 0, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i
		};

		nodes_place(nodes, 1, link)->denied = true;
	}
	for (unsigned i = 0; i < NODES_PLACES; i++)
		known += nodes->at[i].interface != 0;
	CU_ASSERT_TRUE(known > NODES_PLACES / 2);
	CU_ASSERT_FALSE(nodes_place(nodes, 7, one)->denied); /* who moved in is somebody else */
	free(nodes);
}

static void a_denial_counts_for_a_second(void)
{
	struct node node = { .denied = true, .denied_ms = 5000 };

	CU_ASSERT_FALSE(node_was_denied(NULL, 5000));
	CU_ASSERT_TRUE(node_was_denied(&node, 5999));
	CU_ASSERT_FALSE(node_was_denied(&node, 6000));
	node.denied = false;
	CU_ASSERT_FALSE(node_was_denied(&node, 5000));
}

static void an_answered_challenge_is_given_to_nobody(void)
{
	struct node node = { 0 };
	uint8_t given[8] = { 1 }, other[8] = { 2 };

	node_note(&node.offered, (struct span){ given, sizeof(given) });
	node_answered(&node, (struct span){ other, sizeof(other) });
	CU_ASSERT_EQUAL(node.offered.size, sizeof(given));
	CU_ASSERT_EQUAL(node.used.size, sizeof(other));
	node_answered(&node, (struct span){ given, sizeof(given) });
	CU_ASSERT_EQUAL(node.offered.size, 0);
	CU_ASSERT_EQUAL(memcmp(node.used.octets, given, sizeof(given)), 0);
	node_answered(&node, (struct span){ other, sizeof(other) }); /* none is given now */
	CU_ASSERT_EQUAL(node.offered.size, 0);
}

static void a_challenge_is_kept_or_none(void)
{
	struct foreign_challenge_value value = { 0 };
	uint8_t octets[FOREIGN_CHALLENGE_MAX + 1] = { 9 };

	node_note(&value, (struct span){ octets, FOREIGN_CHALLENGE_MAX });
	CU_ASSERT_EQUAL(value.size, FOREIGN_CHALLENGE_MAX);
	CU_ASSERT_EQUAL(value.octets[0], 9);
	node_note(&value, (struct span){ octets, FOREIGN_CHALLENGE_MAX + 1 });
	CU_ASSERT_EQUAL(value.size, 0);
}

static void a_proof_is_remembered_by_itself(void)
{
	struct nodes *nodes;

	CU_ASSERT_EQUAL_FATAL(nodes_create(5, &nodes), HA_OK);
	CU_ASSERT_FALSE(nodes_proved(nodes, 0));
	CU_ASSERT_FALSE(nodes_proved(nodes, 77));
	nodes_prove(nodes, 77);
	CU_ASSERT_TRUE(nodes_proved(nodes, 77));
	CU_ASSERT_FALSE(nodes_proved(nodes, 77 + NODES_PLACES));
	nodes_prove(nodes, 77 + NODES_PLACES);
	CU_ASSERT_FALSE(nodes_proved(nodes, 77));
	CU_ASSERT_TRUE(nodes_proved(nodes, 77 + NODES_PLACES));
	free(nodes);
}

static CU_TestInfo tests[] = {
	{ "a node is known by link and link address", a_node_is_known_by_link_and_link_address },
	{ "a flood of link addresses takes no more room",
	  a_flood_of_link_addresses_takes_no_more_room },
	{ "a denial counts for a second", a_denial_counts_for_a_second },
	{ "an answered challenge is given to nobody", an_answered_challenge_is_given_to_nobody },
	{ "a challenge is kept or none", a_challenge_is_kept_or_none },
	{ "a proof is remembered by itself", a_proof_is_remembered_by_itself },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("visit_nodes", tests);
}
