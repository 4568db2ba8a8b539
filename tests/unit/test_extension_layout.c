/* test_extension_layout.c - the long and the short layout (RFC 5944 sections
 * 1.10 and 1.11), and the type that comes in either. */
#include "proto/extension.h"

#include "tests/unit/octets.h"
#include "tests/unit/suite.h"

static void long_layout_has_two_octets_of_length(void)
{
	static const uint8_t head[] = { 36, 1, 0x01, 0x02 };
	uint8_t chain[sizeof(head) + 0x102 + 1] = { 0 };
	struct reader in = reader_over(chain, sizeof(chain));
	struct mip_extension extension;

	memcpy(chain, head, sizeof(head));
	CU_ASSERT_TRUE(mip_extension_next(&in, &extension));
	CU_ASSERT_EQUAL(extension.subtype, 1);
	CU_ASSERT_EQUAL(extension.header.at, chain);
	CU_ASSERT_EQUAL(extension.header.size, 4);
	CU_ASSERT_EQUAL(extension.data.at, chain + 4);
	CU_ASSERT_EQUAL(extension.data.size, 0x102);
	CU_ASSERT_FALSE(mip_extension_next(&in, &extension)); /* a pad is left */
	CU_ASSERT_EQUAL(in.error, HA_OK);
}

static void short_layout_counts_its_subtype(void)
{
	static const uint8_t chain[] = { 44, 3, 9, 7, 8, 144, 1, 2 };
	struct reader in = reader_over(chain, sizeof(chain));
	struct mip_extension extension;

	CU_ASSERT_TRUE(mip_extension_next(&in, &extension));
	CU_ASSERT_EQUAL(extension.subtype, 9);
	CU_ASSERT_EQUAL(extension.header.size, 3);
	CU_ASSERT_EQUAL(extension.data.at, chain + 3);
	CU_ASSERT_EQUAL(extension.data.size, 2);
	CU_ASSERT_TRUE(mip_extension_next(&in, &extension));
	CU_ASSERT_EQUAL(extension.type, 144);
	CU_ASSERT_EQUAL(extension.subtype, 2);
	CU_ASSERT_EQUAL(extension.data.size, 0);
	CU_ASSERT_FALSE(mip_extension_next(&in, &extension));
	CU_ASSERT_EQUAL(in.error, HA_OK);
}

static void short_layout_without_subtype_is_truncated(void)
{
	static const uint8_t chain[] = { 44, 0, 9, 0, 0, 0 };
	struct reader in = reader_over(chain, sizeof(chain));
	struct mip_extension extension;

	CU_ASSERT_FALSE(mip_extension_next(&in, &extension));
	CU_ASSERT_EQUAL(in.error, HA_E_TRUNCATED);
	CU_ASSERT_EQUAL(extension.data.size, 0);
}

static void every_prefix_is_truncated(void)
{
	static const uint8_t chains[][6] = { { 36, 1, 0, 2, 5, 6 }, { 44, 4, 1, 5, 6, 7 } };

	for (size_t i = 0; i < 2; i++) {
		for (size_t size = 1; size < sizeof(chains[i]); size++) {
			struct octets exact = octets_copy(chains[i], size);
			struct reader in = reader_over(exact.at, exact.size);
			struct mip_extension extension;

			CU_ASSERT_FALSE(mip_extension_next(&in, &extension));
			CU_ASSERT_EQUAL(in.error, HA_E_TRUNCATED);
			free(exact.at);
		}
	}
}

static void rows_without_a_function_are_only_passed(void)
{
	static const uint8_t chain[] = { 133, 1, 9, 134, 0, 136, 1, 3, 32, 4, 0, 0, 1, 0 };
	struct reader in = reader_over(chain, sizeof(chain));
	struct mip_extensions found;

	CU_ASSERT_EQUAL(mip_extensions_decode((struct span){ chain, sizeof(chain) }, &in, &found),
	                HA_OK);
	CU_ASSERT_EQUAL(found.mobile_home_count, 1);
	CU_ASSERT_EQUAL(found.mobile_home.covered.size, sizeof(chain));
	CU_ASSERT_EQUAL(found.skipped_count, 3);
}

static CU_TestInfo tests[] = {
	{ "the long layout has two octets of length", long_layout_has_two_octets_of_length },
	{ "the short layout counts its subtype", short_layout_counts_its_subtype },
	{ "short without a subtype is truncated", short_layout_without_subtype_is_truncated },
	{ "every prefix is truncated", every_prefix_is_truncated },
	{ "rows without a function are only passed", rows_without_a_function_are_only_passed },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("extension_layout", tests);
}
