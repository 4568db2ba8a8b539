/* test_extension.c - chains of extensions: what is found, what is skipped,
 * what ends the matter, at every length. */
#include "proto/extension.h"

#include "proto/message.h"
#include "tests/unit/octets.h"
#include "tests/unit/suite.h"

/* A chain of its own, without a message before it. */
static enum ha_error walk(const uint8_t *chain, size_t size, struct mip_extensions *out)
{
	struct octets exact = octets_copy(chain, size);
	struct reader in = reader_over(exact.at, exact.size);
	enum ha_error error = mip_extensions_decode((struct span){ exact.at, exact.size }, &in,
	                                            out);

	free(exact.at);
	return error;
}

#define WALK(out, ...)                                                                             \
	walk((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }), out)

static void empty_chain_holds_nothing(void)
{
	struct mip_extensions found;

	memset(&found, 0xff, sizeof(found));
	CU_ASSERT_EQUAL(walk(NULL, 0, &found), HA_OK);
	CU_ASSERT_EQUAL(found.mobile_home_count + found.mobile_foreign_count +
	                        found.foreign_home_count + found.skipped_count,
	                0);
	CU_ASSERT_EQUAL(found.mobile_home.covered.size, 0);
}

static void pads_are_skipped_anywhere(void)
{
	struct mip_extensions found;

	CU_ASSERT_EQUAL(WALK(&found, 0), HA_OK);
	CU_ASSERT_EQUAL(WALK(&found, 0, 0, 200, 1, 0, 0, 0, 200, 0, 0), HA_OK);
	CU_ASSERT_EQUAL(found.skipped_count, 2);
}

static void next_shows_header_and_data(void)
{
	static const uint8_t chain[] = { 0, 131, 3, 'a', '@', 'b', 0, 32, 5, 0, 0, 1, 2, 9, 0 };
	struct reader in = reader_over(chain, sizeof(chain));
	struct mip_extension extension;

	CU_ASSERT_TRUE(mip_extension_next(&in, &extension));
	CU_ASSERT_EQUAL(extension.type, 131);
	CU_ASSERT_EQUAL(extension.subtype, 0);
	CU_ASSERT_EQUAL(extension.header.at, chain + 1);
	CU_ASSERT_EQUAL(extension.header.size, 2);
	CU_ASSERT_EQUAL(extension.data.at, chain + 3);
	CU_ASSERT_EQUAL(extension.data.size, 3);
	CU_ASSERT_TRUE(mip_extension_next(&in, &extension));
	CU_ASSERT_EQUAL(extension.type, MIP_EXTENSION_MOBILE_HOME);
	CU_ASSERT_EQUAL(extension.data.at, chain + 9);
	CU_ASSERT_EQUAL(extension.data.size, 5);
	CU_ASSERT_FALSE(mip_extension_next(&in, &extension));
	CU_ASSERT_EQUAL(in.error, HA_OK);
	CU_ASSERT_PTR_NULL(extension.data.at);
	CU_ASSERT_EQUAL(extension.type, 0);
}

/* 0 to 127 end the matter unless known, whatever follows; 128 to 255 do not. */
static void every_type_follows_the_rule(void)
{
	static const uint8_t known_below_128[] = { 0, 32, 33, 34, 36, 37, 38, 44, 45, 46 };

	for (unsigned type = 0; type <= UINT8_MAX; type++) {
		const uint8_t chain[] = { (uint8_t)type, 4, 0, 0, 1, 0 }; /* any layout */
		bool known = memchr(known_below_128, (int)type, sizeof(known_below_128)) != NULL;
		struct reader in = reader_over(chain, sizeof(chain));
		struct mip_extension extension;
		bool there = mip_extension_next(&in, &extension);

		if (type == 0)
			continue; /* a pad: what follows is another chain */
		CU_ASSERT_EQUAL(there, known || type >= 128);
		CU_ASSERT_EQUAL(in.error, there ? HA_OK : HA_E_UNKNOWN_EXTENSION);
		CU_ASSERT_EQUAL(extension.type, there ? type : 0);
	}
}

static void unknown_wins_over_truncated(void)
{
	struct mip_extensions found;

	CU_ASSERT_EQUAL(WALK(&found, 35), HA_E_UNKNOWN_EXTENSION);
	CU_ASSERT_EQUAL(WALK(&found, 1, 255), HA_E_UNKNOWN_EXTENSION);
	CU_ASSERT_EQUAL(WALK(&found, 127, 255, 0), HA_E_UNKNOWN_EXTENSION);
}

