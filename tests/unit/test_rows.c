/* test_rows.c - rows of the store: what is written is read again; what is cut,
 * lengthened or newer is refused; no turned bit reads beyond the row; and the
 * order of keys is the order of the numbers in them. */
#include "agentd/state/rows.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/dice.h"
#include "tests/unit/octets.h"
#include "tests/unit/suite.h"

static struct in_addr address(uint32_t host)
{
	return (struct in_addr){ htonl(host) };
}

/* One kind of row, so that all are tested alike: random contents, encoded,
 * and decoding that says whether it gave the same octets again. */
struct kind {
	const char *name;
	void (*encode)(struct dice *dice, struct row_octets *key, struct row_octets *value);
	enum ha_error (*decode)(struct span key, struct span value);
	bool (*again)(struct span key, struct span value, struct row_octets *key_out,
	              struct row_octets *value_out);
};

static void encode_peer(struct dice *dice, struct row_octets *key, struct row_octets *value)
{
	struct peer_row row = {
		.kind = dice_chance(dice, 2) ? PEER_MOBILE_NODE : PEER_FOREIGN_AGENT,
		.realm = (uint32_t)dice_next(dice),
		.address = address((uint32_t)dice_next(dice)),
		.id = dice_next(dice),
		.bindings = (uint8_t)dice_below(dice, BINDING_LIMIT_MAX + 1),
		.created = dice_next(dice),
		.group = (uint32_t)dice_next(dice),
	};

	if (row.kind == PEER_MOBILE_NODE && dice_chance(dice, 2)) {
		memset(row.nai, 'a' + (int)dice_below(dice, 26), 1 + dice_below(dice, MIP_NAI_MAX));
		if (dice_chance(dice, 2)) {
			row.address.s_addr = 0;
			memset(row.pool, 'p', 1 + dice_below(dice, LABEL_MAX - 1));
		}
	}
	peer_row_key(&row, key);
	peer_row_value(&row, value);
}

static void encode_node(struct dice *dice, struct row_octets *key, struct row_octets *value)
{
	struct node_row row = {
		.peer = dice_next(dice),
		.reserved = (uint8_t)(1 + dice_below(dice, BINDING_LIMIT_MAX)),
	};

	row.bindings = (uint8_t)(1 + dice_below(dice, row.reserved));
	memset(row.policy, 'g', dice_below(dice, LABEL_MAX));
	node_row_key(&row, key);
	node_row_value(&row, value);
}

static void encode_association(struct dice *dice, struct row_octets *key, struct row_octets *value)
{
	struct association_row row = {
		.peer = dice_next(dice),
		.spi = (uint32_t)dice_next(dice),
		.algorithm = (uint8_t)dice_next(dice),
		.tolerance_s = (uint16_t)dice_next(dice),
		.created = dice_next(dice),
		.sealed.size = KEYRING_OVERHEAD + dice_below(dice, KEYRING_PLAIN_MAX + 1),
	};

	memset(row.sealed.at, 1 + (int)dice_below(dice, 255), row.sealed.size);
	row.sealed.at[0] = 1; /* the format of a blob */
	association_row_key(&row, key);
	association_row_value(&row, value);
}

static struct replay_state some_replay(struct dice *dice)
{
	return (struct replay_state){
		.identification = dice_next(dice),
		.nonced = dice_next(dice),
		.digest = dice_next(dice),
		.spi = (uint32_t)dice_next(dice),
		.revoked = {
			.agent = address((uint32_t)dice_next(dice)),
			.care_of = address((uint32_t)dice_next(dice)),
			.identifier = (uint32_t)dice_next(dice),
		},
		.used_ms = dice_next(dice),
	};
}

/* None, in a third of the rows: those have the format of before. */
static struct service some_service(struct dice *dice)
{
	if (dice_chance(dice, 3))
		return (struct service){ 0 };
	return (struct service){ dice_next(dice), dice_next(dice), (uint32_t)dice_next(dice) };
}

