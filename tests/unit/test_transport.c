/* test_transport.c - what arrives of what members send one another, who is
 * admitted, and what is told when connections come and go. */
#include "replication/transport.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agentd/base/clock.h"
#include "replication/counters.h"
#include "replication/transport_packet.h"
#include "tests/unit/suite.h"
#include "tests/unit/transport_fixture.h"

/* ---- what arrives ---- */

static void messages_arrive_as_they_were_sent(void)
{
	set_up();
	send_to(2, 7, 1000, 0);
	transport_flush(nodes[0].transport);
	await_messages(1);
	CU_ASSERT_EQUAL(nodes[1].from, 1);
	CU_ASSERT_EQUAL(nodes[1].group, 7);
	CU_ASSERT_EQUAL(nodes[1].octets, 1000);
	CU_ASSERT_EQUAL(nodes[1].first, 0);
	CU_ASSERT_EQUAL(nodes[1].last, 9);
	CU_ASSERT_EQUAL(nodes[0].messages + nodes[2].messages, 0);
	tear_down();
}

static void messages_of_one_flush_are_one_packet(void)
{
	uint64_t sent;

	set_up();
	sent = look(0, 2).sent;
	for (size_t i = 0; i < 500; i++)
		send_to(2, (uint32_t)i, 100, (uint8_t)i);
	transport_flush(nodes[0].transport);
	CU_ASSERT_EQUAL(look(0, 2).sent, sent + 1);
	transport_flush(nodes[0].transport); /* there is nothing more */
	CU_ASSERT_EQUAL(look(0, 2).sent, sent + 1);
	await_messages(500);
	CU_ASSERT_EQUAL(nodes[1].disordered, 0);
	CU_ASSERT_EQUAL(nodes[1].group, 499);
	tear_down();
}

static bool largest_came(void *context)
{
	(void)context;
	return nodes[1].octets == CONSENSUS_MESSAGE_MAX;
}

/* Once for every connection: on a machine that is busy elsewhere, one may break
 * while such a message is under way. */
static void send_largest(void *context)
{
	size_t *breaks = context;

	if (look(0, 2).connected && *breaks != nodes[0].breaks) {
		*breaks = nodes[0].breaks;
		send_to(2, 0, CONSENSUS_MESSAGE_MAX, 0);
		transport_flush(nodes[0].transport);
	}
	step(NULL);
}

static void the_largest_message_passes_and_no_larger_one(void)
{
	size_t breaks = SIZE_MAX;

	set_up();
	send_to(2, 0, CONSENSUS_MESSAGE_MAX + 1, 0);
	CU_ASSERT_EQUAL(look(0, 2).dropped, 1);
	cluster_await(largest_came, send_largest, &breaks);
	CU_ASSERT_EQUAL(nodes[1].last, 9);
	CU_ASSERT_EQUAL(look(0, 2).dropped, 1);
	tear_down();
}

static void much_of_one_flush_is_several_packets(void)
{
	uint64_t sent;

	set_up();
	sent = look(0, 2).sent;
	for (size_t i = 0; i < 64; i++)
		send_to(2, 0, 10000, (uint8_t)i);
	CU_ASSERT_TRUE(look(0, 2).sent > sent); /* some have left already */
	transport_flush(nodes[0].transport);
	CU_ASSERT_EQUAL(look(0, 2).sent, sent + 3);
	await_messages(64);
	CU_ASSERT_EQUAL(nodes[1].disordered, 0);
	tear_down();
}

static void nothing_goes_to_who_is_no_other_member(void)
{
	set_up();
	send_to(1, 0, 10, 0);
	send_to(4, 0, 10, 0);
	send_to(0, 0, 10, 0);
	transport_flush(nodes[0].transport);
	send_to(2, 0, 10, 0);
	transport_flush(nodes[0].transport);
	await_messages(1);
	CU_ASSERT_EQUAL(nodes[0].messages + nodes[2].messages, 0);
	CU_ASSERT_FALSE(look(0, 1).connected);
	CU_ASSERT_FALSE(look(0, 4).connected);
	tear_down();
}