static void lengths_must_fit(void)
{
	struct mip_extensions found;

	CU_ASSERT_EQUAL(WALK(&found, 128), HA_E_TRUNCATED);
	CU_ASSERT_EQUAL(WALK(&found, 128, 1), HA_E_TRUNCATED);
	CU_ASSERT_EQUAL(WALK(&found, 255, 255, 1, 2, 3), HA_E_TRUNCATED);
	CU_ASSERT_EQUAL(WALK(&found, 32), HA_E_TRUNCATED);
	CU_ASSERT_EQUAL(WALK(&found, 32, 20, 0, 0, 1, 0), HA_E_TRUNCATED);
	CU_ASSERT_EQUAL(WALK(&found, 128, 0), HA_OK);
}

static void authentication_needs_its_spi(void)
{
	struct mip_extensions found;

	for (uint8_t type = 32; type <= 34; type++) {
		CU_ASSERT_EQUAL(WALK(&found, type, 0), HA_E_MALFORMED);
		CU_ASSERT_EQUAL(WALK(&found, type, 3, 0, 0, 1), HA_E_MALFORMED);
		CU_ASSERT_EQUAL(WALK(&found, type, 4, 0, 0, 1, 2), HA_OK);
	}
	CU_ASSERT_EQUAL(found.foreign_home.spi, 0x102);
	CU_ASSERT_EQUAL(found.foreign_home.authenticator.size, 0);
	CU_ASSERT_EQUAL(WALK(&found, 33, 4, 0, 0, 1, 2, 32, 3, 0, 0, 1, 0), HA_E_MALFORMED);
	CU_ASSERT_EQUAL(found.mobile_foreign_count, 1);
	CU_ASSERT_EQUAL(found.mobile_home_count, 0);
}

static void first_is_kept_and_all_are_counted(void)
{
	struct mip_extensions found;

	CU_ASSERT_EQUAL(WALK(&found, 32, 4, 0, 0, 1, 1, 34, 4, 0, 0, 3, 1, 32, 5, 0, 0, 1, 2, 9, 34,
	                     4, 0, 0, 3, 2, 34, 4, 0, 0, 3, 3, 150, 0),
	                HA_OK);
	CU_ASSERT_EQUAL(found.mobile_home_count, 2);
	CU_ASSERT_EQUAL(found.mobile_home.spi, 0x101);
	CU_ASSERT_EQUAL(found.mobile_home.covered.size, 6);
	CU_ASSERT_EQUAL(found.foreign_home_count, 3);
	CU_ASSERT_EQUAL(found.foreign_home.spi, 0x301);
	CU_ASSERT_EQUAL(found.foreign_home.covered.size, 12);
	CU_ASSERT_EQUAL(found.mobile_foreign_count, 0);
	CU_ASSERT_EQUAL(found.skipped_count, 1);
}

/* What was found before the fault can still be used to answer. */
static void fault_keeps_what_was_before(void)
{
	struct mip_extensions found;

	CU_ASSERT_EQUAL(WALK(&found, 32, 5, 0, 0, 1, 1, 7, 129, 9, 0), HA_E_TRUNCATED);
	CU_ASSERT_EQUAL(found.mobile_home_count, 1);
	CU_ASSERT_EQUAL(found.mobile_home.spi, 0x101);
	CU_ASSERT_EQUAL(WALK(&found, 34, 4, 0, 0, 3, 1, 5, 0, 32, 4, 0, 0, 1, 1),
	                HA_E_UNKNOWN_EXTENSION);
	CU_ASSERT_EQUAL(found.foreign_home_count, 1);
	CU_ASSERT_EQUAL(found.mobile_home_count, 0);
}

/* A whole request: fixed part, identifier, pad, then 32, 33 and 34
 * with authenticators of 16 octets that stand here as counting octets. */
#define HOME_AT (MIP_REQUEST_SIZE + 5u + 1u)
#define AUTHENTICATION_SIZE 22u
#define WHOLE_SIZE (HOME_AT + 3u * AUTHENTICATION_SIZE)

static struct octets whole_request(void)
{
	static const uint8_t nai_and_pad[] = { 131, 3, 'a', '@', 'b', 0 };
	uint8_t octets[WHOLE_SIZE];
	struct writer out = writer_over(octets, sizeof(octets));
	uint8_t n = 0;

