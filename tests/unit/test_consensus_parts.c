/* test_consensus_parts.c - the pieces of the core that stand alone: leases,
 * messages, entries in memory, commands on their way. */
#include <stdlib.h>
#include <string.h>

#include "replication/cluster_queue.h"
#include "replication/consensus_codec.h"
#include "replication/consensus_lease.h"
#include "replication/consensus_window.h"
#include "suite.h"

#define MS UINT64_C(1000000)

/* ---- leases ---- */

static void a_lease_is_a_majoritys(void)
{
	struct lease lease;
	uint64_t first, second;

	lease_begin(&lease, 30);
	CU_ASSERT_EQUAL(lease_until(&lease, 5), 0);
	first = lease_stamp(&lease, 100 * MS);
	second = lease_stamp(&lease, 100 * MS);
	CU_ASSERT_TRUE(second > first);
	CU_ASSERT_TRUE(lease_acknowledge(&lease, 2, second));
	CU_ASSERT_EQUAL(lease_until(&lease, 3), second + 27 * MS);
	CU_ASSERT_EQUAL(lease_until(&lease, 5), 0); /* two others are needed */
	CU_ASSERT_TRUE(lease_acknowledge(&lease, 4, first));
	CU_ASSERT_EQUAL(lease_until(&lease, 5), first + 27 * MS); /* the older of them counts */
	CU_ASSERT_EQUAL(lease_until(&lease, 2), second + 27 * MS);
}

static void an_answer_to_nothing_or_to_the_past_does_not_count(void)
{
	struct lease lease;
	uint64_t old, new;

	lease_begin(&lease, 30);
	old = lease_stamp(&lease, 100 * MS);
	new = lease_stamp(&lease, 110 * MS);
	CU_ASSERT_FALSE(lease_acknowledge(&lease, 2, new + 1));
	CU_ASSERT_TRUE(lease_acknowledge(&lease, 2, new));
	CU_ASSERT_TRUE(lease_acknowledge(&lease, 2, new));
	CU_ASSERT_FALSE(lease_acknowledge(&lease, 2, old));
	CU_ASSERT_FALSE(lease_acknowledge(&lease, 200, new));
	CU_ASSERT_EQUAL(lease_until(&lease, 3), new + 27 * MS);
}

static void a_longer_lease_counts_for_what_was_asked_so(void)
{
	struct lease lease;
	uint64_t before, after;

	lease_begin(&lease, 30);
	before = lease_stamp(&lease, 100 * MS);
	lease_change(&lease, 100);
	after = lease_stamp(&lease, 110 * MS);
	lease_acknowledge(&lease, 2, before);
	CU_ASSERT_EQUAL(lease_until(&lease, 3), before + 27 * MS);
	lease_acknowledge(&lease, 2, after);
	CU_ASSERT_EQUAL(lease_until(&lease, 3), after + 90 * MS);
	lease_change(&lease, 50); /* before that the shortest that was asked for counts */
	CU_ASSERT_EQUAL(lease_until(&lease, 3), after + 27 * MS);
}

/* ---- messages ---- */

static struct consensus_message message_of(enum consensus_type type)
{
	return (struct consensus_message){
		.type = type,
		.term = 7,
		.stamp = 99,
		.index = type == CONSENSUS_VOTED ? 0 : 12,
		.index_term = type == CONSENSUS_APPENDED || type == CONSENSUS_VOTED ? 0 : 6,
		.commit = type == CONSENSUS_APPEND ? 11 : 0,
		.rejected = type == CONSENSUS_APPENDED ? 13 : 0,
		.granted = type == CONSENSUS_VOTED,
		.pre_vote = type == CONSENSUS_VOTE,
	};
}

static void each_type_comes_back_as_it_went(void)
{
	for (unsigned type = CONSENSUS_APPEND; type <= CONSENSUS_STAND_NOW; type++) {
		const struct consensus_message in = message_of((enum consensus_type)type);
		struct consensus_message out;
		uint8_t octets[CONSENSUS_HEADER_MAX];
		size_t size = consensus_encode(&in, octets);

		CU_ASSERT_EQUAL(consensus_decode(octets, size, &out), HA_OK);
		CU_ASSERT_EQUAL(out.entry_octets, 0);
		out.entries = NULL;
		CU_ASSERT_EQUAL(memcmp(&in, &out, sizeof(in)), 0);
		for (size_t cut = 0; cut < size; cut++)
			CU_ASSERT_EQUAL(consensus_decode(octets, cut, &out), HA_E_MALFORMED);
	}
}

