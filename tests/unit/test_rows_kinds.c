/* test_rows_kinds.c - rows that an earlier program wrote, octet for octet, and
 * what a row may not say. */
#include "agentd/state/rows.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/octets.h"
#include "tests/unit/suite.h"

static struct octets key, value;

static void read_hex(const char *key_hex, const char *value_hex)
{
	key = octets_of_hex(key_hex);
	value = octets_of_hex(value_hex);
}

static struct span span_of(const struct octets *octets)
{
	return (struct span){ octets->at, octets->size };
}

static void forget(void)
{
	free(key.at);
	free(value.at);
}

/* ---- the first format ---- */

static void first_format_of_peers(void)
{
	struct peer_row row;

	/* kind, realm, family, address; format, id, bindings, created, group */
	read_hex("01"
	         "00000007"
	         "04"
	         "0a000001",
	         "01"
	         "0000000000000005"
	         "03"
	         "0000000000000102"
	         "00000009");
	CU_ASSERT_EQUAL(peer_row_decode(span_of(&key), span_of(&value), &row), HA_OK);
	CU_ASSERT_EQUAL(row.kind, PEER_MOBILE_NODE);
	CU_ASSERT_EQUAL(row.realm, 7);
	CU_ASSERT_EQUAL(row.address.s_addr, htonl(0x0a000001));
	CU_ASSERT_EQUAL(row.id, 5);
	CU_ASSERT_EQUAL(row.bindings, 3);
	CU_ASSERT_EQUAL(row.created, 0x102);
	CU_ASSERT_EQUAL(row.group, 9);
	CU_ASSERT_STRING_EQUAL(row.nai, "");
	CU_ASSERT_STRING_EQUAL(row.pool, "");
	forget();
}

static void first_format_of_associations(void)
{
	static const uint8_t expected[16] = { 0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7,
		                              0xa8, 0xa9, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf };
	struct association_row row;

	/* peer, SPI; format, algorithm, tolerance, created, size and octets of the key */
	read_hex("0000000000000005"
	         "00000100",
	         "01"
	         "02"
	         "000b"
	         "0000000000000103"
	         "10"
	         "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf");
	CU_ASSERT_EQUAL(association_row_decode(span_of(&key), span_of(&value), &row), HA_OK);
	CU_ASSERT_EQUAL(row.peer, 5);
	CU_ASSERT_EQUAL(row.spi, 256);
	CU_ASSERT_EQUAL(row.use, ASSOCIATION_HOME);
	CU_ASSERT_EQUAL(row.replay, REPLAY_TIMESTAMP);
	CU_ASSERT_EQUAL(row.algorithm, 2);
	CU_ASSERT_EQUAL(row.tolerance_s, 11);
	CU_ASSERT_EQUAL(row.created, 0x103);
	CU_ASSERT_EQUAL_FATAL(row.key_size, sizeof(expected));
	CU_ASSERT_EQUAL(memcmp(row.key, expected, sizeof(expected)), 0);
	CU_ASSERT_EQUAL(row.sealed.size, 0);
	forget();
}

static void first_format_of_replay(void)
{
	struct replay_row row;

	/* peer; format, identification, digest, version */
	read_hex("0000000000000005", "01"
	                             "e900000012345678"
	                             "0102030405060708"
	                             "0000000000000110");
	CU_ASSERT_EQUAL(replay_row_decode(span_of(&key), span_of(&value), &row), HA_OK);
	CU_ASSERT_EQUAL(row.peer, 5);
	CU_ASSERT_EQUAL(row.state.identification, UINT64_C(0xe900000012345678));
	CU_ASSERT_EQUAL(row.state.digest, UINT64_C(0x0102030405060708));
	CU_ASSERT_EQUAL(row.version, 0x110);
	CU_ASSERT_EQUAL(row.state.nonced + row.state.spi + row.state.used_ms, 0);
	CU_ASSERT_EQUAL(row.home.s_addr, 0);
	CU_ASSERT_FALSE(row.leased || row.sticky);
	forget();
}

