/* test_association_file.c - lines good and bad, files, and what an error never
 * repeats. */
#include "agentd/state/association_file.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/suite.h"

#define KEY "000102030405060708090A0b0c0d0e0f"
#define NODE "mobile home=10.0.0.1 spi=256 algorithm=hmac-md5 "

static struct change parsed;
static struct association_error said;

static enum ha_error parse(const char *line)
{
	said.text[0] = '\0';
	return association_parse(line, strlen(line), &parsed, &said);
}

static void a_mobile_node_with_everything(void)
{
	CU_ASSERT_EQUAL(parse("  mobile\thome=10.0.0.1 spi=0x100 algorithm=keyed-md5 key=" KEY
	                      " bindings=8 realm=7 tolerance=4  # comment key=00\r\n"),
	                HA_OK);
	CU_ASSERT_EQUAL(parsed.kind, CHANGE_ADD_ASSOCIATION);
	CU_ASSERT_EQUAL(parsed.peer, PEER_MOBILE_NODE);
	CU_ASSERT_EQUAL(parsed.address.s_addr, htonl(0x0a000001));
	CU_ASSERT_EQUAL(parsed.spi, 256);
	CU_ASSERT_EQUAL(parsed.algorithm, MIP_KEYED_MD5);
	CU_ASSERT_EQUAL(parsed.key_size, 16);
	for (uint8_t i = 0; i < 16; i++)
		CU_ASSERT_EQUAL(parsed.key[i], i);
	CU_ASSERT_EQUAL(parsed.bindings, 8);
	CU_ASSERT_EQUAL(parsed.realm, 7);
	CU_ASSERT_EQUAL(parsed.tolerance_s, 4);
	CU_ASSERT_FALSE(parsed.replace);
}

static void what_is_left_out_is_zero(void)
{
	CU_ASSERT_EQUAL(parse(NODE "key=" KEY), HA_OK);
	CU_ASSERT_EQUAL(parsed.bindings, 0);
	CU_ASSERT_EQUAL(parsed.realm, 0);
	CU_ASSERT_EQUAL(parsed.tolerance_s, 0);
}

static void a_foreign_agent(void)
{
	CU_ASSERT_EQUAL(parse("foreign-agent address=198.51.100.2 spi=4294967295 "
	                      "algorithm=keyed-md5-rfc2002 key=" KEY KEY KEY KEY
	                      " realm=4294967295"),
	                HA_OK);
	CU_ASSERT_EQUAL(parsed.peer, PEER_FOREIGN_AGENT);
	CU_ASSERT_EQUAL(parsed.spi, UINT32_MAX);
	CU_ASSERT_EQUAL(parsed.realm, UINT32_MAX);
	CU_ASSERT_EQUAL(parsed.key_size, 64);
}

static void blank_lines_and_comments_are_nothing(void)
{
	static const char *const lines[] = { "", " ", "\t\r\n", "#", "  # mobile", "#mobile x" };

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		CU_ASSERT_EQUAL(parse(lines[i]), HA_E_NOTFOUND);
}

