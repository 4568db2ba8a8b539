/* test_mobile_keys.c - the file of a mobile node's associations, and its table of options. */
#include "agentd/mobile/keys.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "agentd/base/config_values.h"
#include "agentd/mobile/options.h"
#include "tests/unit/suite.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define KEY "000102030405060708090a0b0c0d0e0f"
#define FILE_NAME "keys"

static char report[512];

static enum ha_error load(const char *text, mode_t mode, struct mobile_keys *out)
{
	FILE *file = fopen(FILE_NAME, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fputs(text, file);
	fclose(file);
	CU_ASSERT_EQUAL(chmod(FILE_NAME, mode), 0);
	report[0] = '\0';
	return mobile_keys_load(FILE_NAME, out, report, sizeof(report));
}

static void associations_are_read(void)
{
	struct mobile_keys keys;

	CU_ASSERT_EQUAL(load("# whose\n\nhome 256 hmac-md5 " KEY " nonces # mine\n"
	                     "foreign 257 hmac-sha256 " KEY "\naaa 2 chap " KEY "\n",
	                     0600, &keys),
	                HA_OK);
	CU_ASSERT(keys.nonces && keys.home.given && keys.foreign.given && keys.aaa.given);
	CU_ASSERT_EQUAL(keys.home.spi, 256);
	CU_ASSERT_EQUAL(keys.foreign.spi, 257);
	CU_ASSERT_EQUAL(keys.aaa.spi, 2);
	CU_ASSERT_EQUAL(mip_authenticator_size(&keys.foreign.key), 32);
	CU_ASSERT_EQUAL(load("home 256 hmac-md5 " KEY " timestamps\n", 0400, &keys), HA_OK);
	CU_ASSERT(!keys.nonces && !keys.foreign.given);
}

static const struct {
	const char *text, *said;
} wrongs[] = {
	{ "", "no association" },
	{ "foreign 256 hmac-md5 " KEY "\n", "no association" },
	{ "home 256 hmac-md5 " KEY, "has no end" },
	{ "hoem 256 hmac-md5 " KEY "\n", ":1: it begins with" },
	{ KEY " 256 hmac-md5 home\n", ":1: it begins with" },
	{ "home 255 hmac-md5 " KEY "\n", "from 256 on" },
	{ "home x hmac-md5 " KEY "\n", "from 256 on" },
	{ "home 256 rot13 " KEY "\n", "no such algorithm" },
	{ "home 2 chap " KEY "\n", "of aaa alone" },
	{ "home 256 hmac-md5\n", "must follow" },
	{ "home 256 hmac-md5 0001\n", "16 to 64 octets" },
	{ "home 256 hmac-md5 " KEY "0\n", "16 to 64 octets" },
	{ "home 256 hmac-md5 x" KEY "\n", "16 to 64 octets" },
	{ "home 256 hmac-md5 " KEY " never\n", "nonces or timestamps" },
	{ "home 256 hmac-md5 " KEY " nonces more\n", "too many" },
	{ "\nhome 256 hmac-md5 " KEY "\nhome 256 hmac-md5 " KEY "\n", ":3: there is such" },
};

static void what_is_wrong_is_said_without_the_key(void)
{
	for (size_t i = 0; i < ROWS(wrongs); i++) {
		struct mobile_keys keys;

		CU_ASSERT_EQUAL(load(wrongs[i].text, 0600, &keys), HA_E_SYNTAX);
		CU_ASSERT_PTR_NOT_NULL(strstr(report, wrongs[i].said));
		CU_ASSERT_PTR_NULL(strstr(report, "0001"));
		CU_ASSERT(!keys.home.given && keys.home.key.algorithm == 0);
	}
}

static void nobody_else_may_open_it(void)
{
	struct mobile_keys keys;

	CU_ASSERT_EQUAL(load("home 256 hmac-md5 " KEY "\n", 0640, &keys), HA_E_PERMISSION);
	CU_ASSERT(report[0] != '\0');
	CU_ASSERT_EQUAL(mobile_keys_load("not-there", &keys, report, sizeof(report)),
	                HA_E_NOTFOUND);
}

/* ---- options ---- */

static void every_default_is_allowed(void)
{
	const struct config_table *table = &mobile_config_table;
	struct mobile_options options;
	struct config_error error;

	config_table_defaults(table, &options);
	for (size_t i = 0; i < table->count; i++) {
		const struct config_option *option = table->at(i);
		char text[CONFIG_TEXT_MAX];

		if (!option->preset)
			continue;
		CU_ASSERT_EQUAL(config_set_option(&options, option, option->preset, &error), HA_OK);
		config_format(&options, option, text, sizeof(text));
		CU_ASSERT_STRING_EQUAL(text, option->preset);
	}
}

static const struct {
	const char *text, *said; /* NULL: nothing */
} files[] = {
	{ "mobile-node:\n  interface: eth0\n  home-address: 10.0.0.5\n  home-agent: 192.0.2.1\n",
	  NULL },
	{ "mobile-node:\n  interface: eth0\n  name: a@b\n", NULL },
	{ "mobile-node:\n  home-address: 10.0.0.5\n", "mobile-node.interface is missing" },
	{ "mobile-node:\n  interface: eth0\n", "without a name" },
	{ "mobile-node:\n  interface: eth0\n  home-address: 10.0.0.5\n", "to look for one with" },
	{ "mobile-node:\n  interface: eth0\n  name: a@b\n  keys: here\n", "begin with /" },
	{ "mobile-node:\n  interface: mobile0\n  name: a@b\n", "the interface already" },
	{ "mobile-node:\n  interface: eth0\n  name: a@b\npackets:\n  table: 254\n",
	  "f:5: packets.table" },
	{ "mobile-node:\n  interface: eth0\n  name: a@b\n  home-agnet: 1.2.3.4\n",
	  "did you mean 'home-agent'" },
	{ "mobile-node:\n  interface: eth0\n  name: a@b\n  home-network: 10.0.0.0/24,10.1.0.0/24\n",
	  "one alone" },
	{ "storage:\n", "no section 'storage'" },
};

static void files_are_judged_by_their_own_table(void)
{
	for (size_t i = 0; i < ROWS(files); i++) {
		struct mobile_options options = { .mtu = 1 };
		struct config_error error = { "" };
		enum ha_error why = config_table_load_text(&mobile_config_table, "f", files[i].text,
		                                           strlen(files[i].text), &options, &error);

		CU_ASSERT_EQUAL(why == HA_OK, files[i].said == NULL);
		if (files[i].said)
			CU_ASSERT_PTR_NOT_NULL(strstr(error.text, files[i].said));
		CU_ASSERT_EQUAL(options.mtu, files[i].said ? 1 : 1400);
	}
}

static CU_TestInfo tests[] = {
	{ "associations are read", associations_are_read },
	{ "what is wrong is said without the key", what_is_wrong_is_said_without_the_key },
	{ "nobody else may open it", nobody_else_may_open_it },
	{ "every default is allowed", every_default_is_allowed },
	{ "files are judged by their own table", files_are_judged_by_their_own_table },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	char directory[] = "/tmp/hearth-mobile-keys-XXXXXX";

	return suite_run_in(directory, "mobile_keys", tests);
}