static void encode_replay(struct dice *dice, struct row_octets *key, struct row_octets *value)
{
	struct replay_row row = {
		.peer = dice_next(dice),
		.state = some_replay(dice),
		.home = address((uint32_t)dice_next(dice)),
		.leased = dice_chance(dice, 2),
		.version = dice_next(dice),
		.service = some_service(dice),
	};

	row.sticky = row.leased && dice_chance(dice, 2);
	replay_row_key(&row, key);
	replay_row_value(&row, value);
}

static void encode_binding(struct dice *dice, struct row_octets *key, struct row_octets *value)
{
	struct binding_row row = {
		.realm = (uint32_t)dice_next(dice),
		.home = address((uint32_t)dice_next(dice)),
		.binding = {
			.care_of = address((uint32_t)dice_next(dice)),
			.endpoint = address((uint32_t)dice_next(dice)),
			.source = address((uint32_t)dice_next(dice)),
			.endpoint_port = (uint16_t)dice_next(dice),
			.source_port = (uint16_t)dice_next(dice),
			.granted_s = (uint16_t)dice_next(dice),
			.flags = (uint8_t)dice_next(dice),
			.encapsulation = (uint8_t)dice_next(dice),
			.features = (uint16_t)dice_next(dice),
			.keepalive_s = (uint16_t)dice_next(dice),
			.agent_stamp = (uint32_t)dice_next(dice),
			.identification = dice_next(dice),
			.granted_ms = dice_next(dice),
			.expires_ms = dice_next(dice),
		},
		.node = dice_next(dice),
		.replay = some_replay(dice),
		.version = dice_next(dice),
		.group = (uint32_t)dice_next(dice),
		.service = some_service(dice),
	};

	binding_row_key(&row, key);
	binding_row_value(&row, value);
}