static void bad_lines_name_the_field(void)
{
	static const struct {
		const char *line;
		enum ha_error why;
		const char *expected;
	} rows[] = {
		{ "Mobile home=10.0.0.1", HA_E_SYNTAX, "the first word must be mobile or" },
		{ "mobile", HA_E_SYNTAX, "field home is missing" },
		{ "mobile home=10.0.0.1", HA_E_SYNTAX, "field spi is missing" },
		{ NODE, HA_E_SYNTAX, "field key is missing" },
		{ "mobile home=", HA_E_RANGE, "field home must be the IPv4 address" },
		{ "mobile home=224.0.0.1", HA_E_RANGE, "field home must be the IPv4 address" },
		{ "mobile home=10.0.0.1/8", HA_E_RANGE, "field home must be the IPv4 address" },
		{ "mobile spi=255", HA_E_RANGE, "field spi must be a number from 256" },
		{ "mobile spi=4294967296", HA_E_RANGE, "field spi must be a number from 256" },
		{ "mobile spi=0x", HA_E_RANGE, "field spi must be a number from 256" },
		{ "mobile spi=1e9", HA_E_RANGE, "field spi must be a number from 256" },
		{ "mobile spi=", HA_E_RANGE, "field spi must be a number from 256" },
		{ "mobile algorithm=md5", HA_E_RANGE, "field algorithm must be one of hmac-md5" },
		{ NODE "key=00", HA_E_RANGE, "field key must be 16 to 64 octets" },
		{ NODE "key=" KEY "0", HA_E_RANGE, "field key must be 16 to 64 octets" },
		{ NODE "key=" KEY KEY KEY KEY "00", HA_E_RANGE, "field key must be 16 to 64" },
		{ NODE "key=zz0102030405060708090a0b0c0d0e0f", HA_E_RANGE, "field key must be" },
		{ NODE "bindings=0", HA_E_RANGE, "field bindings must be a number from 1 to 8" },
		{ NODE "bindings=9", HA_E_RANGE, "field bindings must be a number from 1 to 8" },
		{ NODE "tolerance=3", HA_E_RANGE, "field tolerance must be a number of seconds" },
		{ NODE "tolerance=3601", HA_E_RANGE,
		  "field tolerance must be a number of seconds" },
		{ NODE "spi=256", HA_E_SYNTAX, "field spi is given twice" },
		{ NODE "colour=red", HA_E_SYNTAX, "word 5: there is no field 'colour'" },
		{ NODE "colour", HA_E_SYNTAX, "word 5 is not of the form field=value" },
		{ "mobile address=10.0.0.1", HA_E_SYNTAX, "field address is not allowed" },
		{ "foreign-agent home=10.0.0.1", HA_E_SYNTAX, "field home is not allowed" },
		{ "foreign-agent bindings=1", HA_E_SYNTAX, "field bindings is not allowed" },
		{ "foreign-agent tolerance=9", HA_E_SYNTAX, "field tolerance is not allowed" },
	};
	static const struct change nothing;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CU_ASSERT_EQUAL(parse(rows[i].line), rows[i].why);
		CU_ASSERT_EQUAL(strncmp(said.text, rows[i].expected, strlen(rows[i].expected)), 0);
		CU_ASSERT_EQUAL(memcmp(&parsed, &nothing, sizeof(nothing)), 0);
	}
}

/* Wherever a key lands by mistake, the error does not say it. */
static void an_error_never_repeats_a_key(void)
{
	static const char *const lines[] = {
		KEY,
		"mobile " KEY,
		"mobile " KEY "=1",
		"mobile deadbeefcafe=1 " KEY,
		"mobile home=" KEY,
		"mobile home=10.0.0.1 spi=" KEY,
		"mobile home=10.0.0.1 algorithm=" KEY,
		NODE "key=" KEY "0",
		NODE "kye=" KEY,
		NODE "key= " KEY,
		NODE "key=" KEY " " KEY,
		NODE "key=" KEY " key=" KEY,
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		CU_ASSERT_NOT_EQUAL(parse(lines[i]), HA_OK);
		CU_ASSERT_PTR_NULL(strstr(said.text, "0405"));
		CU_ASSERT(strlen(said.text) > 10);
	}
}

static void lines_are_bounded(void)
{
	char line[ASSOCIATION_LINE_MAX + 2];

	memset(line, ' ', sizeof(line));
	memcpy(line, NODE "key=" KEY, strlen(NODE "key=" KEY));
	CU_ASSERT_EQUAL(association_parse(line, ASSOCIATION_LINE_MAX, &parsed, &said), HA_OK);
	CU_ASSERT_EQUAL(association_parse(line, ASSOCIATION_LINE_MAX + 1, &parsed, &said),
	                HA_E_RANGE);
	CU_ASSERT_EQUAL(association_parse("mobile\0x", 8, &parsed, &said), HA_E_SYNTAX);
}

/* ---- files ---- */

static char path[64];

static void make_file(const char *text, mode_t mode)
{
	int descriptor;

	snprintf(path, sizeof(path), "/tmp/hearth-test-associations-XXXXXX");
	descriptor = mkstemp(path);
	CU_ASSERT_FATAL(descriptor >= 0);
	CU_ASSERT_EQUAL(write(descriptor, text, strlen(text)), (ssize_t)strlen(text));
	fchmod(descriptor, mode);
	close(descriptor);
}