/* An APPEND with two entries; returns its size. */
static size_t with_entries(uint64_t first_term, uint64_t second_term, uint8_t out[256])
{
	struct consensus_message m = message_of(CONSENSUS_APPEND);
	uint8_t *at;

	m.entry_count = 2;
	at = out + consensus_encode(&m, out);
	at = consensus_entry_encode(at, first_term, JOURNAL_COMMAND, "one", 3);
	at = consensus_entry_encode(at, second_term, JOURNAL_BARRIER, NULL, 0);
	return (size_t)(at - out);
}

static void entries_are_checked_whole(void)
{
	struct consensus_message m;
	struct journal_entry entry;
	uint8_t octets[256];
	size_t size = with_entries(6, 7, octets);

	CU_ASSERT_EQUAL(consensus_decode(octets, size, &m), HA_OK);
	CU_ASSERT_EQUAL(m.entry_count, 2);
	const uint8_t *second = consensus_entry_decode(m.entries, &entry);
	CU_ASSERT_TRUE(entry.size == 3 && memcmp(entry.command, "one", 3) == 0 && entry.term == 6);
	CU_ASSERT_PTR_EQUAL(consensus_entry_decode(second, &entry), octets + size);
	CU_ASSERT_EQUAL(entry.kind, JOURNAL_BARRIER);
	CU_ASSERT_EQUAL(consensus_decode(octets, size - 1, &m), HA_E_MALFORMED);
	CU_ASSERT_EQUAL(consensus_decode(octets, size + 1, &m), HA_E_MALFORMED);
	CU_ASSERT_EQUAL(consensus_decode(octets, with_entries(5, 7, octets), &m), HA_E_MALFORMED);
	CU_ASSERT_EQUAL(consensus_decode(octets, with_entries(7, 6, octets), &m), HA_E_MALFORMED);
	CU_ASSERT_EQUAL(consensus_decode(octets, with_entries(7, 8, octets), &m), HA_E_MALFORMED);
}

static void a_newer_version_is_told_from_nonsense(void)
{
	const struct consensus_message m = message_of(CONSENSUS_VOTE);
	struct consensus_message out;
	uint8_t octets[CONSENSUS_HEADER_MAX];
	size_t size = consensus_encode(&m, octets);

	octets[4]++;
	CU_ASSERT_EQUAL(consensus_decode(octets, size, &out), HA_E_NEWER);
	octets[4]--;
	octets[5] = 77;
	CU_ASSERT_EQUAL(consensus_decode(octets, size, &out), HA_E_MALFORMED);
}

/* ---- entries in memory ---- */

static void push(struct window *w, size_t count, uint64_t term, uint64_t serial)
{
	struct window_block *block = window_block_new(count * (CONSENSUS_ENTRY_HEADER + 10));
	uint8_t *at = window_block_octets(block);

	for (size_t i = 0; i < count; i++)
		at = consensus_entry_encode(at, term, JOURNAL_COMMAND, "0123456789", 10);
	window_push(w, block, window_block_octets(block), count, serial, NULL);
}

static void a_run_of_entries_leaves_in_few_pieces(void)
{
	struct consensus_octets pieces[4];
	struct window_cut cut = { 1000000, 100, pieces, 4, 0 };
	struct window w;

	CU_ASSERT_EQUAL_FATAL(window_init(&w, 10, 1u << 20), HA_OK);
	push(&w, 5, 1, 1);
	push(&w, 5, 1, 6);
	push(&w, 1, 2, 11);
	CU_ASSERT_EQUAL(window_cut(&w, 12, &cut), 9);
	CU_ASSERT_EQUAL(cut.piece_count, 3);
	CU_ASSERT_EQUAL(pieces[0].size, 3 * (CONSENSUS_ENTRY_HEADER + 10));
	cut.octets_max = 60;
	CU_ASSERT_EQUAL(window_cut(&w, 10, &cut), 2);
	cut.octets_max = 1; /* the first one always goes */
	CU_ASSERT_EQUAL(window_cut(&w, 10, &cut), 1);
	cut.octets_max = 1000000;
	cut.pieces_max = 1;
	CU_ASSERT_EQUAL(window_cut(&w, 10, &cut), 5);
	CU_ASSERT_EQUAL(window_cut(&w, 21, &cut), 0);
	window_destroy(&w);
}

static void memory_goes_with_the_entries(void)
{
	struct window w;

	CU_ASSERT_EQUAL_FATAL(window_init(&w, 1, 10000), HA_OK);
	push(&w, 10, 1, 1);
	CU_ASSERT_FALSE(window_has_room(&w, 200, 200 * 26));
	CU_ASSERT_FALSE(window_has_room(&w, 150, 150 * CONSENSUS_ENTRY_HEADER));
	CU_ASSERT_TRUE(
		window_has_room_to_begin(&w, 150)); /* an eighth more, and no more than that */
	CU_ASSERT_FALSE(window_has_room_to_begin(&w, 170));
	window_truncate(&w, 6);
	CU_ASSERT_EQUAL(w.last, 5);
	CU_ASSERT_PTR_NULL(window_at(&w, 6));
	push(&w, 2, 3, 11);
	CU_ASSERT_EQUAL(window_entry(&w, 6).term, 3);
	CU_ASSERT_EQUAL(window_entry(&w, 7).serial, 12);
	while (w.first <= 7)
		window_drop_first(&w);
	CU_ASSERT_EQUAL(w.octets, 0);
	CU_ASSERT_TRUE(window_has_room(&w, 100, 2600));
	window_destroy(&w);
}

