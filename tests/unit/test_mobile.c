/* test_mobile.c - a mobile node from moment to moment: an address of its own, denials, the end. */
#include "tests/unit/mobile_world.h"

/* ---- with an address of its own ---- */

static void an_address_is_registered_and_renewed(void)
{
	begin();
	step();
	CU_ASSERT_EQUAL(mobile.state, MOBILE_SEARCHING);
	have("198.51.100.7");
	CU_ASSERT_EQUAL(seen.sent, 1);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_ASKING);
	CU_ASSERT(seen.stay.attached && !seen.stay.bound);
	now_ms += 40;
	reply(0, 200);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_REGISTERED);
	CU_ASSERT(seen.stay.bound && seen.stay.reverse);
	CU_ASSERT_EQUAL(seen.stay.count, 1);
	CU_ASSERT(address_equal(seen.stay.care_of[0], address("198.51.100.7")));
	/* A quarter of what was granted before its end, from when it was asked for. */
	CU_ASSERT(step() == 1000000 + 150000);
	pass(149900);
	CU_ASSERT_EQUAL(seen.sent, 1);
	pass(100);
	CU_ASSERT_EQUAL(seen.sent, 2);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_REGISTERED); /* it still is */
	reply(0, 200);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_REGISTERED);
	CU_ASSERT_EQUAL(mobile.counts.accepted, 2);
}

static void silence_is_met_with_patience_and_then_the_end(void)
{
	begin();
	have("198.51.100.7");
	reply(0, 200);
	pass(150000);
	CU_ASSERT_EQUAL(seen.sent, 2);
	pass(1000);
	pass(2000);
	pass(4000);
	CU_ASSERT_EQUAL(seen.sent, 5);
	CU_ASSERT_EQUAL(mobile.counts.repeated, 3);
	CU_ASSERT(seen.stay.bound);
	pass(44000);
	CU_ASSERT(!seen.stay.bound);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_ASKING);
	CU_ASSERT_EQUAL(mobile.counts.lapsed, 1);
	CU_ASSERT_EQUAL(seen.stay.count, 0);
	pass(60000);
	CU_ASSERT(seen.sent > 6);
	reply(0, 200);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_REGISTERED);
}

/* With nonces the same octets once more, with timestamps other ones. */
static void what_is_sent_again_depends_on_the_style(void)
{
	for (unsigned nonces = 0; nonces < 2; nonces++) {
		uint8_t first[MOBILE_REQUEST_MAX];

		begin();
		settings.nonces = nonces;
		mobile_init(&mobile, &settings, &ops);
		have("198.51.100.7");
		memcpy(first, seen.message, seen.size);
		pass(1000);
		CU_ASSERT_EQUAL(seen.sent, 2);
		CU_ASSERT_EQUAL(memcmp(first, seen.message, seen.size) == 0, nonces);
	}
}

static void another_address_is_another_place(void)
{
	begin();
	have("198.51.100.7");
	reply(0, 200);
	now_ms += 200;
	have("198.51.101.7");
	CU_ASSERT_EQUAL(seen.sent, 1); /* a second has not passed */
	pass(800);
	CU_ASSERT_EQUAL(seen.sent, 2);
	CU_ASSERT(address_equal(seen.plan.fixed.care_of, address("198.51.101.7")));
	CU_ASSERT((seen.plan.fixed.flags & MIP_REQUEST_SIMULTANEOUS) == 0);
	reply(0, 200);
	CU_ASSERT_EQUAL(seen.stay.count, 1);
	have(NULL);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_SEARCHING);
	CU_ASSERT(!seen.stay.attached);
	CU_ASSERT_EQUAL(mobile.counts.moves, 2);
}

/* The same address: another network may have given it out too. */
static void behind_another_link_it_registers_again(void)
{
	begin();
	have("198.51.100.7");
	reply(0, 200);
	pass(2000);
	CU_ASSERT_EQUAL(seen.sent, 1);
	mobile_link_changed(&mobile);
	step();
	CU_ASSERT_EQUAL(seen.sent, 2);
	CU_ASSERT(seen.stay.bound);
	reply(0, 200);
	CU_ASSERT_EQUAL(mobile.counts.moves, 1);
	/* And tells the others there, at home. */
	now_ms += 1000;
	have("10.0.0.66");
	reply(0, 0);
	pass(2000);
	CU_ASSERT_EQUAL(seen.announced, 1);
	mobile_link_changed(&mobile);
	CU_ASSERT_EQUAL(seen.announced, 2);
	step();
	CU_ASSERT_EQUAL(seen.sent, 4);
	CU_ASSERT_EQUAL(seen.plan.fixed.lifetime_s, 0);
}

static void bindings_can_stay_beside_each_other(void)
{
	begin();
	settings.simultaneous = true;
	have("198.51.100.7");
	CU_ASSERT(seen.plan.fixed.flags & MIP_REQUEST_SIMULTANEOUS);
	reply(0, 200);
	now_ms += 1000;
	have("198.51.101.7");
	reply(0, 300);
	CU_ASSERT_EQUAL(seen.stay.count, 2);
	CU_ASSERT(address_equal(seen.stay.care_of[0], address("198.51.101.7")));
	CU_ASSERT(address_equal(seen.stay.care_of[1], address("198.51.100.7")));
	pass(200000);
	CU_ASSERT_EQUAL(seen.stay.count, 1);
	CU_ASSERT(seen.stay.bound);
	/* An agent that keeps one alone says so. */
	now_ms += 1000;
	have("198.51.100.7");
	pass(1000);
	reply(1, 300);
	CU_ASSERT_EQUAL(seen.stay.count, 1);
}