/* One wait deals with a share, so that timers are not late. */
static void many_packets_are_dealt_with_in_shares(void)
{
	const size_t count = QUEUE_MAX - 100;
	size_t largest = 0;

	set_up();
	for (size_t i = 0; i < count; i++) {
		send_to(2, 0, 10, (uint8_t)i);
		transport_flush(nodes[0].transport);
	}
	while (nodes[1].messages < count) {
		size_t before = nodes[1].messages;

		step(NULL);
		if (nodes[1].messages - before > largest)
			largest = nodes[1].messages - before;
	}
	CU_ASSERT_TRUE(largest <= 256);
	CU_ASSERT_EQUAL(nodes[1].disordered, 0);
	CU_ASSERT_EQUAL(look(0, 2).dropped, 0);
	tear_down();
}

static void an_event_ends_the_wait_and_is_read(void)
{
	uint64_t count = 5;

	set_up();
	CU_ASSERT_EQUAL(write(nodes[0].event, &count, sizeof(count)), sizeof(count));
	CU_ASSERT_EQUAL(transport_wait(nodes[0].transport, nodes[0].event, UINT64_MAX), HA_OK);
	while (read(nodes[0].event, &count, sizeof(count)) > 0) /* something else came first */
		CU_ASSERT_EQUAL(count, 5);
	tear_down();
}

/* ---- who is admitted ---- */

static void members_say_who_they_are(void)
{
	const struct transport_identity later = {
		.cluster = 88,
		.incarnation = 2,
		.members = 6,
		.witnesses = 8,
		.drained = true,
	};

	set_up();
	CU_ASSERT_EQUAL(nodes[0].met[2].cluster, 77);
	CU_ASSERT_EQUAL(nodes[0].met[2].incarnation, 1001);
	CU_ASSERT_EQUAL(nodes[1].met[3].incarnation, 1002);
	transport_identify(nodes[0].transport, &later);
	send_to(2, 0, 10, 0);
	transport_flush(nodes[0].transport);
	await_messages(1);
	CU_ASSERT_EQUAL(nodes[1].met[1].cluster, 88);
	CU_ASSERT_EQUAL(nodes[1].met[1].incarnation, 2);
	CU_ASSERT_EQUAL(nodes[1].met[1].members, 6);
	CU_ASSERT_EQUAL(nodes[1].met[1].witnesses, 8);
	CU_ASSERT_TRUE(nodes[1].met[1].drained);
	CU_ASSERT_FALSE(nodes[1].met[1].unwilling);
	tear_down();
}

static bool is_refused(void *context)
{
	(void)context;
	return !look(1, 1).connected && look(1, 1).refused >= 3;
}

static bool is_told_of_it(void *context)
{
	(void)context;
	return nodes[0].met[2].refuses;
}

static bool is_told_of_its_end(void *context)
{
	return !is_told_of_it(context);
}

static void who_is_not_admitted_is_not_heard_and_learns_it(void)
{
	uint64_t received;

	set_up();
	nodes[1].refuses = 1u << 1;
	received = look(1, 1).received;
	send_to(2, 0, 10, 0);
	transport_flush(nodes[0].transport);
	cluster_await(is_refused, step, NULL);
	CU_ASSERT_EQUAL(look(1, 1).received, received);
	CU_ASSERT_EQUAL(nodes[1].messages, 0);
	CU_ASSERT_TRUE(look(1, 1).speaks);
	CU_ASSERT_TRUE(look(0, 2).connected); /* which it does not refuse */
	cluster_await(is_told_of_it, step, NULL);
	CU_ASSERT_FALSE(nodes[2].met[2].refuses);
	nodes[1].refuses = 0;
	await_all();
	cluster_await(is_told_of_its_end, step, NULL);
	tear_down();
}

/* ---- coming and going ---- */

static void an_end_is_told_at_once_and_a_return_too(void)
{
	set_up();
	for (size_t round = 0; round < 3; round++) {
		size_t breaks = nodes[0].breaks;

		stop(2);
		await_all();
		CU_ASSERT_EQUAL(nodes[0].breaks, breaks + 1);
		start(2);
		await_all();
		CU_ASSERT_EQUAL(nodes[0].breaks, breaks + 1);
	}
	tear_down();
}