	mip_request_encode(&out, &(struct mip_request){ .lifetime_s = 1 });
	put_octets(&out, nai_and_pad, sizeof(nai_and_pad));
	for (uint8_t type = 32; type <= 34; type++) {
		put_u8(&out, type);
		put_u8(&out, AUTHENTICATION_SIZE - 2);
		put_u32(&out, type * 8u);
		while (n < 16u * (type - 31u))
			put_u8(&out, n++);
	}
	CU_ASSERT_EQUAL_FATAL(out.error, HA_OK);
	CU_ASSERT_EQUAL_FATAL(writer_used(&out), WHOLE_SIZE);
	return octets_copy(octets, sizeof(octets));
}

static void check_authentication(struct octets message, const struct mip_authentication *found,
                                 unsigned order)
{
	size_t begin = HOME_AT + order * AUTHENTICATION_SIZE;

	CU_ASSERT_EQUAL(found->spi, (32 + order) * 8);
	CU_ASSERT_EQUAL(found->covered.at, message.at);
	CU_ASSERT_EQUAL(found->covered.size, begin + 6);
	CU_ASSERT_EQUAL(found->authenticator.at, message.at + begin + 6);
	CU_ASSERT_EQUAL(found->authenticator.size, 16);
}

static void covered_runs_from_message_to_spi(void)
{
	struct octets message = whole_request();
	struct reader in = reader_over(message.at, message.size);
	struct mip_request request;
	struct mip_extensions found;

	CU_ASSERT_EQUAL(mip_request_decode(&in, &request), HA_OK);
	CU_ASSERT_EQUAL(
		mip_extensions_decode((struct span){ message.at, message.size }, &in, &found),
		HA_OK);
	check_authentication(message, &found.mobile_home, 0);
	check_authentication(message, &found.mobile_foreign, 1);
	check_authentication(message, &found.foreign_home, 2);
	CU_ASSERT_EQUAL(found.nai_count, 1);
	CU_ASSERT_EQUAL(found.skipped_count, 0);
	free(message.at);
}

/* Where one extension ends and the next begins a message may end. */
static bool is_boundary(size_t size)
{
	static const size_t ends[] = { MIP_REQUEST_SIZE,
		                       HOME_AT - 1,
		                       HOME_AT,
		                       HOME_AT + AUTHENTICATION_SIZE,
		                       HOME_AT + 2 * AUTHENTICATION_SIZE,
		                       WHOLE_SIZE };

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (ends[i] == size)
			return true;
	return false;
}

static void every_prefix_ends_where_it_may(void)
{
	struct octets message = whole_request();

	for (size_t size = 0; size <= message.size; size++) {
		struct octets exact = octets_copy(message.at, size);
		struct reader in = reader_over(exact.at, exact.size);
		struct mip_request request;
		struct mip_extensions found;
		enum ha_error error = mip_request_decode(&in, &request);

		CU_ASSERT_EQUAL(error, size < MIP_REQUEST_SIZE ? HA_E_TRUNCATED : HA_OK);
		error = mip_extensions_decode((struct span){ exact.at, exact.size }, &in, &found);
		CU_ASSERT_EQUAL(error, is_boundary(size) ? HA_OK : HA_E_TRUNCATED);
		CU_ASSERT_EQUAL(found.mobile_home_count, size >= HOME_AT + AUTHENTICATION_SIZE);
		CU_ASSERT_EQUAL(found.foreign_home_count, size == WHOLE_SIZE);
		free(exact.at);
	}
	free(message.at);
}

static void failed_reader_walks_nowhere(void)
{
	static const uint8_t chain[] = { 128, 0 };
	struct reader in = reader_over(chain, sizeof(chain));
	struct mip_extension extension;

	reader_fail(&in, HA_E_MALFORMED);
	CU_ASSERT_FALSE(mip_extension_next(&in, &extension));
	CU_ASSERT_EQUAL(in.error, HA_E_MALFORMED);
	CU_ASSERT_EQUAL(reader_left(&in), sizeof(chain));
}

static CU_TestInfo tests[] = {
	{ "an empty chain holds nothing", empty_chain_holds_nothing },
	{ "pads are skipped anywhere", pads_are_skipped_anywhere },
	{ "next shows header and data", next_shows_header_and_data },
	{ "every type follows the rule", every_type_follows_the_rule },
	{ "unknown wins over truncated", unknown_wins_over_truncated },
	{ "lengths must fit", lengths_must_fit },
	{ "an authentication needs its SPI", authentication_needs_its_spi },
	{ "the first is kept and all are counted", first_is_kept_and_all_are_counted },
	{ "a fault keeps what was before", fault_keeps_what_was_before },
	{ "covered runs from the message to the SPI", covered_runs_from_message_to_spi },
	{ "every prefix ends where it may", every_prefix_ends_where_it_may },
	{ "a failed reader walks nowhere", failed_reader_walks_nowhere },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("extension", tests);
}
