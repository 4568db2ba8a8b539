/* test_config.c - the table of options, values, and files good and bad. */
#include "agentd/base/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/base/config_text.h"
#include "agentd/base/config_values.h"
#include "tests/unit/suite.h"

#define ADDRESS "home-agent: {address: 192.0.2.1}\n"

static struct config loaded;
static struct config_error said;

static enum ha_error load(const char *text)
{
	said.text[0] = '\0';
	return config_load_text("f", text, strlen(text), &loaded, &said);
}

static void full_name(const struct config_option *option, char *out, size_t size)
{
	snprintf(out, size, "%s.%s", option->section, option->name);
}

/* ---- the table ---- */

static void every_row_is_found_by_its_name_alone(void)
{
	char name[128];

	for (size_t i = 0; i < config_option_count(); i++) {
		full_name(config_option_at(i), name, sizeof(name));
		CU_ASSERT_PTR_EQUAL(config_option_find(name), config_option_at(i));
		snprintf(name + strlen(name), sizeof(name) - strlen(name), "x");
		CU_ASSERT_PTR_NULL(config_option_find(name));
	}
	CU_ASSERT_PTR_NULL(config_option_at(config_option_count()));
	CU_ASSERT_PTR_NULL(config_option_find(""));
	CU_ASSERT_PTR_NULL(config_option_find("home-agent"));
	CU_ASSERT_PTR_NULL(config_option_find("home-agent."));
}

/* A row whose place overlaps another's would change two options at once. */
static void no_two_rows_share_a_place(void)
{
	for (size_t i = 0; i < config_option_count(); i++) {
		for (size_t j = 0; j < i; j++)
			CU_ASSERT_NOT_EQUAL(config_option_at(i)->offset,
			                    config_option_at(j)->offset);
		CU_ASSERT_TRUE(strlen(config_option_at(i)->help) > 10);
	}
}

static void every_preset_is_allowed_and_comes_back(void)
{
	struct config config;
	char text[CONFIG_TEXT_MAX];

	config_defaults(&config);
	for (size_t i = 0; i < config_option_count(); i++) {
		const struct config_option *option = config_option_at(i);

		config_format(&config, option, text, sizeof(text));
		CU_ASSERT_STRING_EQUAL(text, option->preset ? option->preset : "");
		if (option->preset)
			CU_ASSERT_EQUAL(config_set_option(&config, option, option->preset, &said),
			                HA_OK);
	}
}

static void numbers_end_at_their_limits(void)
{
	struct config config;
	char text[32];

	for (size_t i = 0; i < config_option_count(); i++) {
		const struct config_option *option = config_option_at(i);
		unsigned long long below = option->min, above = option->max;

		if (option->type != OPTION_NUMBER)
			continue;
		config_defaults(&config);
		snprintf(text, sizeof(text), "%u", option->min);
		CU_ASSERT_EQUAL(config_set_option(&config, option, text, &said), HA_OK);
		snprintf(text, sizeof(text), "%u", option->max);
		CU_ASSERT_EQUAL(config_set_option(&config, option, text, &said), HA_OK);
		snprintf(text, sizeof(text), "%llu", above + 1);
		CU_ASSERT_EQUAL(config_set_option(&config, option, text, &said), HA_E_RANGE);
		if (below == 0)
			continue;
		snprintf(text, sizeof(text), "%llu", below - 1);
		CU_ASSERT_EQUAL(config_set_option(&config, option, text, &said), HA_E_RANGE);
	}
}

/* ---- values ---- */