static void check_first_binding(const struct binding_row *row)
{
	const struct binding *b = &row->binding;

	CU_ASSERT_EQUAL(row->realm, 7);
	CU_ASSERT_EQUAL(row->home.s_addr, htonl(0x0a000001));
	CU_ASSERT_EQUAL(b->care_of.s_addr, htonl(0xc6336402));
	CU_ASSERT_EQUAL(b->endpoint.s_addr, htonl(0xcb007103));
	CU_ASSERT_EQUAL(b->endpoint_port, 4434);
	CU_ASSERT_EQUAL(b->identification, UINT64_C(0xe900000012345678));
	CU_ASSERT_EQUAL(b->flags, 0x90);
	CU_ASSERT_EQUAL(b->encapsulation, ENCAPSULATION_MINIMAL);
	CU_ASSERT_EQUAL(b->granted_s, 1800);
	CU_ASSERT_EQUAL(b->granted_ms, UINT64_C(1700000000000));
	CU_ASSERT_EQUAL(b->expires_ms, BINDING_NEVER_EXPIRES);
	CU_ASSERT_EQUAL(b->source.s_addr, htonl(0xc6336401));
	CU_ASSERT_EQUAL(b->source_port, 434);
	CU_ASSERT_EQUAL(b->features + b->keepalive_s + b->agent_stamp, 0);
	CU_ASSERT_EQUAL(row->node, 5);
	CU_ASSERT_EQUAL(row->replay.identification, UINT64_C(0xe900000012345679));
	CU_ASSERT_EQUAL(row->replay.digest, UINT64_C(0x0102030405060708));
	CU_ASSERT_EQUAL(row->version, 0x110);
	CU_ASSERT_EQUAL(row->group, 9);
	CU_ASSERT_EQUAL(row->replay.nonced + row->replay.spi + row->replay.used_ms, 0);
}

static void first_format_of_bindings(void)
{
	struct binding_row row;

	/* realm, family, home, care-of, endpoint, port; format, identification, flags,
	 * encapsulation, granted, when, end, source, port, node, replay, digest, version, group */
	read_hex("00000007"
	         "04"
	         "0a000001"
	         "c6336402"
	         "cb007103"
	         "1152",
	         "01"
	         "e900000012345678"
	         "90"
	         "01"
	         "0708"
	         "0000018bcfe56800"
	         "ffffffffffffffff"
	         "c6336401"
	         "01b2"
	         "0000000000000005"
	         "e900000012345679"
	         "0102030405060708"
	         "0000000000000110"
	         "00000009");
	CU_ASSERT_EQUAL(binding_row_decode(span_of(&key), span_of(&value), &row), HA_OK);
	check_first_binding(&row);
	forget();
}

/* ---- what was counted of a node ---- */

static void check_service(const struct service *service, const char *counted)
{
	CU_ASSERT_EQUAL(service->since_ms, *counted ? UINT64_C(1700000000000) : 0);
	CU_ASSERT_EQUAL(service->served_ms, *counted ? 0x30201 : 0);
	CU_ASSERT_EQUAL(service->accepted, *counted ? 0x77 : 0);
}

/* The octets that were read are written again. */
static void check_octets(const struct row_octets *written)
{
	CU_ASSERT_EQUAL(written->size, value.size);
	CU_ASSERT_EQUAL(memcmp(written->at, value.at, value.size), 0);
}

static void check_replay_row(const char *format, const char *counted)
{
	struct row_octets written;
	struct replay_row row;
	char hex[256];

	/* identification, digest, version, nonces', SPI, used, revoked; home, lease */
	snprintf(hex, sizeof(hex), "%s%s%s", format,
	         "e900000012345678"
	         "0102030405060708"
	         "0000000000000110"
	         "0000000000000009"
	         "00000100"
	         "0000018bcfe56801"
	         "c6336401"
	         "c6336402"
	         "00000003"
	         "0a000001"
	         "01",
	         counted);
	read_hex("0000000000000005", hex);
	CU_ASSERT_EQUAL(replay_row_decode(span_of(&key), span_of(&value), &row), HA_OK);
	CU_ASSERT_EQUAL(row.state.used_ms, UINT64_C(1700000000001));
	CU_ASSERT_TRUE(row.leased && !row.sticky);
	check_service(&row.service, counted);
	replay_row_value(&row, &written);
	check_octets(&written);
	forget();
}

