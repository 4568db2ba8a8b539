/* test_keyring_file.c - key files: lines good and bad, whose files are trusted,
 * making one and adding to one. */
#include "agentd/base/keyring.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/suite.h"

#define A "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define B "ffEEddCCbbAA99887766554433221100ffEEddCCbbAA99887766554433221100"
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static struct keyring_error said;
static char directory[64], path[128];

static enum ha_error parse(const char *text, struct keyring **out)
{
	said.text[0] = '\0';
	*out = keyring_new();
	CU_ASSERT_PTR_NOT_NULL_FATAL(*out);
	return keyring_parse("f", text, strlen(text), *out, &said);
}

/* ---- lines ---- */

static void lines_become_keys_in_their_order(void)
{
	static const char *const texts[] = {
		"key 2 " A "\nkey 1 " B "\n",
		"key 2 " A "\nkey 1 " B,
		"# first\n\n  # second\nkey 2 " A "\n   \n\tkey\t1   " B "  \n#",
		"key 2 " A "\r\nkey 1 " B "\r\n",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct keyring_entry entries[KEYRING_KEYS_MAX];
		struct keyring *ring;

		CU_ASSERT_EQUAL(parse(texts[i], &ring), HA_OK);
		CU_ASSERT_EQUAL(keyring_list(ring, entries), 2);
		CU_ASSERT_EQUAL(entries[0].id, 2);
		CU_ASSERT_EQUAL(entries[1].id, 1);
		keyring_free(ring);
	}
}

static void digits_are_the_key(void)
{
	struct keyring *parsed, *added = keyring_new();
	struct keyring_entry from_text[KEYRING_KEYS_MAX], from_octets[KEYRING_KEYS_MAX];
	uint8_t key[KEYRING_KEY_OCTETS];

	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(0x11 * (i % 16));
	CU_ASSERT_EQUAL(keyring_add(added, 4294967295u, key), HA_OK);
	CU_ASSERT_EQUAL(parse("key 4294967295 " A, &parsed), HA_OK);
	keyring_list(parsed, from_text);
	keyring_list(added, from_octets);
	CU_ASSERT_EQUAL(from_text[0].id, 4294967295u);
	CU_ASSERT_STRING_EQUAL(from_text[0].fingerprint, from_octets[0].fingerprint);
	keyring_free(parsed);
	keyring_free(added);
}