/* ---- commands ---- */

static void commands_come_out_as_they_went_in(void)
{
	const struct replication_command in[3] = { { 0, 1, "a", 1 },
		                                   { 0, 2, "bc", 2 },
		                                   { 4, 3, "d", 1 } };
	const struct replication_command *out;
	struct queue q;
	uint64_t reign;
	bool first;

	CU_ASSERT_EQUAL_FATAL(queue_init(&q), HA_OK);
	CU_ASSERT_EQUAL(queue_look(&q, 10, 100, &out, &reign), 0);
	CU_ASSERT_EQUAL(queue_put(&q, in, 3, 1, &first), HA_OK);
	CU_ASSERT_TRUE(first);
	CU_ASSERT_EQUAL(queue_put(&q, in, 1, 1, &first), HA_OK);
	CU_ASSERT_FALSE(first);
	CU_ASSERT_EQUAL(queue_look(&q, 10, 100, &out, &reign), 2); /* of one group */
	CU_ASSERT_TRUE(out[1].ticket == 2 && memcmp(out[1].command, "bc", 2) == 0);
	CU_ASSERT_EQUAL(queue_look(&q, 1, 100, &out, &reign), 1);
	queue_drop(&q, 2);
	CU_ASSERT_EQUAL(queue_look(&q, 10, 100, &out, &reign), 1);
	CU_ASSERT_EQUAL(out[0].group, 4);
	queue_drop(&q, 1);
	CU_ASSERT_EQUAL(queue_look(&q, 10, 100, &out, &reign), 1);
	queue_drop(&q, 1);
	CU_ASSERT_EQUAL(queue_look(&q, 10, 100, &out, &reign), 0);
	CU_ASSERT_EQUAL(queue_put(&q, in, 1, 1, &first), HA_OK);
	CU_ASSERT_EQUAL(queue_put(&q, in, 2, 2, &first), HA_OK);
	CU_ASSERT_EQUAL(queue_look(&q, 10, 100, &out, &reign), 1); /* of one reign */
	CU_ASSERT_EQUAL(reign, 1);
	queue_drop(&q, 1);
	CU_ASSERT_EQUAL(queue_look(&q, 10, 100, &out, &reign), 2);
	CU_ASSERT_EQUAL(reign, 2);
	queue_destroy(&q);
}

static void a_full_queue_takes_nothing_in_part(void)
{
	struct replication_command in[2] = { { 0, 1, NULL, 0 }, { 0, 2, NULL, 0 } };
	const struct replication_command *out;
	uint8_t *large = calloc(1, QUEUE_OCTETS);
	struct queue q;
	uint64_t reign;
	bool first;

	CU_ASSERT_EQUAL_FATAL(queue_init(&q), HA_OK);
	in[0].command = in[1].command = large;
	in[0].size = QUEUE_OCTETS - 10;
	in[1].size = 11;
	CU_ASSERT_EQUAL(queue_put(&q, in, 2, 1, &first), HA_E_BUSY);
	CU_ASSERT_EQUAL(queue_look(&q, 10, 100, &out, &reign), 0);
	CU_ASSERT_EQUAL(queue_put(&q, in, 1, 1, &first), HA_OK);
	CU_ASSERT_EQUAL(queue_look(&q, 10, 100, &out, &reign), 1); /* however large */
	queue_destroy(&q);
	free(large);
}

static CU_TestInfo tests[] = {
	{ "a lease is a majority's", a_lease_is_a_majoritys },
	{ "an answer to nothing or to the past does not count",
	  an_answer_to_nothing_or_to_the_past_does_not_count },
	{ "a longer lease counts for what was asked so",
	  a_longer_lease_counts_for_what_was_asked_so },
	{ "each type comes back as it went", each_type_comes_back_as_it_went },
	{ "entries are checked whole", entries_are_checked_whole },
	{ "a newer version is told from nonsense", a_newer_version_is_told_from_nonsense },
	{ "a run of entries leaves in few pieces", a_run_of_entries_leaves_in_few_pieces },
	{ "memory goes with the entries", memory_goes_with_the_entries },
	{ "commands come out as they went in", commands_come_out_as_they_went_in },
	{ "a full queue takes nothing in part", a_full_queue_takes_nothing_in_part },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("consensus_parts", tests);
}