static void an_address_of_home_is_home(void)
{
	begin();
	have("198.51.100.7");
	reply(0, 200);
	now_ms += 1000;
	have("10.0.0.66");
	CU_ASSERT_EQUAL(seen.announced, 1);
	CU_ASSERT_EQUAL(seen.announced_before, 1); /* before it was asked for */
	CU_ASSERT_EQUAL(seen.sent, 2);
	CU_ASSERT_EQUAL(seen.plan.fixed.lifetime_s, 0);
	CU_ASSERT(address_equal(seen.plan.fixed.care_of, address("10.0.0.5")));
	CU_ASSERT(address_equal(seen.plan.source, address("10.0.0.5")));
	CU_ASSERT_EQUAL(seen.stay.way, MOBILE_AT_HOME);
	reply(0, 0);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_HOME);
	CU_ASSERT_EQUAL(seen.stay.count, 0);
	pass(400000);
	CU_ASSERT_EQUAL(seen.sent, 2); /* nothing is to be renewed there */
}

/* ---- denials ---- */

static void a_denial_is_waited_out_longer_each_time(void)
{
	begin();
	have("198.51.100.7");
	reply(129, 0);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_REFUSED);
	CU_ASSERT_EQUAL(mobile.code, 129);
	pass(9999);
	CU_ASSERT_EQUAL(seen.sent, 1);
	pass(1);
	CU_ASSERT_EQUAL(seen.sent, 2);
	reply(129, 0);
	pass(19999);
	CU_ASSERT_EQUAL(seen.sent, 2);
	pass(1);
	CU_ASSERT_EQUAL(seen.sent, 3);
	reply(0, 200);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_REGISTERED);
}

static void clocks_that_differ_are_put_right_at_once(void)
{
	begin();
	have("198.51.100.7");
	reply(133, 0);
	pass(1000);
	CU_ASSERT_EQUAL(seen.sent, 2);
	reply(133, 0);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_REFUSED);
}

static void strangers_replies_change_nothing(void)
{
	uint8_t octets[64] = { MIP_TYPE_REPLY };

	begin();
	have("198.51.100.7");
	for (unsigned i = 0; i < sizeof(octets); i++)
		mobile_received(&mobile, (struct span){ octets, i }, address("192.0.2.1"),
		                answers_from, now_ms);
	signing_key.secret[0] ^= 1;
	reply(0, 200);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_ASKING);
	CU_ASSERT_EQUAL(seen.sent, 1);
	CU_ASSERT(mobile.counts.discarded == sizeof(octets) + 1);
	CU_ASSERT(mobile.counts.violations > 0);
}

/* ---- tunnels in UDP ---- */

static void put_udp(struct writer *out)
{
	mip_udp_tunnel_reply_append(out, MIP_UDP_ACCEPTED, false, 20);
}

static void keepalives_are_sent_and_missed(void)
{
	begin();
	settings.wishes.udp = MOBILE_UDP_FORCED;
	mobile_init(&mobile, &settings, &ops);
	have("198.51.100.7");
	reply_with(0, 300, put_udp);
	CU_ASSERT(seen.stay.udp);
	CU_ASSERT_EQUAL(seen.keepalives, 0);
	pass(20000);
	CU_ASSERT_EQUAL(seen.keepalives, 1);
	mobile_keepalive_answered(&mobile);
	pass(20000);
	CU_ASSERT_EQUAL(seen.keepalives, 2);
	CU_ASSERT_EQUAL(seen.sent, 1);
	/* Nobody answers any more: the port is gone on the way. */
	pass(20000 + 2 * 2000);
	CU_ASSERT_EQUAL(seen.keepalives, 4);
	CU_ASSERT_EQUAL(seen.sent, 2);
}

/* ---- the end ---- */

static void a_binding_is_ended(void)
{
	begin();
	have("198.51.100.7");
	reply(0, 200);
	now_ms += 1000;
	mobile_end(&mobile);
	step();
	CU_ASSERT_EQUAL(seen.sent, 2);
	CU_ASSERT_EQUAL(seen.plan.fixed.lifetime_s, 0);
	CU_ASSERT(address_equal(seen.plan.fixed.care_of, address("198.51.100.7")));
	reply(0, 0);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_ENDED);
	CU_ASSERT(step() == UINT64_MAX);
	begin();
	mobile_end(&mobile);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_ENDED);
}

static CU_TestInfo tests[] = {
	{ "an address is registered and renewed", an_address_is_registered_and_renewed },
	{ "silence is met with patience and then the end",
	  silence_is_met_with_patience_and_then_the_end },
	{ "what is sent again depends on the style", what_is_sent_again_depends_on_the_style },
	{ "another address is another place", another_address_is_another_place },
	{ "behind another link it registers again", behind_another_link_it_registers_again },
	{ "bindings can stay beside each other", bindings_can_stay_beside_each_other },
	{ "an address of home is home", an_address_of_home_is_home },
	{ "a denial is waited out longer each time", a_denial_is_waited_out_longer_each_time },
	{ "clocks that differ are put right at once", clocks_that_differ_are_put_right_at_once },
	{ "strangers' replies change nothing", strangers_replies_change_nothing },
	{ "keepalives are sent and missed", keepalives_are_sent_and_missed },
	{ "a binding is ended", a_binding_is_ended },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("mobile", tests);
}
