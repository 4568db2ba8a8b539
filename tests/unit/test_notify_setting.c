/* test_notify_setting.c - the settings of notifications by name, and their values. */
#include "agentd/flow/notify_setting.h"
#include "tests/unit/suite.h"

static void every_kind_has_two_settings(void)
{
	for (unsigned kind = 1; kind <= EVENT_KIND_MAX; kind++)
		for (unsigned i = 0; i <= NOTIFY_OPTION_PER_MINUTE; i++) {
			char name[NOTIFY_NAME_MAX];
			enum notify_option option = NOTIFY_OPTION_ENABLED;
			unsigned found = 0;

			notify_setting_name(kind, (enum notify_option)i, name);
			CU_ASSERT_TRUE(notify_setting_parse(name, &found, &option));
			CU_ASSERT_EQUAL(found, kind);
			CU_ASSERT_EQUAL(option, i);
		}
}

static void other_names_are_none(void)
{
	static const char *const names[] = { "",
		                             "notify.",
		                             "notify.test",
		                             "notify..enabled",
		                             "notify.test.",
		                             "notify.test.enable",
		                             "notify.test.enabled ",
		                             "notify.nothing.enabled",
		                             "pool.test.enabled" };
	enum notify_option option;
	unsigned kind;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		CU_ASSERT_FALSE(notify_setting_parse(names[i], &kind, &option));
}

static void values_are_read_or_refused(void)
{
	static const struct {
		enum notify_option option;
		const char *text;
		enum ha_error error;
		uint32_t number;
	} rows[] = {
		{ NOTIFY_OPTION_ENABLED, "yes", HA_OK, 1 },
		{ NOTIFY_OPTION_ENABLED, "no", HA_OK, 0 },
		{ NOTIFY_OPTION_ENABLED, "", HA_E_RANGE, 0 },
		{ NOTIFY_OPTION_ENABLED, "1", HA_E_RANGE, 0 },
		{ NOTIFY_OPTION_PER_MINUTE, "0", HA_OK, 0 },
		{ NOTIFY_OPTION_PER_MINUTE, "6000", HA_OK, 6000 },
		{ NOTIFY_OPTION_PER_MINUTE, "6001", HA_E_RANGE, 0 },
		{ NOTIFY_OPTION_PER_MINUTE, "", HA_E_RANGE, 0 },
		{ NOTIFY_OPTION_PER_MINUTE, "-1", HA_E_RANGE, 0 },
		{ NOTIFY_OPTION_PER_MINUTE, "1x", HA_E_RANGE, 0 },
		{ NOTIFY_OPTION_PER_MINUTE, "4294967297", HA_E_RANGE, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t number = 77;

		CU_ASSERT_EQUAL(notify_setting_value(rows[i].option, rows[i].text, &number),
		                rows[i].error);
		if (rows[i].error == HA_OK)
			CU_ASSERT_EQUAL(number, rows[i].number);
	}
}

static CU_TestInfo tests[] = {
	{ "every kind has two settings", every_kind_has_two_settings },
	{ "other names are none", other_names_are_none },
	{ "values are read or refused", values_are_read_or_refused },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("notify_setting", tests);
}
