/* test_soft.c - what is learnt of tunnels: how long it holds, and that it takes no more
 * memory than it was given. */
#include "agentd/dataplane/soft.h"

#include <arpa/inet.h>
#include <pthread.h>

#include "tests/unit/dice.h"
#include "tests/unit/suite.h"

#define S UINT64_C(1000000000)
#define FLOOR 68u

static struct soft *soft;
static uint64_t now_ns;

static struct in_addr exit_of(uint32_t number)
{
	return (struct in_addr){ htonl(0xc6336400u + number) };
}

static void begin(uint32_t exits, uint32_t sent)
{
	soft = soft_new((struct soft_size){ .exits = exits,
	                                    .sent = sent,
	                                    .errors_per_s = 10,
	                                    .errors_burst = 3,
	                                    .first_id = 1 });
	CU_ASSERT_PTR_NOT_NULL_FATAL(soft);
	now_ns = 1000 * S;
}

static struct soft_exit look(uint32_t number)
{
	return soft_look(soft, exit_of(number), now_ns);
}

static void nothing_is_known_at_first(void)
{
	begin(16, 16);
	CU_ASSERT_EQUAL(look(1).mtu, 0);
	CU_ASSERT_EQUAL(look(1).length, 0);
	CU_ASSERT_FALSE(look(1).broken);
	soft_free(soft);
	soft_free(NULL);
}

static void mtu_falls_at_once_and_rises_by_age(void)
{
	begin(16, 16);
	CU_ASSERT_EQUAL(soft_too_big(soft, exit_of(1), 1400, 1500, FLOOR, now_ns), 1400);
	CU_ASSERT_EQUAL(soft_too_big(soft, exit_of(1), 1300, 1400, FLOOR, now_ns), 1300);
	CU_ASSERT_EQUAL(soft_too_big(soft, exit_of(1), 1450, 1500, FLOOR, now_ns), 1300);
	CU_ASSERT_EQUAL(look(1).mtu, 1300);
	CU_ASSERT_EQUAL(look(2).mtu, 0);
	now_ns += SOFT_MTU_NS - 1;
	CU_ASSERT_EQUAL(look(1).mtu, 1300);
	now_ns += 1;
	CU_ASSERT_EQUAL(look(1).mtu, 0);
	CU_ASSERT_EQUAL(soft_too_big(soft, exit_of(1), 1450, 1500, FLOOR, now_ns), 1450);
	soft_free(soft);
}

/* What raises nothing keeps nothing young either. */
static void larger_mtu_does_not_prolong_a_smaller_one(void)
{
	begin(16, 16);
	soft_too_big(soft, exit_of(1), 1300, 1500, FLOOR, now_ns);
	now_ns += SOFT_MTU_NS / 2;
	soft_too_big(soft, exit_of(1), 1400, 1500, FLOOR, now_ns);
	now_ns += SOFT_MTU_NS / 2;
	CU_ASSERT_EQUAL(look(1).mtu, 0);
	soft_free(soft);
}

