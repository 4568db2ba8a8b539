/* test_visitors_command.c - commands about visitors come back out of their octets as they were, and
 * nothing else does. */
#include <string.h>

#include "agentd/visitors/command.h"
#include "tests/unit/suite.h"

static struct foreign_visitor whole(void)
{
	struct foreign_visitor visitor = {
		.asked = {
			.home.s_addr = htonl(0x0a000001),
			.home_agent.s_addr = htonl(0xc0000201),
			.relayed_to.s_addr = htonl(0xc0000202),
			.care_of.s_addr = htonl(0xc0000209),
			.source.s_addr = htonl(0x0a000001),
			.destination.s_addr = htonl(0xc6336401),
			.identification = UINT64_C(0x1122334455667788),
			.interface = 3,
			.revocation_stamp = 77,
			.source_port = 5000,
			.lifetime_s = 300,
			.flags = 0x5a,
			.features = 0x3f,
			.link = { 2, 0, 0, 0, 0, 9 },
			.challenge_size = FOREIGN_CHALLENGE_MAX,
			.nai_size = MIP_NAI_MAX,
		},
		.home.s_addr = htonl(0x0a000002),
		.home_agent.s_addr = htonl(0xc0000203),
		.began_ms = 1699999999000,
		.granted_ms = 1700000000000,
		.expires_ms = 1700000300000,
		.home_agent_stamp = 78,
		.mobile_spi = 300,
		.granted_s = 299,
		.keepalive_s = 110,
		.encapsulation = 2,
		.features = 0x0e,
		.offered_size = FOREIGN_CHALLENGE_MAX,
	};

	memset(visitor.asked.challenge, 0xc1, sizeof(visitor.asked.challenge));
	memset(visitor.asked.nai, 'n', sizeof(visitor.asked.nai));
	memset(visitor.offered, 0xc2, sizeof(visitor.offered));
	return visitor;
}

static bool is_same(const struct foreign_visitor *a, const struct foreign_visitor *b)
{
	uint8_t one[VISITOR_ROW_MAX], other[VISITOR_ROW_MAX];
	size_t size = visitor_row_write(a, one);

	return size == visitor_row_write(b, other) && memcmp(one, other, size) == 0 &&
	       a->asked.identification == b->asked.identification && a->began_ms == b->began_ms &&
	       a->expires_ms == b->expires_ms &&
	       memcmp(a->asked.nai, b->asked.nai, sizeof(a->asked.nai)) == 0 &&
	       memcmp(a->offered, b->offered, sizeof(a->offered)) == 0;
}

static void a_visitor_comes_back_as_it_was(void)
{
	const struct visitor_command command = { VISITOR_PUT, whole() };
	uint8_t octets[VISITOR_COMMAND_MAX];
	size_t size = visitor_command_write(&command, 1234, octets);
	struct visitor_command back;
	struct foreign_visitor row;
	uint64_t time_ms;

	CU_ASSERT(size < VISITOR_COMMAND_MAX);
	CU_ASSERT_EQUAL_FATAL(visitor_command_read((struct span){ octets, size }, &back, &time_ms),
	                      HA_OK);
	CU_ASSERT_EQUAL(back.kind, VISITOR_PUT);
	CU_ASSERT_EQUAL(time_ms, 1234);
	CU_ASSERT(is_same(&back.visitor, &command.visitor));
	size = visitor_row_write(&command.visitor, octets);
	CU_ASSERT_EQUAL_FATAL(visitor_row_read((struct span){ octets, size }, &row), HA_OK);
	CU_ASSERT(is_same(&row, &command.visitor));
	CU_ASSERT_EQUAL(row.asked.interface, 3);
	CU_ASSERT_EQUAL(row.asked.link[5], 9);
}

static void one_without_names_and_challenges_too(void)
{
	struct foreign_visitor visitor = whole(), row;
	uint8_t octets[VISITOR_ROW_MAX];
	size_t size;

	visitor.asked.challenge_size = visitor.asked.nai_size = visitor.offered_size = 0;
	size = visitor_row_write(&visitor, octets);
	CU_ASSERT_EQUAL_FATAL(visitor_row_read((struct span){ octets, size }, &row), HA_OK);
	CU_ASSERT_EQUAL(row.asked.challenge_size + row.asked.nai_size + row.offered_size, 0);
}

static void who_goes_is_told_apart_from_whose_time_is_over(void)
{
	struct visitor_command command = { VISITOR_GONE, whole() }, back;
	uint8_t octets[VISITOR_COMMAND_MAX];
	uint64_t time_ms;
	size_t size = visitor_command_write(&command, 5, octets);

	CU_ASSERT_EQUAL_FATAL(visitor_command_read((struct span){ octets, size }, &back, &time_ms),
	                      HA_OK);
	CU_ASSERT_EQUAL(back.kind, VISITOR_GONE);
	CU_ASSERT_EQUAL(back.visitor.home.s_addr, command.visitor.home.s_addr);
	CU_ASSERT_EQUAL(back.visitor.home_agent.s_addr, command.visitor.home_agent.s_addr);
	command.kind = VISITOR_OVER;
	command.visitor.expires_ms = 99;
	size = visitor_command_write(&command, 5, octets);
	CU_ASSERT_EQUAL_FATAL(visitor_command_read((struct span){ octets, size }, &back, &time_ms),
	                      HA_OK);
	CU_ASSERT_EQUAL(back.kind, VISITOR_OVER);
	CU_ASSERT_EQUAL(back.visitor.expires_ms, 99);
}

static void what_is_cut_or_of_a_newer_program_is_refused(void)
{
	const struct visitor_command command = { VISITOR_PUT, whole() };
	uint8_t octets[VISITOR_COMMAND_MAX];
	size_t size = visitor_command_write(&command, 1234, octets);
	struct visitor_command back;
	uint64_t time_ms;

	for (size_t cut = 0; cut < size; cut++)
		CU_ASSERT_NOT_EQUAL(
			visitor_command_read((struct span){ octets, cut }, &back, &time_ms), HA_OK);
	octets[1] = 2; /* the version, in the first field */
	CU_ASSERT_EQUAL(visitor_command_read((struct span){ octets, size }, &back, &time_ms),
	                HA_E_NEWER);
	octets[1] = 0;
	CU_ASSERT_EQUAL(visitor_command_read((struct span){ octets, size }, &back, &time_ms),
	                HA_E_MALFORMED);
}

static CU_TestInfo tests[] = {
	{ "a visitor comes back as it was", a_visitor_comes_back_as_it_was },
	{ "one without names and challenges too", one_without_names_and_challenges_too },
	{ "who goes is told apart from whose time is over",
	  who_goes_is_told_apart_from_whose_time_is_over },
	{ "what is cut or of a newer program is refused",
	  what_is_cut_or_of_a_newer_program_is_refused },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("visitors_command", tests);
}
