/* test_visit_keys.c - the associations of a foreign agent, from a file. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agentd/visit/keys.h"
#include "tests/unit/suite.h"

#define KEY " algorithm=hmac-md5 key=000102030405060708090a0b0c0d0e0f\n"

static char path[] = "/tmp/hearth-visit-keys-XXXXXX";
static char report[400];
static struct keys *keys;

static enum ha_error load(const char *text)
{
	FILE *file = fopen(path, "we");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fputs(text, file);
	fclose(file);
	report[0] = '\0';
	return keys_load(path, &keys, report, sizeof(report));
}

static uint32_t find(enum peer_kind kind, const char *address, const char *nai, uint32_t spi)
{
	struct keys_peer peer = { .kind = kind, .nai = { (const uint8_t *)nai, strlen(nai) } };
	uint32_t found = 0;

	inet_pton(AF_INET, address, &peer.address);
	return keys_find(keys, &peer, spi, &found) ? found : 0;
}

static void each_peer_has_its_own(void)
{
	CU_ASSERT_EQUAL_FATAL(load("# keys\n"
	                           "home-agent address=192.0.2.1 spi=700" KEY
	                           "foreign-agent address=192.0.2.2 spi=701" KEY
	                           "mobile home=10.0.0.1 spi=300" KEY
	                           "mobile home=10.0.0.1 spi=256" KEY
	                           "mobile nai=ann@Example.net pool=p spi=400" KEY),
	                      HA_OK);
	CU_ASSERT_EQUAL(keys_count(keys), 5);
	CU_ASSERT_EQUAL(find(PEER_FOREIGN_AGENT, "192.0.2.1", "", 700), 700);
	CU_ASSERT_EQUAL(find(PEER_FOREIGN_AGENT, "192.0.2.2", "", 0), 701);
	CU_ASSERT_EQUAL(find(PEER_FOREIGN_AGENT, "192.0.2.3", "", 0), 0);
	CU_ASSERT_EQUAL(find(PEER_MOBILE_NODE, "192.0.2.1", "", 0), 0);
	CU_ASSERT_EQUAL(find(PEER_MOBILE_NODE, "10.0.0.1", "", 0), 256);
	CU_ASSERT_EQUAL(find(PEER_MOBILE_NODE, "10.0.0.1", "x@y", 300), 300);
	CU_ASSERT_EQUAL(find(PEER_MOBILE_NODE, "10.0.0.1", "", 301), 0);
	CU_ASSERT_EQUAL(find(PEER_MOBILE_NODE, "0.0.0.0", "ann@example.net", 0), 400);
	CU_ASSERT_EQUAL(find(PEER_MOBILE_NODE, "0.0.0.0", "bob@example.net", 0), 0);
	CU_ASSERT_EQUAL(find(PEER_MOBILE_NODE, "0.0.0.0", "", 0), 0);
	keys_free(keys);
}

static void what_is_wrong_is_said_with_its_line(void)
{
	static const struct {
		const char *text, *said;
		enum ha_error why;
	} rows[] = {
		{ "\nmobile home=10.0.0.1 spi=3" KEY, "line 2: field spi must be", HA_E_RANGE },
		{ "set registration.max-lifetime 5\n", "line 1: settings", HA_E_SYNTAX },
		{ "mobile home=10.0.0.1 spi=300 use=mn-aaa" KEY, "line 1: settings", HA_E_SYNTAX },
		{ "home-agent home=10.0.0.1 spi=300" KEY, "line 1: field home", HA_E_SYNTAX },
		{ "mobile home=10.0.0.1 spi=300" KEY "mobile home=10.0.0.1 spi=300" KEY,
		  "SPI 300 is given twice", HA_E_EXISTS },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CU_ASSERT_EQUAL(load(rows[i].text), rows[i].why);
		CU_ASSERT_PTR_NULL(keys);
		if (!strstr(report, rows[i].said)) {
			printf("\n%s\n", report);
			CU_FAIL(rows[i].said);
		}
		CU_ASSERT_PTR_NULL(strstr(report, "00010203"));
	}
}

static void a_file_that_others_can_open_is_refused(void)
{
	CU_ASSERT_EQUAL(load(""), HA_OK);
	CU_ASSERT_EQUAL(keys_count(keys), 0);
	keys_free(keys);
	CU_ASSERT_EQUAL(chmod(path, 0644), 0);
	CU_ASSERT_EQUAL(keys_load(path, &keys, report, sizeof(report)), HA_E_PERMISSION);
	CU_ASSERT_EQUAL(chmod(path, 0600), 0);
	CU_ASSERT_EQUAL(keys_load("/nonexistent/keys", &keys, report, sizeof(report)), HA_E_IO);
	CU_ASSERT_EQUAL(keys_load("", &keys, report, sizeof(report)), HA_OK);
	CU_ASSERT_EQUAL(find(PEER_MOBILE_NODE, "10.0.0.1", "", 0), 0);
	keys_free(keys);
	keys_free(NULL);
}

static void those_with_an_address_come_in_order(void)
{
	static const struct {
		const char *address;
		uint32_t spi;
		unsigned algorithm;
	} rows[] = {
		{ "9.0.0.1", 900, MIP_HMAC_MD5 },
		{ "10.0.0.1", 256, MIP_HMAC_MD5 },
		{ "10.0.0.1", 300, MIP_HMAC_MD5 },
		{ "192.0.2.1", 700, MIP_HMAC_SHA1 },
		{ "192.0.2.1", 700, MIP_HMAC_MD5 },
		{ "192.0.2.1", UINT32_MAX, MIP_HMAC_MD5 },
		{ "223.255.255.254", 1000, MIP_HMAC_MD5 },
	};
	const size_t count = sizeof(rows) / sizeof(rows[0]);
	struct keys_entry at = { .spi = 0 }, again;

	CU_ASSERT_EQUAL_FATAL(load("home-agent address=192.0.2.1 spi=4294967295" KEY
	                           "home-agent address=192.0.2.1 spi=700" KEY
	                           "home-agent address=9.0.0.1 spi=900" KEY
	                           "foreign-agent address=223.255.255.254 spi=1000" KEY
	                           "mobile home=10.0.0.1 spi=300" KEY
	                           "mobile home=10.0.0.1 spi=256" KEY
	                           "mobile home=192.0.2.1 spi=700 algorithm=hmac-sha1"
	                           " key=000102030405060708090a0b0c0d0e0f\n"
	                           "mobile nai=ann@Example.net pool=p spi=400" KEY),
	                      HA_OK);
	for (size_t i = 0; i < count; i++) {
		struct in_addr wanted;

		inet_pton(AF_INET, rows[i].address, &wanted);
		if (i == 4)
			continue; /* behind the mobile node's it is not seen */
		CU_ASSERT_TRUE_FATAL(keys_next(keys, at.address, at.spi, i > 0, &at));
		CU_ASSERT_TRUE(at.address.s_addr == wanted.s_addr && at.spi == rows[i].spi);
		CU_ASSERT_EQUAL(at.algorithm, rows[i].algorithm);
		CU_ASSERT_TRUE(keys_next(keys, at.address, at.spi, false, &again));
		CU_ASSERT_TRUE(again.address.s_addr == wanted.s_addr && again.spi == rows[i].spi);
		CU_ASSERT_TRUE(keys_next(keys, at.address, at.spi - 1, true, &again));
		CU_ASSERT_TRUE(again.address.s_addr == wanted.s_addr && again.spi == rows[i].spi);
	}
	CU_ASSERT_FALSE(keys_next(keys, at.address, at.spi, true, &again));
	CU_ASSERT_FALSE(keys_next(keys, (struct in_addr){ UINT32_MAX }, 0, false, &again));
	CU_ASSERT_TRUE(keys_next(keys, (struct in_addr){ 0 }, 5, true, &again));
	CU_ASSERT_EQUAL(again.spi, 900);
	keys_free(keys);
}

