/* test_node_settings.c - what a mobile node keeps in a file for its next start. */
#include "agentd/dataplane/node_settings.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/suite.h"

static const char *const path = "settings"; /* in a directory of its own */

static const struct node_settings some = { .link = 7,
	                                   .arp_ignore = 1,
	                                   .arp_announce = 2,
	                                   .rp_filter = 1,
	                                   .redirects = 1,
	                                   .all_redirects = 1 };

static void what_is_remembered_is_recalled(void)
{
	struct node_settings found = { 0 };

	CU_ASSERT_FALSE(node_settings_recall(path, &found));
	CU_ASSERT_TRUE(node_settings_remember(path, &some));
	CU_ASSERT_TRUE(node_settings_recall(path, &found));
	CU_ASSERT_EQUAL(memcmp(&found, &some, sizeof(some)), 0);
	node_settings_forget(path);
	CU_ASSERT_FALSE(node_settings_recall(path, &found));
	node_settings_forget(path);
}

static void put(const char *text)
{
	FILE *file = fopen(path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT(fputs(text, file) >= 0);
	CU_ASSERT_EQUAL(fclose(file), 0);
}

static void what_makes_no_sense_is_not_recalled(void)
{
	static const char *const lines[] = {
		"", "7 1 2 1 1", "7 1 2 1 1 x", "7 99 2 1 1 1", "7 1 2 1 1 4294967295", "settings"
	};
	struct node_settings found = { 0 };

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		put(lines[i]);
		CU_ASSERT_FALSE(node_settings_recall(path, &found));
		CU_ASSERT_EQUAL(found.link, 0);
	}
	/* Nor is another file, that somebody has a link to there. */
	CU_ASSERT_EQUAL(unlink(path), 0);
	CU_ASSERT_EQUAL(symlink("/proc/self/stat", path), 0);
	CU_ASSERT_FALSE(node_settings_recall(path, &found));
	CU_ASSERT_FALSE(node_settings_remember(path, &some));
	node_settings_forget(path);
}

static CU_TestInfo tests[] = {
	{ "what is remembered is recalled", what_is_remembered_is_recalled },
	{ "what makes no sense is not recalled", what_makes_no_sense_is_not_recalled },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	char directory[] = "/tmp/hearth-node-settings-XXXXXX";

	return suite_run_in(directory, "node_settings", tests);
}
