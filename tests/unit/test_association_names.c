/* test_association_names.c - lines of nodes with names, pools, policies and
 * several uses, and lines that are settings. */
#include "agentd/state/association_file.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/suite.h"

#define KEY "key=000102030405060708090A0b0c0d0e0f"
#define TAIL " spi=256 algorithm=hmac-sha256 " KEY

static struct change parsed;
static struct association_error said;

static enum ha_error parse(const char *line)
{
	said.text[0] = '\0';
	return association_parse(line, strlen(line), &parsed, &said);
}

static void check_refused(const char *line, enum ha_error why, const char *expected)
{
	static const struct change nothing;

	CU_ASSERT_EQUAL(parse(line), why);
	CU_ASSERT_EQUAL(strncmp(said.text, expected, strlen(expected)), 0);
	if (strncmp(said.text, expected, strlen(expected)) != 0)
		printf("%.60s: %s\n", line, said.text);
	CU_ASSERT_EQUAL(memcmp(&parsed, &nothing, sizeof(nothing)), 0);
}

static void a_node_by_name(void)
{
	CU_ASSERT_EQUAL(parse("mobile nai=ann@example.net pool=dial-in policy=gold" TAIL
	                      " replay=nonce bindings=3 realm=7"),
	                HA_OK);
	CU_ASSERT_EQUAL(parsed.kind, CHANGE_ADD_ASSOCIATION);
	CU_ASSERT_EQUAL(parsed.peer, PEER_MOBILE_NODE);
	CU_ASSERT_EQUAL(parsed.address.s_addr, 0);
	CU_ASSERT_STRING_EQUAL(parsed.nai, "ann@example.net");
	CU_ASSERT_STRING_EQUAL(parsed.pool, "dial-in");
	CU_ASSERT_STRING_EQUAL(parsed.policy, "gold");
	CU_ASSERT_EQUAL(parsed.replay, REPLAY_NONCE);
	CU_ASSERT_EQUAL(parsed.use, ASSOCIATION_HOME);
	CU_ASSERT_EQUAL(parsed.algorithm, MIP_HMAC_SHA256);
	CU_ASSERT_EQUAL(parsed.realm, 7);
	CU_ASSERT_EQUAL(parse("mobile nai=ann" TAIL " replay=timestamp use=mn-ha"), HA_OK);
	CU_ASSERT_EQUAL(parsed.replay, REPLAY_TIMESTAMP);
	CU_ASSERT_EQUAL(parsed.use, ASSOCIATION_HOME);
	CU_ASSERT_STRING_EQUAL(parsed.pool, ""); /* of a node that is there */
	CU_ASSERT_EQUAL(parse("mobile home=10.0.0.1 nai=ann" TAIL), HA_OK);
	CU_ASSERT_EQUAL(parsed.address.s_addr, htonl(0x0a000001));
	CU_ASSERT_STRING_EQUAL(parsed.nai, "ann");
}

static void towards_aaa(void)
{
	CU_ASSERT_EQUAL(parse("mobile nai=ann spi=2 algorithm=chap use=mn-aaa " KEY), HA_OK);
	CU_ASSERT_EQUAL(parsed.spi, MIP_SPI_CHAP);
	CU_ASSERT_EQUAL(parsed.algorithm, MIP_CHAP);
	CU_ASSERT_EQUAL(parsed.use, ASSOCIATION_AAA);
	CU_ASSERT_EQUAL(parse("mobile nai=ann use=mn-aaa" TAIL), HA_OK);
	CU_ASSERT_EQUAL(parsed.spi, 256);
	CU_ASSERT_EQUAL(parsed.use, ASSOCIATION_AAA);
}

static void names_have_an_end(void)
{
	char line[ASSOCIATION_LINE_MAX];
	char name[MIP_NAI_MAX + 2] = "";
	char label[LABEL_MAX + 1] = "";

	memset(name, 'n', MIP_NAI_MAX);
	snprintf(line, sizeof(line), "mobile nai=%s pool=p" TAIL, name);
	CU_ASSERT_EQUAL(parse(line), HA_OK);
	CU_ASSERT_EQUAL(strlen(parsed.nai), MIP_NAI_MAX);
	name[MIP_NAI_MAX] = 'n';
	snprintf(line, sizeof(line), "mobile nai=%s pool=p" TAIL, name);
	check_refused(line, HA_E_RANGE, "field nai must be");
	memset(label, 'p', LABEL_MAX - 1);
	snprintf(line, sizeof(line), "mobile nai=n pool=%s policy=%s" TAIL, label, label);
	CU_ASSERT_EQUAL(parse(line), HA_OK);
	CU_ASSERT_STRING_EQUAL(parsed.policy, label);
	label[LABEL_MAX - 1] = 'p';
	snprintf(line, sizeof(line), "mobile nai=n pool=%s" TAIL, label);
	check_refused(line, HA_E_RANGE, "field pool must be");
	snprintf(line, sizeof(line), "mobile nai=n policy=%s" TAIL, label);
	check_refused(line, HA_E_RANGE, "field policy must be");
}