/* More than fit at first, in any order. */
static void many_are_found(void)
{
	const size_t each = 120;
	char *text = calloc(1000, each), *at = text;

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	for (unsigned i = 0; i < 1000; i++)
		at += snprintf(at, each, "mobile home=10.0.%u.%u spi=%u" KEY, i * 7 % 1000 / 250,
		               i * 7 % 1000 % 250 + 1, 256 + i * 7 % 1000);
	CU_ASSERT_EQUAL_FATAL(load(text), HA_OK);
	for (unsigned i = 0; i < 1000; i++) {
		char address[INET_ADDRSTRLEN];

		snprintf(address, sizeof(address), "10.0.%u.%u", i / 250, i % 250 + 1);
		CU_ASSERT_EQUAL(find(PEER_MOBILE_NODE, address, "", 0), 256 + i);
	}
	keys_free(keys);
	free(text);
}

static CU_TestInfo tests[] = {
	{ "those with an address come in order", those_with_an_address_come_in_order },
	{ "each peer has its own", each_peer_has_its_own },
	{ "what is wrong is said with its line", what_is_wrong_is_said_with_its_line },
	{ "a file that others can open is refused", a_file_that_others_can_open_is_refused },
	{ "many are found", many_are_found },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	int fd = mkstemp(path), failed;

	if (fd < 0)
		return 1;
	close(fd);
	failed = suite_run("visit_keys", tests);
	unlink(path);
	return failed;
}
