/* test_authenticator.c - authenticators against published values and against
 * another implementation (tests/golden/authenticator_fold.py), and messages
 * whose every bit is guarded. */
#include "proto/authenticator.h"

#include "proto/extension.h"
#include "proto/message.h"
#include "tests/unit/octets.h"
#include "tests/unit/suite.h"

/* Those of authentications 32 to 34; CHAP has test_generalized.c. */
static const unsigned algorithms[] = { MIP_HMAC_MD5, MIP_KEYED_MD5, MIP_KEYED_MD5_RFC2002,
	                               MIP_HMAC_SHA1, MIP_HMAC_SHA256 };
static const size_t sizes[] = { 16, 16, 16, 20, 32 }; /* of their authenticators */

#define ALGORITHMS (sizeof(algorithms) / sizeof(algorithms[0]))
#define LARGEST 38u /* octets of an extension: HMAC-SHA-256 */

static struct mip_key_state state_of(unsigned algorithm, uint8_t seed)
{
	struct mip_key_state state;
	uint8_t key[MIP_KEY_SIZE_MIN];

	memset(key, seed, sizeof(key));
	CU_ASSERT_EQUAL_FATAL(mip_key_state_init(&state, algorithm, key, sizeof(key)), HA_OK);
	return state;
}

static bool is_zero(const void *from, size_t size)
{
	const uint8_t *octets = from;

	while (size > 0 && octets[size - 1] == 0)
		size--;
	return size == 0;
}

#define DD_50                                                                                      \
	"dddddddddddddddddddddddddddddddddddddddddddddddddd"                                       \
	"dddddddddddddddddddddddddddddddddddddddddddddddddd"
#define CD_50                                                                                      \
	"cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"                                       \
	"cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
#define COUNTED_25 "0102030405060708090a0b0c0d0e0f10111213141516171819"
#define TRUNCATION "546573742057697468205472756e636174696f6e"

