/* test_node_key.c - key files of members: lines good and bad, whose files are
 * trusted, making one, and that ZeroMQ takes the pair for one. */
#include "agentd/base/node_key.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include "agentd/base/hex.h"
#include "tests/unit/suite.h"

#define A "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define B "ffEEddCCbbAA99887766554433221100ffEEddCCbbAA99887766554433221100"
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static struct keyring_error said;
static struct node_key key;
static char directory[64], path[128];

static enum ha_error parse(const char *text)
{
	said.text[0] = '\0';
	memset(&key, 0x5a, sizeof(key));
	return node_key_parse("f", text, strlen(text), &key, &said);
}

static bool is_wiped(void)
{
	static const struct node_key zeros;

	return memcmp(&key, &zeros, sizeof(key)) == 0;
}

/* ---- lines ---- */

static void a_line_is_the_key(void)
{
	static const char *const texts[] = {
		"secret " A "\n",
		"secret " A,
		"# secret " B "\n\n  \t\nsecret " A "\r\n#\n",
	};
	uint8_t expected[CLUSTER_KEY_OCTETS];

	CU_ASSERT_TRUE(hex_parse(A, strlen(A), expected, sizeof(expected)));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		CU_ASSERT_EQUAL(parse(texts[i]), HA_OK);
		CU_ASSERT_EQUAL(memcmp(key.secret_key, expected, sizeof(expected)), 0);
	}
}

static void other_lines_are_refused_without_telling_them(void)
{
	static const struct {
		const char *text;
		enum ha_error why;
		const char *expected;
	} rows[] = {
		{ "", HA_E_SYNTAX, "f: there is no key in it" },
		{ "# secret " A "\n", HA_E_SYNTAX, "f: there is no key in it" },
		{ "secret\n", HA_E_SYNTAX,
		  "f:1: a line must be: secret and 64 hexadecimal digits" },
		{ "secret \n", HA_E_SYNTAX, "f:1: a line must be" },
		{ "\nsecret 0" A "\n", HA_E_SYNTAX, "f:2: a line must be" },
		{ "secret  " A "\n", HA_E_SYNTAX, "f:1: a line must be" },
		{ "secret " A " \n", HA_E_SYNTAX, "f:1: a line must be" },
		{ " secret " A "\n", HA_E_SYNTAX, "f:1: a line must be" },
		{ "key 1 " A "\n", HA_E_SYNTAX, "f:1: a line must be" },
		{ A "\n", HA_E_SYNTAX, "f:1: a line must be" },
		{ "\nsecret " A "\n#\nsecret " B "\n", HA_E_SYNTAX,
		  "f:4: there must be one key, and line 2 has it" },
		{ "secret " ZEROS "\n", HA_E_RANGE, "f: only zeros are no key" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CU_ASSERT_EQUAL(parse(rows[i].text), rows[i].why);
		CU_ASSERT_EQUAL(strncmp(said.text, rows[i].expected, strlen(rows[i].expected)), 0);
		CU_ASSERT_PTR_NULL(strstr(said.text, "0011223344"));
		CU_ASSERT_TRUE(is_wiped());
	}
}

static void a_nul_is_no_end(void)
{
	static const char text[] = "secret " A "\0\n";

	CU_ASSERT_EQUAL(node_key_parse("f", text, sizeof(text) - 1, &key, &said), HA_E_SYNTAX);
	CU_ASSERT_TRUE(is_wiped());
}

/* ---- files ---- */

static void set_up(void)
{
	snprintf(directory, sizeof(directory), P_tmpdir "/hearth-node-key-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/node.key", directory);
}

static void tear_down(void)
{
	unlink(path);
	CU_ASSERT_EQUAL(rmdir(directory), 0); /* and nothing else is left there */
}

static void what_is_made_is_read_and_closed_to_others(void)
{
	uint8_t public_key[CLUSTER_KEY_OCTETS];
	struct stat status;

	set_up();
	CU_ASSERT_EQUAL_FATAL(node_key_create(path, public_key, &said), HA_OK);
	CU_ASSERT_EQUAL(stat(path, &status), 0);
	CU_ASSERT_EQUAL(status.st_mode & 07777, 0600);
	CU_ASSERT_EQUAL(node_key_load(path, false, &key, &said), HA_OK);
	CU_ASSERT_EQUAL(memcmp(key.public_key, public_key, sizeof(public_key)), 0);
	CU_ASSERT_NOT_EQUAL(memcmp(key.secret_key, public_key, sizeof(public_key)), 0);
	node_key_wipe(&key);
	CU_ASSERT_TRUE(is_wiped());
	tear_down();
}

static void no_file_is_replaced(void)
{
	uint8_t first[CLUSTER_KEY_OCTETS], second[CLUSTER_KEY_OCTETS];

	set_up();
	CU_ASSERT_EQUAL(node_key_create(path, first, &said), HA_OK);
	CU_ASSERT_EQUAL(node_key_create(path, second, &said), HA_E_EXISTS);
	CU_ASSERT_PTR_NOT_NULL(strstr(said.text, path));
	CU_ASSERT_EQUAL(node_key_load(path, false, &key, &said), HA_OK);
	CU_ASSERT_EQUAL(memcmp(key.public_key, first, sizeof(first)), 0);
	tear_down();
}

static void files_that_others_can_open_are_refused(void)
{
	uint8_t public_key[CLUSTER_KEY_OCTETS];

	set_up();
	CU_ASSERT_EQUAL(node_key_load(path, false, &key, &said), HA_E_NOTFOUND);
	CU_ASSERT_EQUAL(node_key_create(path, public_key, &said), HA_OK);
	CU_ASSERT_EQUAL(chmod(path, 0640), 0);
	CU_ASSERT_EQUAL(node_key_load(path, false, &key, &said), HA_E_PERMISSION);
	CU_ASSERT_PTR_NOT_NULL(strstr(said.text, "0640"));
	CU_ASSERT_TRUE(is_wiped());
	CU_ASSERT_EQUAL(node_key_load(directory, false, &key, &said), HA_E_PERMISSION);
	tear_down();
}

/* ---- the pair ---- */

static void the_public_key_is_what_zeromq_makes_of_the_secret_one(void)
{
	char secret_text[41], public_text[41];
	uint8_t expected[CLUSTER_KEY_OCTETS];

	CU_ASSERT_EQUAL(parse("secret " A "\n"), HA_OK);
	CU_ASSERT_PTR_NOT_NULL(zmq_z85_encode(secret_text, key.secret_key, CLUSTER_KEY_OCTETS));
	CU_ASSERT_EQUAL(zmq_curve_public(public_text, secret_text), 0);
	CU_ASSERT_PTR_NOT_NULL(zmq_z85_decode(expected, public_text));
	CU_ASSERT_EQUAL(memcmp(key.public_key, expected, sizeof(expected)), 0);
}

static CU_TestInfo tests[] = {
	{ "a line is the key", a_line_is_the_key },
	{ "other lines are refused without telling them",
	  other_lines_are_refused_without_telling_them },
	{ "a NUL is no end", a_nul_is_no_end },
	{ "what is made is read, and closed to others", what_is_made_is_read_and_closed_to_others },
	{ "no file is replaced", no_file_is_replaced },
	{ "files that others can open are refused", files_that_others_can_open_are_refused },
	{ "the public key is what ZeroMQ makes of the secret one",
	  the_public_key_is_what_zeromq_makes_of_the_secret_one },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("node_key", tests);
}