/* Its connections stand, since ZeroMQ's thread answers for it. */
static void who_hangs_is_told_to_be_gone(void)
{
	set_up();
	nodes[2].hangs = true;
	await_all();
	CU_ASSERT_FALSE(look(0, 3).connected);
	nodes[2].hangs = false;
	await_all();
	CU_ASSERT_TRUE(look(0, 3).connected);
	tear_down();
}

static bool has_dropped(void *context)
{
	(void)context;
	return look(0, 3).dropped > 0;
}

static void flood(void *context)
{
	(void)context;
	send_to(3, 0, 100000, 0);
	transport_flush(nodes[0].transport);
}

static void more_than_the_queue_is_dropped(void)
{
	uint64_t counted = counter_read(&replication_counters, REPLICATION_COUNTER_PACKETS_DROPPED);

	queue_max = 4;
	set_up();
	queue_max = QUEUE_MAX;
	nodes[2].hangs = true;
	cluster_await(has_dropped, flood, NULL);
	CU_ASSERT_TRUE(look(0, 3).sent > 0);
	CU_ASSERT_TRUE(counter_read(&replication_counters, REPLICATION_COUNTER_PACKETS_DROPPED) >
	               counted);
	send_to(2, 0, 10, 0); /* nobody else waits for it */
	transport_flush(nodes[0].transport);
	await_messages(1);
	tear_down();
}

static bool is_measured(void *context)
{
	(void)context;
	return look(0, 2).round_trip_us > 0 && look(1, 1).round_trip_us > 0;
}

static void round_trips_and_clocks_are_measured(void)
{
	set_up();
	cluster_await(is_measured, step, NULL);
	CU_ASSERT_TRUE(llabs(look(0, 2).clock_offset_us) < 30000000);
	CU_ASSERT_EQUAL(look(0, 2).feature_level, PACKET_FEATURE_LEVEL);
	CU_ASSERT_TRUE(look(0, 2).heard_ns <= clock_monotonic_ns());
	tear_down();
}

/* ---- opening ---- */

static void what_cannot_be_opened_is_told(void)
{
	set_up();
	CU_ASSERT_PTR_NULL(open_member(0));
	CU_ASSERT_EQUAL(why, HA_E_INUSE);
	CU_ASSERT_PTR_NOT_NULL(strstr(report, "127.0.0.1"));
	queue_max = 0;
	CU_ASSERT_PTR_NULL(open_member(0));
	CU_ASSERT_EQUAL(why, HA_E_RANGE);
	queue_max = QUEUE_MAX;
	stop(0);
	views[0].self = 4;
	CU_ASSERT_PTR_NULL(open_member(0));
	CU_ASSERT_EQUAL(why, HA_E_RANGE);
	tear_down();
}

static CU_TestInfo tests[] = {
	{ "messages arrive as they were sent", messages_arrive_as_they_were_sent },
	{ "messages of one flush are one packet", messages_of_one_flush_are_one_packet },
	{ "the largest message passes, and no larger one",
	  the_largest_message_passes_and_no_larger_one },
	{ "much of one flush is several packets", much_of_one_flush_is_several_packets },
	{ "nothing goes to who is no other member", nothing_goes_to_who_is_no_other_member },
	{ "many packets are dealt with in shares", many_packets_are_dealt_with_in_shares },
	{ "an event ends the wait and is read", an_event_ends_the_wait_and_is_read },
	{ "members say who they are", members_say_who_they_are },
	{ "who is not admitted is not heard, and learns it",
	  who_is_not_admitted_is_not_heard_and_learns_it },
	{ "an end is told at once, and a return too", an_end_is_told_at_once_and_a_return_too },
	{ "who hangs is told to be gone", who_hangs_is_told_to_be_gone },
	{ "more than the queue is dropped", more_than_the_queue_is_dropped },
	{ "round trips and clocks are measured", round_trips_and_clocks_are_measured },
	{ "what cannot be opened is told", what_cannot_be_opened_is_told },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("transport", tests);
}
