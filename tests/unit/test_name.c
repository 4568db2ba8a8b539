/* test_name.c - names of mobile nodes as digests: which names are one, and which
 * are not. The digests themselves are those that hashlib computes. */
#include "proto/name.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/octets.h"
#include "tests/unit/suite.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static struct name_digest digest(uint32_t realm, const char *name)
{
	return name_digest_of(realm, (struct span){ (const uint8_t *)name, strlen(name) });
}

/* sha256(realm in four octets, name with a small realm part), the first half. */
static void digests_are_known(void)
{
	static const struct {
		uint32_t realm;
		const char *name, *hex;
	} rows[] = {
		{ 0, "ann@example.net", "f74a4fb246d249a9ff13e54029253e49" },
		{ 7, "ann@example.net", "43282863108c85485190c6e99f0e9183" },
		{ 0, "Ann@EXAMPLE.net", "e62b9e1fca1b70c18e5e17b8cdf650d3" },
		{ 0, "Dot", "d3a33efdf612deea30accff560e27562" },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct octets expected = octets_of_hex(rows[i].hex);
		struct name_digest found = digest(rows[i].realm, rows[i].name);

		CU_ASSERT_EQUAL_FATAL(expected.size, NAME_DIGEST_SIZE);
		CU_ASSERT_EQUAL(memcmp(found.octets, expected.at, NAME_DIGEST_SIZE), 0);
		free(expected.at);
	}
}

static void only_the_realm_is_without_case(void)
{
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
		{ "ann@example.net", "ann@example.net", true },
		{ "ann@example.net", "ann@EXAMPLE.Net", true },
		{ "ann@example.net", "Ann@example.net", false },
		{ "ann@example.net", "ann@example.ne", false },
		{ "ann@example.net", "ann@example.net.", false },
		{ "ann@example.net", "annexample.net", false },
		{ "ann", "ANN", false }, /* no realm */
		{ "ann", "ann@", false },
		{ "@EXAMPLE.net", "@example.NET", true }, /* a realm only */
		{ "@", "@@", false },
		{ "a@B@example.net", "a@b@example.net", false }, /* after the last one */
		{ "a@B@example.net", "a@B@Example.net", true },
		{ "a@[\\]^_`{|}", "a@{|}^_`[\\]", false }, /* letters only are folded */
		{ "a@\xc3\x84", "a@\xc3\xa4", false },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct name_digest a = digest(0, rows[i].a), b = digest(0, rows[i].b);

		CU_ASSERT_EQUAL(name_digest_equal(&a, &b), rows[i].same);
	}
}

static void a_name_is_of_its_address_space(void)
{
	static const uint32_t realms[] = { 0, 1, 256, 0x01000000, UINT32_MAX };

	for (size_t i = 0; i < ROWS(realms); i++)
		for (size_t j = 0; j < ROWS(realms); j++) {
			struct name_digest a = digest(realms[i], "ann@example.net");
			struct name_digest b = digest(realms[j], "ann@example.net");

			CU_ASSERT_EQUAL(name_digest_equal(&a, &b), i == j);
		}
}

static void what_cannot_be_a_name_is_none(void)
{
	static uint8_t octets[MIP_NAI_MAX + 1];
	struct name_digest found = name_digest_of(0, (struct span){ octets, 0 });
	struct name_digest longest, other;

	CU_ASSERT_TRUE(name_digest_is_none(&found));
	memset(octets, 'x', sizeof(octets));
	longest = name_digest_of(0, (struct span){ octets, MIP_NAI_MAX });
	CU_ASSERT_FALSE(name_digest_is_none(&longest));
	octets[MIP_NAI_MAX - 1] = 'y';
	other = name_digest_of(0, (struct span){ octets, MIP_NAI_MAX });
	CU_ASSERT_FALSE(name_digest_equal(&longest, &other)); /* every octet counts */
	found = name_digest_of(0, (struct span){ octets, MIP_NAI_MAX + 1 });
	CU_ASSERT_TRUE(name_digest_is_none(&found));
	found = digest(0, "a");
	CU_ASSERT_FALSE(name_digest_is_none(&found));
	found = (struct name_digest){ { 0 } };
	found.octets[NAME_DIGEST_SIZE - 1] = 1;
	CU_ASSERT_FALSE(name_digest_is_none(&found));
}

static CU_TestInfo tests[] = {
	{ "digests are known", digests_are_known },
	{ "only the realm is without case", only_the_realm_is_without_case },
	{ "a name is of its address space", a_name_is_of_its_address_space },
	{ "what cannot be a name is none", what_cannot_be_a_name_is_none },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("name", tests);
}