#define DECODER(name)                                                                              \
	static enum ha_error decode_##name(struct span key, struct span value)                     \
	{                                                                                          \
		static const struct name##_row zero;                                               \
		struct name##_row row;                                                             \
		enum ha_error error = name##_row_decode(key, value, &row);                         \
                                                                                                   \
		if (error != HA_OK)                                                                \
			CU_ASSERT_EQUAL(memcmp(&row, &zero, sizeof(row)), 0);                      \
		return error;                                                                      \
	}                                                                                          \
	static bool again_##name(struct span key, struct span value, struct row_octets *key_out,   \
	                         struct row_octets *value_out)                                     \
	{                                                                                          \
		struct name##_row row;                                                             \
                                                                                                   \
		if (name##_row_decode(key, value, &row) != HA_OK)                                  \
			return false;                                                              \
		name##_row_key(&row, key_out);                                                     \
		name##_row_value(&row, value_out);                                                 \
		return true;                                                                       \
	}

DECODER(peer)
DECODER(association)
DECODER(replay)
DECODER(binding)
DECODER(node)

#define KIND(name)                                                                                 \
	{                                                                                          \
#name, encode_##name, decode_##name, again_##name                                  \
	}

static const struct kind kinds[] = { KIND(peer), KIND(association), KIND(replay), KIND(binding),
	                             KIND(node) };

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static struct span span_of(const struct octets *octets)
{
	return (struct span){ octets->at, octets->size };
}

static bool same(const struct row_octets *a, struct octets b)
{
	return a->size == b.size && memcmp(a->at, b.at, b.size) == 0;
}

static void encode_exact(const struct kind *kind, struct dice *dice, struct octets *key,
                         struct octets *value)
{
	struct row_octets k, v;

	kind->encode(dice, &k, &v);
	CU_ASSERT_TRUE(k.size <= ROW_KEY_MAX && v.size <= ROW_VALUE_MAX);
	*key = octets_copy(k.at, k.size);
	*value = octets_copy(v.at, v.size);
}

static void what_is_written_is_read_again(void)
{
	struct dice dice = { 1 };

	for (unsigned n = 0; n < 4000; n++) {
		const struct kind *kind = &kinds[n % KINDS];
		struct row_octets key_again, value_again;
		struct octets key, value;

		encode_exact(kind, &dice, &key, &value);
		CU_ASSERT_TRUE(
			kind->again(span_of(&key), span_of(&value), &key_again, &value_again));
		CU_ASSERT_TRUE(same(&key_again, key));
		CU_ASSERT_TRUE(same(&value_again, value));
		free(key.at);
		free(value.at);
	}
}

static enum ha_error decode_resized(const struct kind *kind, struct octets key, size_t key_size,
                                    struct octets value, size_t value_size)
{
	struct octets k = octets_copy(key.at, key_size), v = octets_copy(value.at, value_size);
	enum ha_error error = kind->decode(span_of(&k), span_of(&v));

	free(k.at);
	free(v.at);
	return error;
}

static void other_sizes_are_refused(void)
{
	struct dice dice = { 2 };

	for (unsigned n = 0; n < 200; n++) {
		const struct kind *kind = &kinds[n % KINDS];
		struct octets key, value, longer;

		encode_exact(kind, &dice, &key, &value);
		for (size_t size = 0; size < key.size; size++)
			CU_ASSERT_NOT_EQUAL(decode_resized(kind, key, size, value, value.size),
			                    HA_OK);
		for (size_t size = 0; size < value.size; size++)
			CU_ASSERT_EQUAL(decode_resized(kind, key, key.size, value, size),
			                HA_E_TRUNCATED);
		longer = (struct octets){ calloc(1, ROW_VALUE_MAX + 1), ROW_VALUE_MAX + 1 };
		memcpy(longer.at, value.at, value.size);
		CU_ASSERT_EQUAL(decode_resized(kind, key, key.size, longer, value.size + 1),
		                HA_E_TRAILING);
		memcpy(longer.at, key.at, key.size);
		longer.at[key.size] = 2; /* 1 would make it the key of another association */
		CU_ASSERT_EQUAL(decode_resized(kind, longer, key.size + 1, value, value.size),
		                HA_E_TRAILING);
		free(longer.at);
		free(key.at);
		free(value.at);
	}
}

/* Is that what a row of format `own` must be when it says that it has another one?
 * As an earlier one it is too long, too short, or makes no sense. */
static bool is_right(const char *kind, unsigned own, unsigned format, enum ha_error error)
{
	bool two = strcmp(kind, "peer") == 0 || strcmp(kind, "node") == 0;

	if (format == 0)
		return error == HA_E_MALFORMED;
	if (format > (two ? 2 : 3))
		return error == HA_E_NEWER;
	if (format == own || strcmp(kind, "node") == 0) /* its formats are the same */
		return error == HA_OK;
	return error == HA_E_TRAILING || error == HA_E_TRUNCATED || error == HA_E_MALFORMED;
}

static void other_formats_are_refused(void)
{
	struct dice dice = { 3 };

	for (unsigned n = 0; n < 8 * KINDS; n++) {
		const struct kind *kind = &kinds[n % KINDS];
		struct octets key, value;
		uint8_t own;

		encode_exact(kind, &dice, &key, &value);
		own = value.at[0];
		for (unsigned format = 0; format < 256; format++) {
			value.at[0] = (uint8_t)format;
			CU_ASSERT_TRUE(is_right(kind->name, own, format,
			                        kind->decode(span_of(&key), span_of(&value))));
		}
		free(key.at);
		free(value.at);
	}
}

/* A turned bit is refused, or is another value that is written the same again. */
static void turn_bits(const struct kind *kind, struct octets turned, struct octets key,
                      struct octets value)
{
	for (size_t bit = 0; bit < 8 * turned.size; bit++) {
		struct row_octets key_again, value_again;
		enum ha_error error;

		octets_flip(turned, bit);
		error = kind->decode(span_of(&key), span_of(&value));
		if (kind->again(span_of(&key), span_of(&value), &key_again, &value_again)) {
			CU_ASSERT_EQUAL(error, HA_OK);
			CU_ASSERT_TRUE(same(&key_again, key));
			CU_ASSERT_TRUE(same(&value_again, value));
		} else {
			CU_ASSERT_NOT_EQUAL(error, HA_OK);
		}
		octets_flip(turned, bit);
	}
}

static void turned_bits_do_no_harm(void)
{
	struct dice dice = { 4 };

	for (unsigned n = 0; n < 80; n++) {
		const struct kind *kind = &kinds[n % KINDS];
		struct octets key, value;

		encode_exact(kind, &dice, &key, &value);
		turn_bits(kind, key, key, value);
		turn_bits(kind, value, key, value);
		free(key.at);
		free(value.at);
	}
}

/* ---- order ---- */

static int sign(int number)
{
	return (number > 0) - (number < 0);
}

static int order_of(const uint64_t *a, const uint64_t *b, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return 0;
}

/* Numbers that are near each other, and far, in every octet. */
static uint32_t some_number(struct dice *dice)
{
	return dice_chance(dice, 2) ? dice_below(dice, 3) : dice_below(dice, 4) << 24;
}

static void some_binding_key(struct dice *dice, uint64_t numbers[5], struct row_octets *key)
{
	struct binding_row row;

	for (size_t i = 0; i < 5; i++)
		numbers[i] = i == 4 ? dice_below(dice, 3) << 7 : some_number(dice);
	row = (struct binding_row){
		.realm = (uint32_t)numbers[0],
		.home = address((uint32_t)numbers[1]),
		.binding = { .care_of = address((uint32_t)numbers[2]),
		             .endpoint = address((uint32_t)numbers[3]),
		             .endpoint_port = (uint16_t)numbers[4] },
	};
	binding_row_key(&row, key);
}

static void keys_of_bindings_are_in_order_of_addresses(void)
{
	struct dice dice = { 5 };

	for (unsigned n = 0; n < 50000; n++) {
		uint64_t a[5], b[5];
		struct row_octets key_a, key_b, prefix;

		some_binding_key(&dice, a, &key_a);
		some_binding_key(&dice, b, &key_b);
		CU_ASSERT_EQUAL(key_a.size, key_b.size);
		CU_ASSERT_EQUAL(sign(memcmp(key_a.at, key_b.at, key_a.size)), order_of(a, b, 5));
		binding_row_prefix((uint32_t)a[0], address((uint32_t)a[1]), &prefix);
		CU_ASSERT_EQUAL(memcmp(prefix.at, key_a.at, prefix.size), 0);
		CU_ASSERT_EQUAL(memcmp(prefix.at, key_b.at, prefix.size) == 0,
		                a[0] == b[0] && a[1] == b[1]);
	}
}

static void some_peer_key(struct dice *dice, uint64_t numbers[3], struct row_octets *key)
{
	struct peer_row row;

	numbers[0] = 1 + dice_below(dice, 2);
	numbers[1] = some_number(dice);
	numbers[2] = some_number(dice);
	row = (struct peer_row){ .kind = (enum peer_kind)numbers[0],
		                 .realm = (uint32_t)numbers[1],
		                 .address = address((uint32_t)numbers[2]) };
	peer_row_key(&row, key);
}

static void keys_of_peers_are_in_order_of_addresses(void)
{
	struct dice dice = { 6 };

	for (unsigned n = 0; n < 20000; n++) {
		uint64_t a[3], b[3];
		struct row_octets key_a, key_b;

		some_peer_key(&dice, a, &key_a);
		some_peer_key(&dice, b, &key_b);
		CU_ASSERT_EQUAL(sign(memcmp(key_a.at, key_b.at, key_a.size)), order_of(a, b, 3));
	}
}

/* What forgetting a peer relies on. */
static void associations_begin_with_the_key_of_replay(void)
{
	struct association_row association = { .peer = UINT64_C(0x0102030405060708), .spi = 256 };
	struct replay_row replay = { .peer = association.peer };
	struct row_octets a, r;

	association_row_key(&association, &a);
	replay_row_key(&replay, &r);
	CU_ASSERT_EQUAL(r.size, 8);
	CU_ASSERT_EQUAL(a.size, 12);
	CU_ASSERT_EQUAL(memcmp(a.at, r.at, r.size), 0);
}

static CU_TestInfo tests[] = {
	{ "what is written is read again", what_is_written_is_read_again },
	{ "other sizes are refused", other_sizes_are_refused },
	{ "other formats are refused", other_formats_are_refused },
	{ "turned bits do no harm", turned_bits_do_no_harm },
	{ "keys of bindings are in order of addresses",
	  keys_of_bindings_are_in_order_of_addresses },
	{ "keys of peers are in order of addresses", keys_of_peers_are_in_order_of_addresses },
	{ "associations begin with the key of replay", associations_begin_with_the_key_of_replay },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("rows", tests);
}