static void bad_lines_are_refused_and_never_repeated(void)
{
	static const struct {
		const char *text;
		enum ha_error why;
		const char *expected;
	} rows[] = {
		{ "", HA_E_SYNTAX, "f: there is no key in it" },
		{ "# key 1 " A "\n", HA_E_SYNTAX, "f: there is no key in it" },
		{ A "\n", HA_E_SYNTAX,
		  "f:1: a line must be: key NUMBER and 64 hexadecimal digits" },
		{ "key 1 " A "\n\nkye 2 " B, HA_E_SYNTAX, "f:3: a line must be: key NUMBER" },
		{ "key\n1 " A, HA_E_RANGE, "f:1: after key there must be a number from 1 to" },
		{ "key 0 " A, HA_E_RANGE, "f:1: after key there must be a number from 1 to" },
		{ "key 01 " A, HA_E_RANGE, "f:1: after key there must be a number" },
		{ "key -1 " A, HA_E_RANGE, "f:1: after key there must be a number" },
		{ "key 4294967296 " A, HA_E_RANGE, "f:1: after key there must be a number" },
		{ "key 99999999999 " A, HA_E_RANGE, "f:1: after key there must be a number" },
		{ "key " A " 1", HA_E_RANGE, "f:1: after key there must be a number" },
		{ "key 1", HA_E_SYNTAX, "f:1: key 1 must be 64 hexadecimal digits" },
		{ "key 1 " A "0", HA_E_SYNTAX, "f:1: key 1 must be 64 hexadecimal digits" },
		{ "key 1 g" A, HA_E_SYNTAX, "f:1: key 1 must be 64 hexadecimal digits" },
		{ "key 1 0" B "\n", HA_E_SYNTAX, "f:1: key 1 must be 64 hexadecimal digits" },
		{ "key 1 " A " " B, HA_E_SYNTAX, "f:1: key 1: more than a key on the line" },
		{ "key 1 " A " # mine", HA_E_SYNTAX, "f:1: key 1: more than a key on the line" },
		{ "key 1 " A "\nkey 1 " B, HA_E_EXISTS,
		  "f:2: key 1: a line above has this number" },
		{ "key 1 " A "\nkey 2 " A, HA_E_EXISTS, "f:2: key 2: a line above has this key" },
		{ "key 1 " ZEROS, HA_E_RANGE, "f:1: key 1: only zeros are no key" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct keyring *ring;

		CU_ASSERT_EQUAL(parse(rows[i].text, &ring), rows[i].why);
		CU_ASSERT_EQUAL(strncmp(said.text, rows[i].expected, strlen(rows[i].expected)), 0);
		if (strncmp(said.text, rows[i].expected, strlen(rows[i].expected)) != 0)
			printf("    row %zu: %s\n", i, said.text);
		CU_ASSERT_PTR_NULL(strstr(said.text, "001122"));
		CU_ASSERT_PTR_NULL(strstr(said.text, "EEdd"));
		keyring_free(ring);
	}
}

static void there_is_an_end_to_the_keys_of_a_file(void)
{
	char text[(KEYRING_KEYS_MAX + 1) * 80] = "";
	struct keyring *ring;

	for (unsigned i = 1; i <= KEYRING_KEYS_MAX + 1; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "key %u %064x\n", i, i);
	CU_ASSERT_EQUAL(parse(text, &ring), HA_E_CAPACITY);
	CU_ASSERT_PTR_NOT_NULL(strstr(said.text, "f:17: more than 16 keys"));
	keyring_free(ring);
}

static void a_nul_is_no_end(void)
{
	static const char text[] = "key 1 " A "\n\0key 2 " B "\n";
	struct keyring *ring = keyring_new();

	CU_ASSERT_EQUAL(keyring_parse("f", text, sizeof(text) - 1, ring, &said), HA_E_SYNTAX);
	keyring_free(ring);
}

/* ---- files ---- */

static void make_directory(void)
{
	snprintf(directory, sizeof(directory), "/tmp/hearth-test-keyring-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/cluster.key", directory);
}

static void remove_directory(void)
{
	char fresh[160];

	snprintf(fresh, sizeof(fresh), "%s.new", path);
	unlink(fresh);
	unlink(path);
	CU_ASSERT_EQUAL(rmdir(directory), 0);
}

static void write_text(const char *to, const char *text, mode_t mode)
{
	FILE *file = fopen(to, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fputs(text, file);
	CU_ASSERT_EQUAL(fchmod(fileno(file), mode), 0);
	CU_ASSERT_EQUAL(fclose(file), 0);
}

static void read_text(const char *from, char *out, size_t size)
{
	FILE *file = fopen(from, "r");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	out[fread(out, 1, size - 1, file)] = '\0';
	fclose(file);
}

static enum ha_error load(struct keyring **ring)
{
	said.text[0] = '\0';
	return keyring_load(path, ring, &said);
}

static void a_file_that_others_can_open_is_refused(void)
{
	static const mode_t modes[] = { 0640, 0604, 0620, 0660, 0601, 0666 };
	struct keyring *ring;

	make_directory();
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		write_text(path, "key 1 " A "\n", modes[i]);
		CU_ASSERT_EQUAL(load(&ring), HA_E_PERMISSION);
		CU_ASSERT_PTR_NULL(ring);
		CU_ASSERT_PTR_NOT_NULL(strstr(said.text, "chmod 600 mends that"));
		unlink(path);
	}
	write_text(path, "key 1 " A "\n", 0400);
	CU_ASSERT_EQUAL(load(&ring), HA_OK);
	keyring_free(ring);
	remove_directory();
}

static void a_file_of_somebody_else_is_refused(void)
{
	struct keyring *ring;

	make_directory();
	write_text(path, "key 1 " A "\n", 0600);
	if (geteuid() == 0) {
		CU_ASSERT_EQUAL(chown(path, 12345, 12345), 0);
		CU_ASSERT_EQUAL(load(&ring), HA_E_PERMISSION);
		CU_ASSERT_PTR_NOT_NULL(strstr(said.text, "belongs to user 12345"));
		CU_ASSERT_EQUAL(chown(path, 0, 0), 0);
	}
	CU_ASSERT_EQUAL(load(&ring), HA_OK);
	keyring_free(ring);
	remove_directory();
}

static void what_is_no_file_is_refused(void)
{
	struct keyring *ring;
	FILE *file;

	make_directory();
	CU_ASSERT_EQUAL(load(&ring), HA_E_NOTFOUND);
	CU_ASSERT_PTR_NOT_NULL(strstr(said.text, path));
	CU_ASSERT_EQUAL(mkfifo(path, 0600), 0); /* and it does not wait for a writer */
	CU_ASSERT_EQUAL(load(&ring), HA_E_PERMISSION);
	unlink(path);
	CU_ASSERT_EQUAL(mkdir(path, 0700), 0);
	CU_ASSERT_EQUAL(load(&ring), HA_E_PERMISSION);
	rmdir(path);
	file = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	for (unsigned i = 0; i <= 65536; i++)
		fputc('\n', file);
	fclose(file);
	chmod(path, 0600);
	CU_ASSERT_EQUAL(load(&ring), HA_E_RANGE);
	remove_directory();
}

static void a_new_file_holds_key_1(void)
{
	char before[256], after[256];
	struct keyring_entry entries[KEYRING_KEYS_MAX];
	struct keyring *ring;
	struct stat status;

	make_directory();
	umask(0);
	CU_ASSERT_EQUAL(keyring_create(path, &said), HA_OK);
	umask(077);
	CU_ASSERT_EQUAL(stat(path, &status), 0);
	CU_ASSERT_EQUAL(status.st_mode & 07777, 0600);
	CU_ASSERT_EQUAL_FATAL(load(&ring), HA_OK);
	CU_ASSERT_EQUAL(keyring_list(ring, entries), 1);
	CU_ASSERT_EQUAL(entries[0].id, 1);
	keyring_free(ring);
	read_text(path, before, sizeof(before));
	CU_ASSERT_EQUAL(keyring_create(path, &said), HA_E_EXISTS); /* never over another */
	read_text(path, after, sizeof(after));
	CU_ASSERT_STRING_EQUAL(before, after);
	remove_directory(); /* in which nothing else was left */
	CU_ASSERT_EQUAL(keyring_create(path, &said), HA_E_NOTFOUND);
}

static void a_new_key_comes_first_and_the_rest_stays(void)
{
	struct keyring_entry made, entries[KEYRING_KEYS_MAX];
	struct keyring *ring;
	char text[1024];

	make_directory();
	write_text(path, "# ours\nkey 7 " A "\nkey 3 " B "\n# end\n", 0600);
	CU_ASSERT_EQUAL(keyring_extend(path, &made, &said), HA_OK);
	CU_ASSERT_EQUAL(made.id, 8);
	read_text(path, text, sizeof(text));
	CU_ASSERT_EQUAL(strncmp(text, "key 8 ", 6), 0);
	CU_ASSERT_STRING_EQUAL(strchr(text, '\n') + 1, "# ours\nkey 7 " A "\nkey 3 " B "\n# end\n");
	CU_ASSERT_EQUAL_FATAL(load(&ring), HA_OK);
	CU_ASSERT_EQUAL(keyring_list(ring, entries), 3);
	CU_ASSERT_STRING_EQUAL(entries[0].fingerprint, made.fingerprint);
	keyring_free(ring);
	remove_directory();
}

static void extending_what_is_not_there_makes_it(void)
{
	struct keyring_entry made;

	make_directory();
	CU_ASSERT_EQUAL(keyring_extend(path, &made, &said), HA_OK);
	CU_ASSERT_EQUAL(made.id, 1);
	CU_ASSERT_EQUAL(keyring_extend(path, &made, &said), HA_OK);
	CU_ASSERT_EQUAL(made.id, 2);
	remove_directory();
}

static void the_owner_and_the_link_stay(void)
{
	struct keyring_entry made;
	struct stat status;
	char link_path[160];

	make_directory();
	write_text(path, "key 1 " A "\n", 0600);
	if (geteuid() == 0)
		CU_ASSERT_EQUAL(chown(path, 12345, 54321), 0);
	snprintf(link_path, sizeof(link_path), "%s/link", directory);
	CU_ASSERT_EQUAL(symlink("cluster.key", link_path), 0);
	CU_ASSERT_EQUAL(keyring_extend(link_path, &made, &said), HA_OK);
	CU_ASSERT_EQUAL(lstat(link_path, &status), 0);
	CU_ASSERT_TRUE(S_ISLNK(status.st_mode));
	CU_ASSERT_EQUAL(lstat(path, &status), 0);
	CU_ASSERT_TRUE(S_ISREG(status.st_mode));
	CU_ASSERT_EQUAL(status.st_mode & 07777, 0600);
	if (geteuid() == 0) {
		CU_ASSERT_EQUAL(status.st_uid, 12345);
		CU_ASSERT_EQUAL(status.st_gid, 54321);
	}
	unlink(link_path);
	remove_directory();
}

static void a_file_that_cannot_be_extended_stays(void)
{
	static const char maximum[] = "key 4294967295 " A "\n", broken[] = "key 1 " A "\nkey\n";
	struct keyring_entry made;
	char text[1024], fresh[160];

	make_directory();
	write_text(path, maximum, 0600);
	CU_ASSERT_EQUAL(keyring_extend(path, &made, &said), HA_E_RANGE);
	write_text(path, broken, 0600);
	CU_ASSERT_EQUAL(keyring_extend(path, &made, &said), HA_E_RANGE);
	read_text(path, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, broken);
	write_text(path, "key 1 " A "\n", 0600);
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	write_text(fresh, "somebody's", 0600);
	CU_ASSERT_EQUAL(keyring_extend(path, &made, &said), HA_E_BUSY);
	CU_ASSERT_PTR_NOT_NULL(strstr(said.text, fresh));
	read_text(fresh, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "somebody's");
	read_text(path, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "key 1 " A "\n");
	remove_directory();
}

static CU_TestInfo tests[] = {
	{ "lines become keys in their order", lines_become_keys_in_their_order },
	{ "digits are the key", digits_are_the_key },
	{ "bad lines are refused and never repeated", bad_lines_are_refused_and_never_repeated },
	{ "there is an end to the keys of a file", there_is_an_end_to_the_keys_of_a_file },
	{ "a NUL is no end", a_nul_is_no_end },
	{ "a file that others can open is refused", a_file_that_others_can_open_is_refused },
	{ "a file of somebody else is refused", a_file_of_somebody_else_is_refused },
	{ "what is no file is refused", what_is_no_file_is_refused },
	{ "a new file holds key 1", a_new_file_holds_key_1 },
	{ "a new key comes first and the rest stays", a_new_key_comes_first_and_the_rest_stays },
	{ "extending what is not there makes it", extending_what_is_not_there_makes_it },
	{ "the owner and the link stay", the_owner_and_the_link_stay },
	{ "a file that cannot be extended stays", a_file_that_cannot_be_extended_stays },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("keyring_file", tests);
}