static void old_routers_leave_a_plateau(void)
{
	static const uint16_t cases[][2] = { { 65535, 32000 }, { 1500, 1492 }, { 1492, 1006 },
		                             { 1006, 508 },    { 300, 296 },   { 70, 68 },
		                             { 68, 68 },       { 20, 68 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		begin(8, 8);
		CU_ASSERT_EQUAL(soft_too_big(soft, exit_of(1), 0, cases[i][0], FLOOR, now_ns),
		                cases[i][1]);
		soft_free(soft);
	}
}

static void senseless_mtus_are_not_believed(void)
{
	begin(8, 8);
	CU_ASSERT_EQUAL(soft_too_big(soft, exit_of(1), 1500, 1400, FLOOR, now_ns), 1006);
	CU_ASSERT_EQUAL(soft_too_big(soft, exit_of(2), 1, 1400, FLOOR, now_ns), FLOOR);
	CU_ASSERT_EQUAL(soft_too_big(soft, exit_of(3), 300, 1400, 576, now_ns), 576);
	soft_free(soft);
}

static void length_grows_and_ages(void)
{
	begin(8, 8);
	soft_too_far(soft, exit_of(1), 64, now_ns);
	CU_ASSERT_EQUAL(look(1).length, 65);
	soft_too_far(soft, exit_of(1), 20, now_ns);
	CU_ASSERT_EQUAL(look(1).length, 65);
	CU_ASSERT_FALSE(look(1).broken);
	soft_too_far(soft, exit_of(1), 255, now_ns);
	CU_ASSERT_EQUAL(look(1).length, 256);
	CU_ASSERT_TRUE(look(1).broken);
	now_ns += SOFT_LENGTH_NS;
	CU_ASSERT_EQUAL(look(1).length, 0);
	CU_ASSERT_FALSE(look(1).broken);
	soft_free(soft);
}

static void broken_heals_by_age_or_by_a_packet(void)
{
	begin(8, 8);
	soft_broken(soft, exit_of(1), now_ns);
	soft_broken(soft, exit_of(2), now_ns);
	soft_works(soft, exit_of(2), now_ns);
	soft_works(soft, exit_of(3), now_ns);
	CU_ASSERT_TRUE(look(1).broken);
	CU_ASSERT_FALSE(look(2).broken);
	now_ns += SOFT_BROKEN_NS;
	CU_ASSERT_FALSE(look(1).broken);
	soft_free(soft);
}

static void clock_may_begin_at_nothing(void)
{
	begin(8, 8);
	now_ns = 0;
	soft_broken(soft, exit_of(1), 0);
	soft_too_big(soft, exit_of(1), 1300, 1500, FLOOR, 0);
	CU_ASSERT_TRUE(look(1).broken);
	CU_ASSERT_EQUAL(look(1).mtu, 1300);
	CU_ASSERT_TRUE(soft_may_complain(soft, SOFT_EXPIRED, 0));
	soft_free(soft);
}

/* Many more exits than there is room for: those in use stay, as far as they go. */
static void memory_is_bounded(void)
{
	struct soft_size size = { .exits = 64, .sent = 64, .errors_per_s = 1, .errors_burst = 1 };
	uint32_t known = 0;

	CU_ASSERT_TRUE(soft_octets(size) <= 64 * (64 + 24) + 64 * 128 + 512);
	begin(64, 64);
	for (uint32_t i = 0; i < 100000; i++) {
		now_ns += 1;
		soft_broken(soft, exit_of(i), now_ns);
		CU_ASSERT_TRUE(soft_look(soft, exit_of(i), now_ns).broken);
		CU_ASSERT_TRUE(look(0).broken); /* always the one used last but one */
	}
	for (uint32_t i = 0; i < 100000; i++)
		known += look(i).broken;
	CU_ASSERT_TRUE(known > 32);
	CU_ASSERT_TRUE(known <= 64);
	soft_free(soft);
}

static void sent_packets_are_found_by_identification(void)
{
	uint8_t packet[100] = { 0x45, 0, 0, 100 };
	struct span inner = { packet, sizeof(packet) };
	struct soft_sent sent;

	begin(8, 16);
	soft_remember(soft, 3, exit_of(1), 0x1234, 64, inner, now_ns);
	CU_ASSERT_TRUE_FATAL(soft_recall(soft, exit_of(1), 0x1234, now_ns, &sent));
	CU_ASSERT_EQUAL(sent.realm, 3);
	CU_ASSERT_EQUAL(sent.ttl, 64);
	CU_ASSERT_EQUAL(sent.quote_size, SOFT_QUOTE);
	CU_ASSERT_EQUAL(memcmp(sent.quote, packet, SOFT_QUOTE), 0);
	CU_ASSERT_FALSE(soft_recall(soft, exit_of(2), 0x1234, now_ns, &sent));
	CU_ASSERT_FALSE(soft_recall(soft, exit_of(1), 0x1244, now_ns, &sent));
	now_ns += SOFT_SENT_NS;
	CU_ASSERT_FALSE(soft_recall(soft, exit_of(1), 0x1234, now_ns, &sent));
	soft_remember(soft, 3, exit_of(1), 0x1234, 64, (struct span){ packet, 20 }, now_ns);
	soft_remember(soft, 3, exit_of(1), 0x1254, 64, inner, now_ns); /* the same place */
	CU_ASSERT_FALSE(soft_recall(soft, exit_of(1), 0x1234, now_ns, &sent));
	CU_ASSERT_TRUE(soft_recall(soft, exit_of(1), 0x1254, now_ns, &sent));
	soft_free(soft);
}

/* The last packets are known, whatever number came before. */
static void ring_has_the_newest(void)
{
	uint8_t packet[28] = { 0x45 };
	struct soft_sent sent;
	uint16_t id = 0;

	begin(8, 1024);
	for (uint32_t i = 0; i < 70000; i++) {
		id = soft_id(soft);
		packet[4] = (uint8_t)(i >> 8);
		packet[5] = (uint8_t)i;
		soft_remember(soft, 0, exit_of(i % 7), id, 64,
		              (struct span){ packet, sizeof(packet) }, now_ns);
	}
	for (uint32_t back = 0; back < 1024; back++) {
		uint32_t i = 69999 - back;

		CU_ASSERT_TRUE_FATAL(
			soft_recall(soft, exit_of(i % 7), (uint16_t)(id - back), now_ns, &sent));
		CU_ASSERT_EQUAL(sent.quote[5], (uint8_t)i);
	}
	soft_free(soft);
}

static void identifications_begin_where_they_are_told(void)
{
	struct soft_size size = { .exits = 8, .sent = 8, .first_id = 0xffff };

	soft = soft_new(size);
	CU_ASSERT_PTR_NOT_NULL_FATAL(soft);
	CU_ASSERT_EQUAL(soft_id(soft), 0xffff);
	CU_ASSERT_EQUAL(soft_id(soft), 1); /* 0 would be the kernel's to fill in */
	CU_ASSERT_FALSE(soft_may_complain(soft, SOFT_EXPIRED, 1)); /* a rate of 0 is none at all */
	soft_free(soft);
}

static unsigned complaints(unsigned wanted)
{
	unsigned given = 0;

	for (unsigned i = 0; i < wanted; i++)
		given += soft_may_complain(soft, SOFT_EXPIRED, now_ns);
	return given;
}

static void complaints_are_paced(void)
{
	begin(8, 8);
	CU_ASSERT_EQUAL(complaints(100), 3);
	CU_ASSERT_TRUE(soft_may_complain(soft, SOFT_TOO_BIG, now_ns)); /* of another cause */
	now_ns += S / 10;
	CU_ASSERT_EQUAL(complaints(100), 1);
	now_ns += S / 10 - 1;
	CU_ASSERT_EQUAL(complaints(100), 0);
	now_ns += 1;
	CU_ASSERT_EQUAL(complaints(100), 1);
	now_ns += 3600 * S;
	CU_ASSERT_EQUAL(complaints(100), 3);
	now_ns -= 1800 * S; /* a clock that goes back gives nothing */
	CU_ASSERT_EQUAL(complaints(100), 0);
	soft_free(soft);
}

static _Atomic uint32_t wrong;

/* Each thread has an exit of its own beside those that all share. */
static void *use(void *seed)
{
	uint32_t mine = 1000 + (uint32_t)(uintptr_t)seed;
	struct dice dice = { (uintptr_t)seed };
	uint8_t packet[28] = { 0 };

	for (unsigned i = 0; i < 20000; i++) {
		uint16_t id = soft_id(soft);
		struct soft_sent sent;

		packet[4] = (uint8_t)mine;
		soft_remember(soft, 0, exit_of(mine), id, 64,
		              (struct span){ packet, sizeof(packet) }, 5);
		if (soft_recall(soft, exit_of(mine), id, 5, &sent))
			wrong += sent.quote[4] != (uint8_t)mine || sent.id != id;
		soft_broken(soft, exit_of(dice_below(&dice, 40)), 5);
		soft_too_big(soft, exit_of(dice_below(&dice, 40)), 1000, 1500, FLOOR, 5);
		wrong += soft_look(soft, exit_of(dice_below(&dice, 40)), 5).mtu % 1000 != 0;
		soft_works(soft, exit_of(dice_below(&dice, 40)), 5);
		(void)soft_may_complain(soft, i % SOFT_CAUSES, i);
	}
	return NULL;
}

static void threads_do_not_mix_things_up(void)
{
	pthread_t threads[3];

	begin(64, 256);
	wrong = 0;
	for (uintptr_t i = 0; i < 3; i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, use, (void *)(i + 1)), 0);
	for (size_t i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(pthread_join(threads[i], NULL), 0);
	CU_ASSERT_EQUAL(wrong, 0);
	soft_free(soft);
}

static bool in_order(unsigned source, bool has_key, uint32_t sequence, uint64_t at_ns)
{
	const struct soft_flow flow = { exit_of(source), has_key, has_key ? 5 : 0 };

	CU_ASSERT_EQUAL(soft_in_order(soft, &flow, sequence, at_ns),
	                soft_in_order(soft, &flow, sequence, at_ns));
	return soft_take_in_order(soft, &flow, sequence, at_ns);
}

static void sequences_have_an_order(void)
{
	begin(64, 256);
	CU_ASSERT_TRUE(in_order(1, false, 0, 0));
	CU_ASSERT_FALSE(in_order(1, false, 0, 0));
	CU_ASSERT_TRUE(in_order(1, false, 0x80000000, 1));
	CU_ASSERT_FALSE(in_order(1, false, 1, 1));
	CU_ASSERT_TRUE(in_order(1, false, 0, 1)); /* after its number 0xffffffff */
	CU_ASSERT_FALSE(in_order(1, false, 0x80000001, 1));
	soft_free(soft);
}

static void sequences_are_of_a_source_and_a_key(void)
{
	begin(UINT32_C(1) << 20, 8);
	CU_ASSERT_TRUE(in_order(1, false, 9, 1));
	CU_ASSERT_TRUE(in_order(1, true, 3, 1));
	CU_ASSERT_TRUE(in_order(2, false, 1, 1));
	CU_ASSERT_FALSE(in_order(1, false, 8, 1));
	CU_ASSERT_TRUE(in_order(1, true, 4, 1));
	CU_ASSERT_TRUE(in_order(2, false, 2, 1));
	soft_free(soft);
}

static void sequences_begin_anew(void)
{
	begin(64, 256);
	CU_ASSERT_TRUE(in_order(1, false, 9, 1));
	CU_ASSERT_FALSE(in_order(1, false, 1, SOFT_ORDER_NS));
	CU_ASSERT_TRUE(in_order(1, false, 2, SOFT_ORDER_NS + 1));
	CU_ASSERT_FALSE(in_order(1, false, 1, SOFT_ORDER_NS + 1));
	for (unsigned i = 2; i < 100000; i++)
		CU_ASSERT_TRUE_FATAL(in_order(i, false, 0, SOFT_ORDER_NS));
	CU_ASSERT_TRUE(in_order(1, false, 1, SOFT_ORDER_NS + 1)); /* others have its place */
	soft_free(soft);
}

static CU_TestInfo tests[] = {
	{ "nothing is known at first", nothing_is_known_at_first },
	{ "an MTU falls at once and rises by age", mtu_falls_at_once_and_rises_by_age },
	{ "a larger MTU does not prolong a smaller one",
	  larger_mtu_does_not_prolong_a_smaller_one },
	{ "old routers leave a plateau", old_routers_leave_a_plateau },
	{ "senseless MTUs are not believed", senseless_mtus_are_not_believed },
	{ "a length grows and ages", length_grows_and_ages },
	{ "broken heals by age or by a packet", broken_heals_by_age_or_by_a_packet },
	{ "a clock may begin at nothing", clock_may_begin_at_nothing },
	{ "memory is bounded", memory_is_bounded },
	{ "sent packets are found by identification", sent_packets_are_found_by_identification },
	{ "the ring has the newest", ring_has_the_newest },
	{ "identifications begin where they are told", identifications_begin_where_they_are_told },
	{ "complaints are paced", complaints_are_paced },
	{ "sequences have an order", sequences_have_an_order },
	{ "sequences are of a source and a key", sequences_are_of_a_source_and_a_key },
	{ "sequences begin anew", sequences_begin_anew },
	{ "threads do not mix things up", threads_do_not_mix_things_up },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("soft", tests);
}