static void check_binding_row(const char *format, const char *counted)
{
	struct row_octets written;
	struct binding_row row;
	char hex[512];

	snprintf(hex, sizeof(hex), "%s%s%s", format,
	         "e900000012345678"
	         "9001"
	         "0708"
	         "0000018bcfe56800"
	         "0000018bcfe56900"
	         "c6336401"
	         "01b2"
	         "0000000000000005"
	         "e900000012345679"
	         "0102030405060708"
	         "0000000000000110"
	         "00000009"
	         "0000000000000009"
	         "00000100"
	         "0000018bcfe56801"
	         "c6336401"
	         "c6336402"
	         "00000003"
	         "0001"
	         "0014"
	         "00000004"
	         "00",
	         counted);
	read_hex("00000007"
	         "04"
	         "0a000001"
	         "c6336402"
	         "cb007103"
	         "1152",
	         hex);
	CU_ASSERT_EQUAL(binding_row_decode(span_of(&key), span_of(&value), &row), HA_OK);
	CU_ASSERT_EQUAL(row.binding.keepalive_s, 20);
	CU_ASSERT_EQUAL(row.version, 0x110);
	check_service(&row.service, counted);
	binding_row_value(&row, &written);
	check_octets(&written);
	forget();
}

/* While nothing is counted, rows are those that an earlier program reads. */
static void second_format_has_no_counters(void)
{
	check_replay_row("02", "");
	check_binding_row("02", "");
}

static void third_format_has_counters_at_its_end(void)
{
	static const char counted[] = "0000018bcfe56800" /* bound since */
				      "0000000000030201" /* served */
				      "00000077";        /* accepted */

	check_replay_row("03", counted);
	check_binding_row("03", counted);
}

/* ---- identities ---- */

static enum ha_error written(const struct peer_row *row)
{
	struct row_octets k, v;
	struct peer_row again;
	enum ha_error error;

	peer_row_key(row, &k);
	peer_row_value(row, &v);
	error = peer_row_decode((struct span){ k.at, k.size }, (struct span){ v.at, v.size },
	                        &again);
	if (error == HA_OK) {
		CU_ASSERT_EQUAL(again.kind, row->kind);
		CU_ASSERT_EQUAL(again.address.s_addr, row->address.s_addr);
		CU_ASSERT_STRING_EQUAL(again.nai, row->nai);
		CU_ASSERT_STRING_EQUAL(again.pool, row->pool);
	}
	return error;
}

static void a_row_says_who_somebody_is(void)
{
	static const struct {
		enum peer_kind kind;
		uint32_t address;
		const char *nai, *pool;
		enum ha_error error;
	} rows[] = {
		{ PEER_MOBILE_NODE, 1, "", "", HA_OK },
		{ PEER_MOBILE_NODE, 1, "ann", "", HA_OK },
		{ PEER_MOBILE_NODE, 0, "ann", "p", HA_OK },
		{ PEER_FOREIGN_AGENT, 1, "", "", HA_OK },
		{ PEER_MOBILE_NODE, 0, "", "", HA_E_MALFORMED },
		{ PEER_MOBILE_NODE, 0, "", "p", HA_E_MALFORMED },
		{ PEER_MOBILE_NODE, 0, "ann", "", HA_E_MALFORMED },
		{ PEER_MOBILE_NODE, 1, "ann", "p", HA_E_MALFORMED },
		{ PEER_MOBILE_NODE, 1, "", "p", HA_E_MALFORMED },
		{ PEER_FOREIGN_AGENT, 1, "ann", "", HA_E_MALFORMED },
		{ PEER_FOREIGN_AGENT, 0, "ann", "p", HA_E_MALFORMED },
		{ PEER_FOREIGN_AGENT, 0, "", "", HA_E_MALFORMED },
		{ (enum peer_kind)3, 1, "", "", HA_E_MALFORMED },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct peer_row row = { .kind = rows[i].kind, .id = 1, .bindings = 1 };

		row.address.s_addr = htonl(rows[i].address);
		memcpy(row.nai, rows[i].nai, strlen(rows[i].nai));
		memcpy(row.pool, rows[i].pool, strlen(rows[i].pool));
		CU_ASSERT_EQUAL(written(&row), rows[i].error);
	}
}