static void bad_values_change_nothing(void)
{
	static const struct {
		const char *name, *value;
	} rows[] = {
		{ "home-agent.port", "" },
		{ "home-agent.port", " 434" },
		{ "home-agent.port", "+434" },
		{ "home-agent.port", "4e2" },
		{ "home-agent.port", "0x1b2" },
		{ "home-agent.port", "99999999999999999999999999" },
		{ "home-agent.address", "10.0.0.1/8" },
		{ "home-agent.address", "0.0.0.0" },
		{ "home-agent.address", "224.0.0.1" },
		{ "home-agent.address", "255.255.255.255" },
		{ "registration.reverse-tunnel", "maybe" },
		{ "registration.reverse-tunnel", "Yes" },
		{ "registration.reverse-tunnel", "" },
		{ "process.log-level", "" },
		{ "process.log-level", "Debug" },
		{ "process.user", "" },
		{ "storage.directory", "/a\nb" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config before, after;

		config_defaults(&before);
		after = before;
		CU_ASSERT_EQUAL(config_set(&after, rows[i].name, rows[i].value, &said), HA_E_RANGE);
		CU_ASSERT_EQUAL(memcmp(&before, &after, sizeof(before)), 0);
		CU_ASSERT_PTR_EQUAL(strstr(said.text, rows[i].name), said.text);
	}
}

static void texts_are_bounded(void)
{
	struct config config;
	char text[CONFIG_TEXT_MAX + 8];

	config_defaults(&config);
	memset(text, 'a', sizeof(text));
	text[0] = '/';
	text[107] = '\0';
	CU_ASSERT_EQUAL(config_set(&config, "process.control-socket", text, &said), HA_OK);
	CU_ASSERT_STRING_EQUAL(config.control_socket, text);
	text[107] = 'a';
	text[108] = '\0';
	CU_ASSERT_EQUAL(config_set(&config, "process.control-socket", text, &said), HA_E_RANGE);
	CU_ASSERT_EQUAL(strlen(config.control_socket), 107);
	CU_ASSERT_EQUAL(config_set(&config, "process.control-socket", "/b", &said), HA_OK);
	CU_ASSERT_STRING_EQUAL(config.control_socket, "/b");
	CU_ASSERT_EQUAL(config.control_socket[100], '\0');
}

static void differences_are_seen_option_by_option(void)
{
	struct config a, b;

	config_defaults(&a);
	b = a;
	CU_ASSERT_EQUAL(config_set(&b, "registration.max-lifetime", "60", &said), HA_OK);
	for (size_t i = 0; i < config_option_count(); i++) {
		const struct config_option *option = config_option_at(i);
		bool differs = strcmp(option->section, "registration") == 0 &&
		               strcmp(option->name, "max-lifetime") == 0;

		CU_ASSERT_EQUAL(config_option_equal(&a, &b, option), !differs);
	}
}

static void unknown_names_get_the_nearest_one(void)
{
	struct config config;

	config_defaults(&config);
	CU_ASSERT_EQUAL(config_set(&config, "registration.max-lifetme", "60", &said),
	                HA_E_NOTFOUND);
	CU_ASSERT_PTR_NOT_NULL(strstr(said.text, "'registration.max-lifetime'"));
	CU_ASSERT_EQUAL(config_set(&config, "nonsense", "60", &said), HA_E_NOTFOUND);
	CU_ASSERT_PTR_NULL(strstr(said.text, "did you mean"));
	CU_ASSERT_STRING_EQUAL(config_nearest(NULL, "home-agnet"), "home-agent");
	CU_ASSERT_PTR_NULL(config_nearest(NULL, "xyzxyzxyz"));
	CU_ASSERT_PTR_NULL(config_nearest("process", ""));
}

/* ---- files ---- */

static void a_file_sets_what_it_says_and_no_more(void)
{
	struct config expected;

	config_defaults(&expected);
	CU_ASSERT_EQUAL(config_set(&expected, "home-agent.address", "192.0.2.1", &said), HA_OK);
	CU_ASSERT_EQUAL(config_set(&expected, "registration.reverse-tunnel", "yes", &said), HA_OK);
	CU_ASSERT_EQUAL(config_set(&expected, "process.log-format", "json", &said), HA_OK);
	CU_ASSERT_EQUAL(load("# comment\n" ADDRESS "registration:\n  reverse-tunnel: true\n"
	                     "process:\n  \"log-format\": 'json'\ncapacity:\n"),
	                HA_OK);
	CU_ASSERT_EQUAL(memcmp(&loaded, &expected, sizeof(expected)), 0);
}

static void bad_files_are_refused_with_the_line(void)
{
	static const struct {
		const char *text;
		enum ha_error why;
		const char *expected;
	} rows[] = {
		{ "", HA_E_NOTFOUND, "f: home-agent.address is missing" },
		{ "# nothing\n", HA_E_NOTFOUND, "f: home-agent.address is missing" },
		{ "---\n...\n", HA_E_NOTFOUND, "f: home-agent.address is missing" },
		{ "text", HA_E_SYNTAX, "f:1: the file must consist of sections" },
		{ "- a\n", HA_E_SYNTAX, "f:1: the file must consist of sections" },
		{ "\n\nhome-agnet:\n", HA_E_SYNTAX,
		  "f:3: there is no section 'home-agnet'; did you mean 'home-agent'?" },
		{ "home-agent: 5\n", HA_E_SYNTAX, "f:1: section home-agent must contain" },
		{ "home-agent: [a]\n", HA_E_SYNTAX, "f:1: section home-agent must contain" },
		{ ADDRESS "home-agent:\n  address: 192.0.2.2\n", HA_E_SYNTAX,
		  "f:3: home-agent.address is given twice, first on line 1" },
		{ ADDRESS "process:\n  usr: x\n", HA_E_SYNTAX,
		  "f:3: there is no option 'usr' in section process; did you mean 'user'?" },
		{ "home-agent:\n  port:\n", HA_E_RANGE, "f:2: home-agent.port: '' is not allowed" },
		{ "home-agent:\n  port: {a: 1}\n", HA_E_SYNTAX,
		  "f:2: home-agent.port must be one plain value" },
		{ "home-agent:\n  port: [1]\n", HA_E_SYNTAX,
		  "f:2: home-agent.port must be one plain value" },
		{ "home-agent:\n  [1]: 1\n", HA_E_SYNTAX,
		  "f:2: the name of an option must be one plain value" },
		{ "home-agent:\n  port: 0\n", HA_E_RANGE,
		  "f:2: home-agent.port: '0' is not allowed: it must be a whole number from 1 to "
		  "65535" },
		{ "process:\n  log-level: loud\n", HA_E_RANGE,
		  "f:2: process.log-level: 'loud' is not allowed: it must be one of error, warning, "
		  "notice, info, debug" },
		{ "home-agent:\n  port: &a 1\n", HA_E_SYNTAX, "f:2: anchors are not allowed" },
		{ "home-agent:\n  port: *a\n", HA_E_SYNTAX, "f:2: aliases are not allowed" },
		{ "home-agent: &a\n  port: 1\n", HA_E_SYNTAX, "f:1: anchors are not allowed" },
		{ "home-agent:\n  port: !!int 1\n", HA_E_SYNTAX, "f:2: tags are not allowed" },
		{ ADDRESS "---\na: b\n", HA_E_SYNTAX, "f:2: a second document begins here" },
		{ "home-agent:\n\tport: 1\n", HA_E_SYNTAX, "f:2: not YAML" },
		{ "home-agent: {port: 1\n", HA_E_SYNTAX, "f:2: not YAML" },
		{ "home-agent:\n  port: \"\\0\"\n", HA_E_SYNTAX,
		  "f:2: home-agent.port contains a NUL" },
		{ "a\xff: 1\n", HA_E_SYNTAX, "f: octet 2: not UTF-8" },
		{ ADDRESS "storage:\n  directory: here\n", HA_E_RANGE,
		  "f:3: storage.directory: 'here' is not allowed: it must be a path from the root" },
		{ ADDRESS "capacity:\n  associations: 5\n", HA_E_RANGE,
		  "f:3: capacity.associations: 5 is not allowed" },
		{ ADDRESS "capacity:\n  nodes: 200000\n", HA_E_RANGE,
		  "f: capacity.associations: 120000 is not allowed" },
		{ ADDRESS "storage:\n  store-map: 16\n", HA_E_RANGE,
		  "f:3: storage.store-map: 16 is not allowed" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config before;

		memset(&loaded, 0x5a, sizeof(loaded));
		before = loaded;
		CU_ASSERT_EQUAL(load(rows[i].text), rows[i].why);
		CU_ASSERT_EQUAL(strncmp(said.text, rows[i].expected, strlen(rows[i].expected)), 0);
		if (strncmp(said.text, rows[i].expected, strlen(rows[i].expected)) != 0)
			printf("    row %zu: %s\n", i, said.text);
		CU_ASSERT_EQUAL(memcmp(&loaded, &before, sizeof(before)), 0);
	}
}

static void long_values_are_refused_not_cut(void)
{
	char text[1024];

	snprintf(text, sizeof(text), "storage:\n  directory: /%0*d\n", 300, 0);
	CU_ASSERT_EQUAL(load(text), HA_E_RANGE);
	CU_ASSERT_PTR_NOT_NULL(strstr(said.text, "storage.directory is longer than 255 octets"));
	snprintf(text, sizeof(text), "storage:\n  directory: /%0*d\n", 210, 0);
	CU_ASSERT_EQUAL(load(text), HA_E_RANGE);
	CU_ASSERT_PTR_NOT_NULL(strstr(said.text, "text of 1 to 200 octets"));
	snprintf(text, sizeof(text), "%0*d: 1\n", 100, 0);
	CU_ASSERT_EQUAL(load(text), HA_E_RANGE);
}

static void errors_carry_no_control_characters(void)
{
	CU_ASSERT_EQUAL(load("\"a\\e[31m\": 1\n"), HA_E_SYNTAX);
	CU_ASSERT_PTR_NULL(strchr(said.text, 0x1b));
	CU_ASSERT_PTR_NOT_NULL(strstr(said.text, "'a?[31m'"));
}

static void a_file_that_is_not_there_or_too_large(void)
{
	char path[] = "/tmp/hearth-test-config-XXXXXX";
	FILE *file = fdopen(mkstemp(path), "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	for (unsigned i = 0; i <= 1u << 20; i++)
		fputc('\n', file);
	fclose(file);
	CU_ASSERT_EQUAL(config_load(path, &loaded, &said), HA_E_SYNTAX);
	CU_ASSERT_PTR_NOT_NULL(strstr(said.text, "larger than 1048576 octets"));
	remove(path);
	CU_ASSERT_EQUAL(config_load(path, &loaded, &said), HA_E_IO);
	CU_ASSERT_PTR_NOT_NULL(strstr(said.text, path));
	CU_ASSERT_EQUAL(config_load("/", &loaded, &said), HA_E_IO);
}

/* ---- documents ---- */

static char *written_by(void (*write)(FILE *out))
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	write(out);
	fclose(out);
	return text;
}

/* With every comment sign before an option taken away, it says the defaults. */
static void the_example_says_the_defaults(void)
{
	char *text = written_by(config_write_example);
	struct config expected;

	CU_ASSERT_EQUAL(load(text), HA_OK);
	config_defaults(&expected);
	CU_ASSERT_EQUAL(config_set(&expected, "home-agent.address", "192.0.2.1", &said), HA_OK);
	CU_ASSERT_EQUAL(memcmp(&loaded, &expected, sizeof(expected)), 0);
	for (char *at = strstr(text, "\n  #"); at; at = strstr(at, "\n  #"))
		if (*(at += 3) && at[1] != ' ')
			*at = ' ', memmove(at, at + 1, strlen(at));
	CU_ASSERT_EQUAL(load(text), HA_OK);
	CU_ASSERT_EQUAL(memcmp(&loaded, &expected, sizeof(expected)), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n  log-level: notice\n"));
	free(text);
}

static void every_option_is_in_the_documents(void)
{
	char *markdown = written_by(config_write_markdown);
	char *manual = written_by(config_write_manual);

	for (size_t i = 0; i < config_option_count(); i++) {
		CU_ASSERT_PTR_NOT_NULL(strstr(markdown, config_option_at(i)->help));
		CU_ASSERT_PTR_NOT_NULL(strstr(manual, config_option_at(i)->help));
	}
	free(markdown);
	free(manual);
}

static CU_TestInfo tests[] = {
	{ "every row is found by its name alone", every_row_is_found_by_its_name_alone },
	{ "no two rows share a place", no_two_rows_share_a_place },
	{ "every preset is allowed and comes back", every_preset_is_allowed_and_comes_back },
	{ "numbers end at their limits", numbers_end_at_their_limits },
	{ "bad values change nothing", bad_values_change_nothing },
	{ "texts are bounded", texts_are_bounded },
	{ "differences are seen option by option", differences_are_seen_option_by_option },
	{ "unknown names get the nearest one", unknown_names_get_the_nearest_one },
	{ "a file sets what it says and no more", a_file_sets_what_it_says_and_no_more },
	{ "bad files are refused with the line", bad_files_are_refused_with_the_line },
	{ "long values are refused, not cut", long_values_are_refused_not_cut },
	{ "errors carry no control characters", errors_carry_no_control_characters },
	{ "a file that is not there, or too large", a_file_that_is_not_there_or_too_large },
	{ "the example says the defaults", the_example_says_the_defaults },
	{ "every option is in the documents", every_option_is_in_the_documents },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("config", tests);
}