static void a_file_is_read_in_batches_past_its_errors(void)
{
	static struct association_reader reader;
	struct change changes[2];
	size_t count = 99;

	make_file("# keys\n" NODE "key=" KEY "\n\n"
	          "mobile home=10.0.0.2 spi=300 algorithm=hmac-md5 key=" KEY "\n"
	          "mobile nonsense\n"
	          "mobile home=10.0.0.3 spi=300 algorithm=hmac-md5 key=" KEY, /* no newline */
	          0600);
	CU_ASSERT_EQUAL_FATAL(association_reader_open(&reader, path, false, &said), HA_OK);
	remove(path);
	CU_ASSERT_EQUAL(association_reader_next(&reader, changes, 2, &count, &said), HA_OK);
	CU_ASSERT_EQUAL(count, 2);
	CU_ASSERT_EQUAL(changes[1].address.s_addr, htonl(0x0a000002));
	CU_ASSERT_EQUAL(association_reader_next(&reader, changes, 2, &count, &said), HA_E_SYNTAX);
	CU_ASSERT_EQUAL(count, 0);
	CU_ASSERT_EQUAL(said.line, 5);
	CU_ASSERT_EQUAL(association_reader_next(&reader, changes, 2, &count, &said), HA_OK);
	CU_ASSERT_EQUAL(count, 1);
	CU_ASSERT_EQUAL(changes[0].address.s_addr, htonl(0x0a000003));
	CU_ASSERT_EQUAL(association_reader_next(&reader, changes, 2, &count, &said), HA_OK);
	CU_ASSERT_EQUAL(count, 0);
	association_reader_close(&reader);
	for (size_t i = 0; i < sizeof(reader.buffer); i++)
		if (reader.buffer[i])
			CU_FAIL("keys are left in the buffer");
}

static void a_line_without_end_is_skipped(void)
{
	static struct association_reader reader;
	struct change change;
	char text[3000];
	size_t count;

	memset(text, 'x', sizeof(text));
	snprintf(text + 2000, sizeof(text) - 2000, "%s", "\n" NODE "key=" KEY "\n");
	make_file(text, 0600);
	CU_ASSERT_EQUAL_FATAL(association_reader_open(&reader, path, false, &said), HA_OK);
	remove(path);
	CU_ASSERT_EQUAL(association_reader_next(&reader, &change, 1, &count, &said), HA_E_RANGE);
	CU_ASSERT_EQUAL(said.line, 1);
	CU_ASSERT_EQUAL(association_reader_next(&reader, &change, 1, &count, &said), HA_OK);
	CU_ASSERT_EQUAL(count, 1);
	association_reader_close(&reader);
}

static void a_file_open_to_others_is_refused(void)
{
	static const mode_t modes[] = { 0640, 0604, 0660, 0610, 0602 };
	static struct association_reader reader;

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		make_file(NODE "key=" KEY "\n", modes[i]);
		CU_ASSERT_EQUAL(association_reader_open(&reader, path, false, &said),
		                HA_E_PERMISSION);
		CU_ASSERT_PTR_NOT_NULL(strstr(said.text, path));
		CU_ASSERT_PTR_NOT_NULL(strstr(said.text, "chmod 600"));
		CU_ASSERT_EQUAL(association_reader_open(&reader, path, true, &said), HA_OK);
		association_reader_close(&reader);
		remove(path);
	}
	CU_ASSERT_EQUAL(association_reader_open(&reader, path, false, &said), HA_E_IO);
	association_reader_close(&reader);
}

static void a_directory_is_no_file(void)
{
	static struct association_reader reader;

	CU_ASSERT_EQUAL(association_reader_open(&reader, "/tmp", true, &said), HA_E_IO);
	CU_ASSERT_STRING_EQUAL(said.text, "/tmp cannot be opened: Is a directory");
	association_reader_close(&reader);
}

/* No octet of a process is at its address 0. */
static void what_cannot_be_read_is_an_error(void)
{
	static struct association_reader reader;
	struct change change;
	size_t count;

	CU_ASSERT_EQUAL_FATAL(association_reader_open(&reader, "/proc/self/mem", true, &said),
	                      HA_OK);
	CU_ASSERT_EQUAL(association_reader_next(&reader, &change, 1, &count, &said), HA_E_IO);
	CU_ASSERT_EQUAL(count, 0);
	association_reader_close(&reader);
}

static CU_TestInfo tests[] = {
	{ "a mobile node with everything", a_mobile_node_with_everything },
	{ "what is left out is zero", what_is_left_out_is_zero },
	{ "a foreign agent", a_foreign_agent },
	{ "blank lines and comments are nothing", blank_lines_and_comments_are_nothing },
	{ "bad lines name the field", bad_lines_name_the_field },
	{ "an error never repeats a key", an_error_never_repeats_a_key },
	{ "lines are bounded", lines_are_bounded },
	{ "a file is read in batches past its errors", a_file_is_read_in_batches_past_its_errors },
	{ "a line without end is skipped", a_line_without_end_is_skipped },
	{ "a file open to others is refused", a_file_open_to_others_is_refused },
	{ "a directory is no file", a_directory_is_no_file },
	{ "what cannot be read is an error", what_cannot_be_read_is_an_error },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("association_file", tests);
}