/* The key has the digest only: that of another name, realm or case of the part
 * that counts is refused. */
static void a_key_stands_for_its_name(void)
{
	struct peer_row row = { .kind = PEER_MOBILE_NODE, .realm = 3, .bindings = 1, .pool = "p" };
	struct peer_row other = row, again;
	struct row_octets k, v;

	memcpy(row.nai, "ann@example.net", 16);
	peer_row_key(&row, &k);
	memcpy(other.nai, "ann@EXAMPLE.net", 16); /* the same name */
	peer_row_value(&other, &v);
	CU_ASSERT_EQUAL(peer_row_decode((struct span){ k.at, k.size },
	                                (struct span){ v.at, v.size }, &again),
	                HA_OK);
	CU_ASSERT_STRING_EQUAL(again.nai, "ann@EXAMPLE.net");
	memcpy(other.nai, "Ann@example.net", 16);
	peer_row_value(&other, &v);
	CU_ASSERT_EQUAL(peer_row_decode((struct span){ k.at, k.size },
	                                (struct span){ v.at, v.size }, &again),
	                HA_E_MALFORMED);
	peer_row_value(&row, &v);
	k.at[4] ^= 1; /* of the realm */
	CU_ASSERT_EQUAL(peer_row_decode((struct span){ k.at, k.size },
	                                (struct span){ v.at, v.size }, &again),
	                HA_E_MALFORMED);
}

static void texts_have_no_hole_and_an_end(void)
{
	struct peer_row row = { .kind = PEER_MOBILE_NODE, .bindings = 1, .pool = "p" }, again;
	struct row_octets k, v;
	struct span key_span, value_span;

	memset(row.nai, 'x', MIP_NAI_MAX);
	memset(row.pool, 'p', LABEL_MAX - 1);
	CU_ASSERT_EQUAL(written(&row), HA_OK); /* the longest */
	peer_row_key(&row, &k);
	peer_row_value(&row, &v);
	key_span = (struct span){ k.at, k.size };
	value_span = (struct span){ v.at, v.size };
	v.at[v.size - 1] = 0;
	CU_ASSERT_EQUAL(peer_row_decode(key_span, value_span, &again), HA_E_MALFORMED);
	v.at[v.size - 1] = 'p';
	v.at[22] = MIP_NAI_MAX + 1; /* the length of the name */
	CU_ASSERT_EQUAL(peer_row_decode(key_span, value_span, &again), HA_E_MALFORMED);
}

/* ---- nodes, uses and leases ---- */

static void limits_lie_within_what_is_reserved(void)
{
	for (unsigned bindings = 0; bindings <= 10; bindings++)
		for (unsigned reserved = 0; reserved <= 10; reserved++) {
			struct node_row row = { .peer = 1, .policy = "gold" }, again;
			bool good = bindings > 0 && bindings <= reserved &&
			            reserved <= BINDING_LIMIT_MAX;
			struct row_octets k, v;

			row.bindings = (uint8_t)bindings;
			row.reserved = (uint8_t)reserved;
			node_row_key(&row, &k);
			node_row_value(&row, &v);
			CU_ASSERT_EQUAL(node_row_decode((struct span){ k.at, k.size },
			                                (struct span){ v.at, v.size }, &again),
			                good ? HA_OK : HA_E_MALFORMED);
			CU_ASSERT_EQUAL(again.bindings, good ? bindings : 0);
			CU_ASSERT_STRING_EQUAL(again.policy, good ? "gold" : "");
		}
}