/* Test cases of RFC 2202 and RFC 4231; those left out have keys out of range. */
static void hmac_gives_published_values(void)
{
	static const struct {
		unsigned algorithm;
		const char *key, *data, *digest;
	} rows[] = {
		{ MIP_HMAC_MD5, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
		  "9294727a3638bb1c13f48ef8158bfc9d" },
		{ MIP_HMAC_MD5, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", DD_50,
		  "56be34521d144c88dbb8c733f0e8b3f6" },
		{ MIP_HMAC_MD5, COUNTED_25, CD_50, "697eaf0aca3a3aea3a75164746ffaa79" },
		{ MIP_HMAC_MD5, "0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c", TRUNCATION,
		  "56461ef2342edc00f9bab995690efd4c" },
		{ MIP_HMAC_SHA1, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
		  "b617318655057264e28bc0b6fb378c8ef146be00" },
		{ MIP_HMAC_SHA1, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", DD_50,
		  "125d7342b9ac11cd91a39af48aa17b4f63f175d3" },
		{ MIP_HMAC_SHA1, COUNTED_25, CD_50, "4c9007f4026250c6bc8414f9bf50c86c2d7235da" },
		{ MIP_HMAC_SHA1, "0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c", TRUNCATION,
		  "4c1a03424b55e07fe7f27be1d58bb9324a9a5a04" },
		{ MIP_HMAC_SHA256, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
		  "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
		{ MIP_HMAC_SHA256, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", DD_50,
		  "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
		{ MIP_HMAC_SHA256, COUNTED_25, CD_50,
		  "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct octets key = octets_of_hex(rows[i].key);
		struct octets data = octets_of_hex(rows[i].data);
		struct octets digest = octets_of_hex(rows[i].digest);
		struct mip_key_state state;
		uint8_t out[MIP_AUTHENTICATOR_SIZE_MAX];

		CU_ASSERT_EQUAL(mip_key_state_init(&state, rows[i].algorithm, key.at, key.size),
		                HA_OK);
		CU_ASSERT_EQUAL(mip_authenticator_size(&state), digest.size);
		mip_authenticator_compute(&state, (struct span){ data.at, data.size }, out);
		CU_ASSERT_EQUAL(memcmp(out, digest.at, digest.size), 0);
		free(key.at);
		free(data.at);
		free(digest.at);
	}
}

/* One authenticator per key size and message size, folded into one. */
static void fold(unsigned algorithm, size_t out_size, uint8_t folded[MIP_AUTHENTICATOR_SIZE_MAX])
{
	memset(folded, 0, MIP_AUTHENTICATOR_SIZE_MAX);
	for (size_t key_size = MIP_KEY_SIZE_MIN; key_size <= MIP_KEY_SIZE_MAX; key_size++) {
		struct mip_key_state state;
		uint8_t key[MIP_KEY_SIZE_MAX], covered[200], out[MIP_AUTHENTICATOR_SIZE_MAX];

		for (size_t i = 0; i < key_size; i++)
			key[i] = (uint8_t)(7 * i + key_size);
		CU_ASSERT_EQUAL(mip_key_state_init(&state, algorithm, key, key_size), HA_OK);
		for (size_t size = 0; size <= sizeof(covered); size++) {
			for (size_t i = 0; i < size; i++)
				covered[i] = (uint8_t)(3 * i + size);
			mip_authenticator_compute(&state, (struct span){ covered, size }, out);
			for (size_t i = 0; i < out_size; i++)
				folded[i] = (uint8_t)(folded[i] * 31 + out[i]);
		}
	}
}

static void all_sizes_agree_with_another_implementation(void)
{
	static const char *const expected[ALGORITHMS] = {
		"aec13bef7b784ea86dd87fc6da5f54d4",
		"8273263605a1a8561f688756ce1dcf93",
		"c917eb2a57ff1a37466250d4b553440c",
		"bb54b02522f1ebe3832347fbcbe7daaba2d2ff08",
		"a75c76276bc243cb2310853db10fa4aaa6dae40392a23bda967ba753852b9d18",
	};

	for (size_t i = 0; i < ALGORITHMS; i++) {
		struct octets want = octets_of_hex(expected[i]);
		uint8_t folded[MIP_AUTHENTICATOR_SIZE_MAX];

		CU_ASSERT_EQUAL_FATAL(want.size, sizes[i]);
		fold(algorithms[i], sizes[i], folded);
		CU_ASSERT_EQUAL(memcmp(folded, want.at, want.size), 0);
		free(want.at);
	}
}

static void keys_outside_the_limits_are_refused(void)
{
	static const size_t bad[] = { 0, 1, MIP_KEY_SIZE_MIN - 1, MIP_KEY_SIZE_MAX + 1, 1000 };
	static const uint8_t key[1000] = { 1 };

	for (size_t a = 0; a < ALGORITHMS; a++) {
		for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
			struct octets exact = octets_copy(key, bad[i]);
			struct mip_key_state state;

			memset(&state, 0xff, sizeof(state));
			CU_ASSERT_EQUAL(
				mip_key_state_init(&state, algorithms[a], exact.at, exact.size),
				HA_E_RANGE);
			CU_ASSERT_TRUE(is_zero(&state, sizeof(state)));
			free(exact.at);
		}
	}
}

static void algorithms_without_a_row_are_refused(void)
{
	static const uint8_t key[MIP_KEY_SIZE_MIN] = { 1 };

	for (unsigned algorithm = 0; algorithm < 1000; algorithm++) {
		bool known = algorithm >= 1 && algorithm <= ALGORITHMS + 1; /* and CHAP */
		struct mip_key_state state;

		memset(&state, 0xff, sizeof(state));
		CU_ASSERT_EQUAL(mip_key_state_init(&state, algorithm, key, sizeof(key)),
		                known ? HA_OK : HA_E_UNSUPPORTED);
		CU_ASSERT_EQUAL(is_zero(&state, sizeof(state)), !known);
		CU_ASSERT_EQUAL(mip_authenticator_size(&state) > 0, known && algorithm != MIP_CHAP);
		CU_ASSERT_EQUAL(mip_algorithm_name(algorithm) != NULL, known);
	}
}

static void names_go_there_and_back(void)
{
	enum mip_algorithm algorithm = MIP_KEYED_MD5;

	for (size_t i = 0; i < ALGORITHMS; i++) {
		CU_ASSERT_TRUE(mip_algorithm_parse(mip_algorithm_name(algorithms[i]), &algorithm));
		CU_ASSERT_EQUAL(algorithm, algorithms[i]);
	}
	CU_ASSERT_FALSE(mip_algorithm_parse("", &algorithm));
	CU_ASSERT_FALSE(mip_algorithm_parse("HMAC-MD5", &algorithm));
	CU_ASSERT_FALSE(mip_algorithm_parse("hmac-md5 ", &algorithm));
	CU_ASSERT_FALSE(mip_algorithm_parse("hmac-sha2", &algorithm));
	CU_ASSERT_TRUE(mip_algorithm_parse("chap", &algorithm));
	CU_ASSERT_EQUAL(algorithm, MIP_CHAP);
	CU_ASSERT_EQUAL(MIP_HMAC_SHA1, 4); /* stored on disk */
	CU_ASSERT_EQUAL(MIP_HMAC_SHA256, 5);
	CU_ASSERT_EQUAL(MIP_CHAP, 6);
}

/* The plain key must not stand in memory once the state is made. */
static void hmac_state_does_not_hold_the_key(void)
{
	static const size_t state_sizes[] = { 32, 0, 0, 40, 64 };
	uint8_t key[MIP_KEY_SIZE_MIN];

	memset(key, 0x5a, sizeof(key));
	for (size_t a = 0; a < ALGORITHMS; a++) {
		struct mip_key_state state = state_of(algorithms[a], 0x5a);

		if (state_sizes[a] == 0)
			continue;
		CU_ASSERT_EQUAL(state.key_size, 0);
		CU_ASSERT_PTR_NULL(memmem(&state, sizeof(state), key, sizeof(key)));
		CU_ASSERT_TRUE(is_zero(state.secret + state_sizes[a],
		                       sizeof(state.secret) - state_sizes[a]));
	}
}

static void zeroed_state_verifies_nothing(void)
{
	static const struct mip_key_state none;
	static const uint8_t covered[30];
	uint8_t out[MIP_AUTHENTICATOR_SIZE_MAX];

	memset(out, 0xee, sizeof(out));
	mip_authenticator_compute(&none, (struct span){ covered, sizeof(covered) }, out);
	CU_ASSERT_EQUAL(out[0], 0xee);
	CU_ASSERT_EQUAL(out[MIP_AUTHENTICATOR_SIZE_MAX - 1], 0xee);
	CU_ASSERT_FALSE(mip_authenticator_verify(&none, (struct span){ covered, sizeof(covered) },
	                                         (struct span){ out, 0 }));
	CU_ASSERT_FALSE(mip_authenticator_verify(&none, (struct span){ covered, sizeof(covered) },
	                                         (struct span){ out, 16 }));
}

static void authenticator_must_have_its_size(void)
{
	static const uint8_t covered[30];

	for (size_t a = 0; a < ALGORITHMS; a++) {
		struct mip_key_state state = state_of(algorithms[a], 1);
		struct span over = { covered, sizeof(covered) };
		uint8_t out[MIP_AUTHENTICATOR_SIZE_MAX] = { 0 };

		mip_authenticator_compute(&state, over, out);
		for (size_t size = 0; size <= sizeof(out); size++) {
			struct octets exact = octets_copy(out, size);

			CU_ASSERT_EQUAL(mip_authenticator_verify(&state, over,
			                                         (struct span){ exact.at, size }),
			                size == sizes[a]);
			free(exact.at);
		}
	}
}

static void rfc2002_leaves_the_spi_out(void)
{
	struct mip_key_state with = state_of(MIP_KEYED_MD5, 7);
	struct mip_key_state without = state_of(MIP_KEYED_MD5_RFC2002, 7);
	uint8_t covered[30] = { 1, 2, 3 };
	uint8_t a[MIP_AUTHENTICATOR_SIZE_MAX], b[MIP_AUTHENTICATOR_SIZE_MAX];

	mip_authenticator_compute(&without, (struct span){ covered, 30 }, a);
	mip_authenticator_compute(&with, (struct span){ covered, 26 }, b);
	CU_ASSERT_EQUAL(memcmp(a, b, 16), 0);
	covered[29] ^= 1;
	mip_authenticator_compute(&without, (struct span){ covered, 30 }, b);
	CU_ASSERT_EQUAL(memcmp(a, b, 16), 0);
	covered[25] ^= 1;
	mip_authenticator_compute(&without, (struct span){ covered, 30 }, b);
	CU_ASSERT_NOT_EQUAL(memcmp(a, b, 16), 0);
}

/* A request with all three authentications, by one algorithm and three keys. */
struct guarded {
	uint8_t octets[MIP_REQUEST_SIZE + 5 + 3 * LARGEST];
	size_t size;
	struct mip_key_state states[3];
};

#define SPI(i) (300u + (i))

static void build(struct guarded *out, unsigned algorithm, uint8_t count)
{
	static const uint8_t nai[] = { 131, 3, 'a', '@', 'b' };
	struct writer w = writer_over(out->octets, sizeof(out->octets));

	mip_request_encode(&w, &(struct mip_request){ .lifetime_s = 600, .identification = 5 });
	put_octets(&w, nai, sizeof(nai));
	for (uint8_t i = 0; i < count; i++) {
		out->states[i] = state_of(algorithm, (uint8_t)(i + 1));
		mip_authentication_append(&w, (uint8_t)(MIP_EXTENSION_MOBILE_HOME + i), SPI(i),
		                          &out->states[i]);
	}
	CU_ASSERT_EQUAL_FATAL(w.error, HA_OK);
	out->size = writer_used(&w);
}

static bool one_verifies(const struct mip_authentication *found, unsigned found_count, uint32_t spi,
                         const struct mip_key_state *state)
{
	return found_count == 1 && found->spi == spi &&
	       mip_authenticator_verify(state, found->covered, found->authenticator);
}

/* As a receiver does: read all, look the key up by its SPI, verify. */
static bool all_verify(const struct guarded *message, struct octets octets, unsigned count)
{
	struct reader in = reader_over(octets.at, octets.size);
	struct mip_request request;
	struct mip_extensions found;

	if (mip_request_decode(&in, &request) != HA_OK ||
	    mip_extensions_decode((struct span){ octets.at, octets.size }, &in, &found) != HA_OK)
		return false;
	return one_verifies(&found.mobile_home, found.mobile_home_count, SPI(0),
	                    &message->states[0]) &&
	       (count < 2 || one_verifies(&found.mobile_foreign, found.mobile_foreign_count, SPI(1),
	                                  &message->states[1])) &&
	       (count < 3 || one_verifies(&found.foreign_home, found.foreign_home_count, SPI(2),
	                                  &message->states[2]));
}

static void appended_authentications_verify(void)
{
	for (size_t a = 0; a < ALGORITHMS; a++) {
		for (uint8_t count = 1; count <= 3; count++) {
			struct guarded message;
			struct octets exact;

			build(&message, algorithms[a], count);
			exact = octets_copy(message.octets, message.size);
			CU_ASSERT_EQUAL(message.size,
			                MIP_REQUEST_SIZE + 5u + (6u + sizes[a]) * count);
			CU_ASSERT_TRUE(all_verify(&message, exact, count));
			free(exact.at);
		}
	}
}

static void every_flipped_bit_is_noticed(void)
{
	for (size_t a = 0; a < ALGORITHMS; a++) {
		for (uint8_t count = 1; count <= 3; count++) {
			struct guarded message;

			build(&message, algorithms[a], count);
			for (size_t bit = 0; bit < 8 * message.size; bit++) {
				struct octets exact = octets_copy(message.octets, message.size);

				octets_flip(exact, bit);
				CU_ASSERT_FALSE(all_verify(&message, exact, count));
				free(exact.at);
			}
		}
	}
}

static void every_cut_is_noticed(void)
{
	for (size_t a = 0; a < ALGORITHMS; a++) {
		struct guarded message;

		build(&message, algorithms[a], 3);
		for (size_t size = 0; size < message.size; size++) {
			struct octets exact = octets_copy(message.octets, size);

			CU_ASSERT_FALSE(all_verify(&message, exact, 3));
			free(exact.at);
		}
	}
}

static void every_flipped_bit_of_the_key_is_noticed(void)
{
	for (size_t a = 0; a < ALGORITHMS; a++) {
		struct guarded message;
		struct octets exact;

		build(&message, algorithms[a], 1);
		exact = octets_copy(message.octets, message.size);
		for (size_t bit = 0; bit < 8 * MIP_KEY_SIZE_MIN; bit++) {
			struct octets key = octets_copy((uint8_t[MIP_KEY_SIZE_MIN]){ 0 },
			                                MIP_KEY_SIZE_MIN);

			memset(key.at, 1, key.size);
			octets_flip(key, bit);
			CU_ASSERT_EQUAL(mip_key_state_init(&message.states[0], algorithms[a],
			                                   key.at, key.size),
			                HA_OK);
			CU_ASSERT_FALSE(all_verify(&message, exact, 1));
			free(key.at);
		}
		free(exact.at);
	}
}

static void append_needs_all_its_room(void)
{
	for (size_t a = 0; a < ALGORITHMS; a++) {
		struct mip_key_state state = state_of(algorithms[a], 1);
		size_t whole = 6 + sizes[a];

		for (size_t room = 0; room <= whole; room++) {
			struct octets exact = octets_copy((uint8_t[LARGEST]){ 0 }, room);
			struct writer out = writer_over(exact.at, exact.size);

			mip_authentication_append(&out, MIP_EXTENSION_MOBILE_HOME, SPI(0), &state);
			CU_ASSERT_EQUAL(out.error, room < whole ? HA_E_NOSPACE : HA_OK);
			free(exact.at);
		}
	}
}

static void append_refuses_what_cannot_be(void)
{
	static const struct mip_key_state none;
	struct mip_key_state state = state_of(MIP_HMAC_MD5, 1);
	uint8_t octets[64];
	struct writer out = writer_over(octets, sizeof(octets));

	mip_authentication_append(&out, MIP_EXTENSION_MOBILE_HOME, SPI(0), &none);
	CU_ASSERT_EQUAL(out.error, HA_E_UNSUPPORTED);
	for (unsigned type = 0; type <= UINT8_MAX; type++) {
		out = writer_over(octets, sizeof(octets));
		mip_authentication_append(&out, (uint8_t)type, SPI(0), &state);
		CU_ASSERT_EQUAL(out.error, type >= 32 && type <= 34 ? HA_OK : HA_E_MALFORMED);
	}
	out = writer_over(octets, sizeof(octets));
	writer_fail(&out, HA_E_TRAILING);
	mip_authentication_append(&out, MIP_EXTENSION_MOBILE_HOME, SPI(0), &state);
	CU_ASSERT_EQUAL(out.error, HA_E_TRAILING);
	CU_ASSERT_EQUAL(writer_used(&out), 0);
}

static void wiping_leaves_zeros_only_there(void)
{
	uint8_t secret[40];

	memset(secret, 0xaa, sizeof(secret));
	mip_wipe(secret + 4, 32);
	CU_ASSERT_TRUE(is_zero(secret + 4, 32));
	CU_ASSERT_EQUAL(secret[3], 0xaa);
	CU_ASSERT_EQUAL(secret[36], 0xaa);
}

static CU_TestInfo tests[] = {
	{ "HMAC gives the published values", hmac_gives_published_values },
	{ "all sizes agree with another implementation",
	  all_sizes_agree_with_another_implementation },
	{ "keys outside the limits are refused", keys_outside_the_limits_are_refused },
	{ "algorithms without a row are refused", algorithms_without_a_row_are_refused },
	{ "names go there and back", names_go_there_and_back },
	{ "an HMAC state does not hold the key", hmac_state_does_not_hold_the_key },
	{ "a zeroed state verifies nothing", zeroed_state_verifies_nothing },
	{ "an authenticator must have its size", authenticator_must_have_its_size },
	{ "RFC 2002 leaves the SPI out", rfc2002_leaves_the_spi_out },
	{ "appended authentications verify", appended_authentications_verify },
	{ "every flipped bit is noticed", every_flipped_bit_is_noticed },
	{ "every cut is noticed", every_cut_is_noticed },
	{ "every flipped bit of the key is noticed", every_flipped_bit_of_the_key_is_noticed },
	{ "append needs all its room", append_needs_all_its_room },
	{ "append refuses what cannot be", append_refuses_what_cannot_be },
	{ "wiping leaves zeros only there", wiping_leaves_zeros_only_there },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("authenticator", tests);
}