static void what_does_not_go_together(void)
{
	static const struct {
		const char *line;
		enum ha_error why;
		const char *expected;
	} rows[] = {
		{ "mobile pool=p" TAIL, HA_E_SYNTAX, "field home is missing" },
		{ "mobile home=10.0.0.1 pool=p" TAIL, HA_E_SYNTAX, "fields home and pool" },
		{ "mobile home=10.0.0.1 nai=n pool=p" TAIL, HA_E_SYNTAX, "fields home and pool" },
		{ "mobile nai=" TAIL, HA_E_RANGE, "field nai must be" },
		{ "mobile nai=n nai=n" TAIL, HA_E_SYNTAX, "field nai is given twice" },
		{ "mobile nai=n pool=" TAIL, HA_E_RANGE, "field pool must be" },
		{ "mobile nai=n pool=P" TAIL, HA_E_RANGE, "field pool must be" },
		{ "mobile nai=n pool=a_b" TAIL, HA_E_RANGE, "field pool must be" },
		{ "mobile nai=n policy=a.b" TAIL, HA_E_RANGE, "field policy must be" },
		{ "mobile nai=n use=aaa" TAIL, HA_E_RANGE, "field use must be" },
		{ "mobile nai=n use=" TAIL, HA_E_RANGE, "field use must be" },
		{ "mobile nai=n replay=nonces" TAIL, HA_E_RANGE, "field replay must be" },
		{ "mobile nai=n spi=2 algorithm=hmac-md5 " KEY, HA_E_SYNTAX, "algorithm chap and" },
		{ "mobile nai=n spi=2 algorithm=hmac-md5 use=mn-aaa " KEY, HA_E_SYNTAX,
		  "algorithm chap and" },
		{ "mobile nai=n spi=2 algorithm=chap " KEY, HA_E_SYNTAX, "algorithm chap and" },
		{ "mobile nai=n spi=256 algorithm=chap use=mn-aaa " KEY, HA_E_SYNTAX,
		  "algorithm chap and" },
		{ "mobile nai=n spi=1 algorithm=chap use=mn-aaa " KEY, HA_E_RANGE,
		  "field spi must be" },
		{ "mobile nai=n spi=255 algorithm=hmac-md5 " KEY, HA_E_RANGE, "field spi must be" },
		{ "foreign-agent address=192.0.2.1 spi=2 algorithm=chap " KEY, HA_E_SYNTAX,
		  "chap and SPI 2 are for use=mn-aaa" },
		{ "foreign-agent address=192.0.2.1 spi=256 algorithm=chap " KEY, HA_E_SYNTAX,
		  "chap and SPI 2 are for use=mn-aaa" },
		{ "foreign-agent address=192.0.2.1 nai=n" TAIL, HA_E_SYNTAX,
		  "field nai is not allowed" },
		{ "foreign-agent address=192.0.2.1 use=mn-aaa" TAIL, HA_E_SYNTAX,
		  "field use is not allowed" },
		{ "foreign-agent address=192.0.2.1 replay=nonce" TAIL, HA_E_SYNTAX,
		  "field replay is not allowed" },
		{ "foreign-agent address=192.0.2.1 policy=x" TAIL, HA_E_SYNTAX,
		  "field policy is not allowed" },
		{ "foreign-agent address=192.0.2.1 pool=x" TAIL, HA_E_SYNTAX,
		  "field pool is not allowed" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_refused(rows[i].line, rows[i].why, rows[i].expected);
}

/* ---- settings ---- */

static void a_setting_is_a_name_and_the_rest(void)
{
	static const struct {
		const char *line, *name, *value;
	} rows[] = {
		{ "set a b", "a", "b" },
		{ "  set\tpool.p \t 10.0.0.1-10.0.0.9  sticky \r\n", "pool.p",
		  "10.0.0.1-10.0.0.9  sticky" },
		{ "set a b=c mobile", "a", "b=c mobile" },
		{ "set a b # a comment", "a", "b" },
		{ "set a b #c #d", "a", "b" },
		{ "set a b#c", "a", "b#c" }, /* not the beginning of a word */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CU_ASSERT_EQUAL(parse(rows[i].line), HA_OK);
		CU_ASSERT_EQUAL(parsed.kind, CHANGE_SET);
		CU_ASSERT_STRING_EQUAL(parsed.name, rows[i].name);
		CU_ASSERT_STRING_EQUAL(parsed.value, rows[i].value);
	}
	check_refused("set", HA_E_SYNTAX, "a setting is: set NAME VALUE");
	check_refused("set a", HA_E_SYNTAX, "a setting is: set NAME VALUE");
	check_refused("set a  ", HA_E_SYNTAX, "a setting is: set NAME VALUE");
	check_refused("set a # b", HA_E_SYNTAX, "a setting is: set NAME VALUE");
	check_refused("set # a b", HA_E_SYNTAX, "a setting is: set NAME VALUE");
	check_refused("sets a b", HA_E_SYNTAX, "the first word must be mobile or");
}

static void settings_have_an_end(void)
{
	char line[ASSOCIATION_LINE_MAX];
	char name[65] = "", value[257] = "";

	memset(name, 'n', 63);
	memset(value, 'v', 255);
	snprintf(line, sizeof(line), "set %s %s", name, value);
	CU_ASSERT_EQUAL(parse(line), HA_OK);
	CU_ASSERT_STRING_EQUAL(parsed.name, name);
	CU_ASSERT_STRING_EQUAL(parsed.value, value);
	name[63] = 'n';
	snprintf(line, sizeof(line), "set %s v", name);
	check_refused(line, HA_E_SYNTAX, "a setting is: set NAME VALUE");
	value[255] = 'v';
	snprintf(line, sizeof(line), "set n %s", value);
	check_refused(line, HA_E_SYNTAX, "a setting is: set NAME VALUE");
}

static CU_TestInfo tests[] = {
	{ "a node by name", a_node_by_name },
	{ "towards AAA", towards_aaa },
	{ "names have an end", names_have_an_end },
	{ "what does not go together", what_does_not_go_together },
	{ "a setting is a name and the rest", a_setting_is_a_name_and_the_rest },
	{ "settings have an end", settings_have_an_end },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("association_names", tests);
}