static void a_use_stands_in_the_key_unless_it_is_the_first(void)
{
	for (unsigned use = 0; use < 256; use++) {
		struct association_row row = { .peer = 1, .spi = 256 }, again;
		struct row_octets k, v;
		enum ha_error expected = use <= ASSOCIATION_AAA ? HA_OK : HA_E_TRAILING;

		row.use = (uint8_t)use;
		row.sealed.size = KEYRING_OVERHEAD;
		memset(row.sealed.at, 1, row.sealed.size); /* format 1, key 0x01010101 */
		association_row_key(&row, &k);
		association_row_value(&row, &v);
		CU_ASSERT_EQUAL(k.size, use ? 13 : 12);
		CU_ASSERT_EQUAL(association_row_decode((struct span){ k.at, k.size },
		                                       (struct span){ v.at, v.size }, &again),
		                expected);
		CU_ASSERT_EQUAL(again.use, expected == HA_OK ? use : 0);
	}
	read_hex("000000000000000100000100"
	         "00",
	         "01020000000000000000000000");
	CU_ASSERT_EQUAL(association_row_decode(span_of(&key), span_of(&value),
	                                       &(struct association_row){ 0 }),
	                HA_E_TRAILING); /* would be written without */
	forget();
}

static void a_lease_is_one_of_three(void)
{
	for (unsigned lease = 0; lease < 256; lease++) {
		struct replay_row row = { .peer = 1, .home.s_addr = 9 }, again;
		struct row_octets k, v;

		replay_row_key(&row, &k);
		replay_row_value(&row, &v);
		v.at[v.size - 1] = (uint8_t)lease;
		CU_ASSERT_EQUAL(replay_row_decode((struct span){ k.at, k.size },
		                                  (struct span){ v.at, v.size }, &again),
		                lease < 3 ? HA_OK : HA_E_MALFORMED);
		CU_ASSERT_EQUAL(again.leased, lease == 1 || lease == 2);
		CU_ASSERT_EQUAL(again.sticky, lease == 2);
	}
}

/* The last octet says how many prefixes of a mobile network follow. */
static void prefixes_are_for_newer_programs(void)
{
	struct binding_row row = { .node = 1 }, again;
	struct row_octets k, v;

	row.binding.features = BINDING_UDP | BINDING_REVOCABLE;
	row.binding.keepalive_s = 110;
	binding_row_key(&row, &k);
	binding_row_value(&row, &v);
	CU_ASSERT_EQUAL(binding_row_decode((struct span){ k.at, k.size },
	                                   (struct span){ v.at, v.size }, &again),
	                HA_OK);
	CU_ASSERT_EQUAL(again.binding.features, BINDING_UDP | BINDING_REVOCABLE);
	CU_ASSERT_EQUAL(again.binding.keepalive_s, 110);
	v.at[v.size - 1] = 1;
	CU_ASSERT_EQUAL(binding_row_decode((struct span){ k.at, k.size },
	                                   (struct span){ v.at, v.size }, &again),
	                HA_E_NEWER);
}

static CU_TestInfo tests[] = {
	{ "the first format of peers", first_format_of_peers },
	{ "the first format of associations", first_format_of_associations },
	{ "the first format of replay", first_format_of_replay },
	{ "the first format of bindings", first_format_of_bindings },
	{ "the second format has no counters", second_format_has_no_counters },
	{ "the third format has counters at its end", third_format_has_counters_at_its_end },
	{ "a row says who somebody is", a_row_says_who_somebody_is },
	{ "a key stands for its name", a_key_stands_for_its_name },
	{ "texts have no hole and an end", texts_have_no_hole_and_an_end },
	{ "limits lie within what is reserved", limits_lie_within_what_is_reserved },
	{ "a use stands in the key unless it is the first",
	  a_use_stands_in_the_key_unless_it_is_the_first },
	{ "a lease is one of three", a_lease_is_one_of_three },
	{ "prefixes are for newer programs", prefixes_are_for_newer_programs },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("rows_kinds", tests);
}
