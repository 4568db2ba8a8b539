/* test_generalized.c - generalized authentications (type 36) and CHAP, against
 * another implementation (tests/golden/authenticator_fold.py), and messages whose
 * every bit is guarded. */
#include "proto/authenticator.h"
#include "proto/extension.h"
#include "proto/extension_write.h"
#include "proto/message.h"

#include "tests/unit/octets.h"
#include "tests/unit/suite.h"

#define SPI 1024u
#define FIXED 42u /* octets of the message before its generalized authentication */

static const struct span none;

static struct mip_key_state state_of(unsigned algorithm)
{
	struct mip_key_state state;
	uint8_t key[MIP_KEY_SIZE_MIN];

	memset(key, 7, sizeof(key));
	CU_ASSERT_EQUAL_FATAL(mip_key_state_init(&state, algorithm, key, sizeof(key)), HA_OK);
	return state;
}

static void count(uint8_t *octets, size_t size, unsigned step, size_t first)
{
	for (size_t i = 0; i < size; i++)
		octets[i] = (uint8_t)(step * i + first);
}

/* Every size of key and challenge, folded into one authenticator. */
static void chap_agrees_with_another_implementation(void)
{
	struct octets want = octets_of_hex("46f554e486b60424b60ed2d811354438");
	uint8_t folded[MIP_CHAP_SIZE] = { 0 }, key[MIP_KEY_SIZE_MAX], octets[255], covered[100];

	for (size_t key_size = MIP_KEY_SIZE_MIN; key_size <= MIP_KEY_SIZE_MAX; key_size++) {
		struct mip_key_state state;

		count(key, key_size, 7, key_size);
		CU_ASSERT_EQUAL(mip_key_state_init(&state, MIP_CHAP, key, key_size), HA_OK);
		for (size_t size = 0; size <= sizeof(octets); size++) {
			struct octets challenge;
			uint8_t out[MIP_AUTHENTICATOR_SIZE_MAX];

			count(octets, size, 5, size + 1);
			count(covered, size % 100, 3, size);
			challenge = octets_copy(octets, size);
			mip_chap_compute(&state, (struct span){ covered, size % 100 },
			                 (struct span){ challenge.at, challenge.size }, out);
			for (size_t i = 0; i < sizeof(folded); i++)
				folded[i] = (uint8_t)(folded[i] * 31 + out[i]);
			free(challenge.at);
		}
	}
	CU_ASSERT_EQUAL(memcmp(folded, want.at, want.size), 0);
	free(want.at);
}

/* The key, then "abc", then a challenge of which the second and third octets are
 * left out; computed with openssl's command. */
static void chap_takes_the_first_and_the_last_237_octets(void)
{
	struct octets want = octets_of_hex("990d14ac01c08ad130213df7ff228873");
	struct mip_key_state state = state_of(MIP_CHAP);
	struct span covered = { (const uint8_t *)"abc", 3 };
	uint8_t challenge[240], out[MIP_AUTHENTICATOR_SIZE_MAX];

	count(challenge, sizeof(challenge), 1, 1);
	mip_chap_compute(&state, covered, (struct span){ challenge, sizeof(challenge) }, out);
	CU_ASSERT_EQUAL(memcmp(out, want.at, MIP_CHAP_SIZE), 0);
	for (size_t i = 0; i < sizeof(challenge); i++) {
		bool matters = i == 0 || i > 2;

		challenge[i] ^= 0x10;
		CU_ASSERT_EQUAL(mip_chap_verify(&state, covered,
		                                (struct span){ challenge, sizeof(challenge) },
		                                (struct span){ want.at, want.size }),
		                !matters);
		challenge[i] ^= 0x10;
	}
	free(want.at);
}

static void no_challenge_is_the_value_zero(void)
{
	struct mip_key_state state = state_of(MIP_CHAP);
	struct span covered = { (const uint8_t *)"abc", 3 };
	uint8_t out[MIP_AUTHENTICATOR_SIZE_MAX];

	mip_chap_compute(&state, covered, none, out);
	CU_ASSERT_TRUE(mip_chap_verify(&state, covered, (struct span){ (const uint8_t[1]){ 0 }, 1 },
	                               (struct span){ out, MIP_CHAP_SIZE }));
	CU_ASSERT_FALSE(mip_chap_verify(&state, covered,
	                                (struct span){ (const uint8_t[2]){ 0 }, 2 },
	                                (struct span){ out, MIP_CHAP_SIZE }));
}

/* What is not CHAP is no CHAP, and CHAP is nothing else. */
static void chap_and_the_others_keep_apart(void)
{
	struct mip_key_state chap = state_of(MIP_CHAP);
	struct span covered = { (const uint8_t *)"abc", 3 };
	uint8_t out[MIP_AUTHENTICATOR_SIZE_MAX], kept[MIP_AUTHENTICATOR_SIZE_MAX];
	struct writer w = writer_over(out, sizeof(out));

	memset(out, 0xee, sizeof(out));
	memset(kept, 0xee, sizeof(kept));
	for (unsigned algorithm = 0; algorithm < MIP_CHAP; algorithm++) {
		struct mip_key_state state = { 0 };

		if (algorithm)
			state = state_of(algorithm);
		mip_chap_compute(&state, covered, covered, out);
		CU_ASSERT_EQUAL(memcmp(out, kept, sizeof(out)), 0);
		CU_ASSERT_FALSE(mip_chap_verify(&state, covered, covered,
		                                (struct span){ out, MIP_CHAP_SIZE }));
	}
	CU_ASSERT_EQUAL(mip_authenticator_size(&chap), 0);
	mip_authenticator_compute(&chap, covered, out);
	CU_ASSERT_EQUAL(memcmp(out, kept, sizeof(out)), 0);
	for (size_t size = 0; size <= sizeof(out); size++)
		CU_ASSERT_FALSE(
			mip_authenticator_verify(&chap, covered, (struct span){ out, size }));
	mip_authentication_append(&w, MIP_EXTENSION_MOBILE_HOME, SPI, &chap);
	CU_ASSERT_EQUAL(w.error, HA_E_UNSUPPORTED);
}

static void chap_must_have_its_size(void)
{
	struct mip_key_state state = state_of(MIP_CHAP);
	struct span covered = { (const uint8_t *)"abc", 3 };
	uint8_t out[MIP_AUTHENTICATOR_SIZE_MAX] = { 0 };

	mip_chap_compute(&state, covered, covered, out);
	for (size_t size = 0; size <= sizeof(out); size++) {
		struct octets exact = octets_copy(out, size);

		CU_ASSERT_EQUAL(mip_chap_verify(&state, covered, covered,
		                                (struct span){ exact.at, exact.size }),
		                size == MIP_CHAP_SIZE);
		free(exact.at);
	}
}

/* A request with a challenge and a generalized authentication over it. */
struct guarded {
	uint8_t octets[FIXED + 8 + MIP_AUTHENTICATOR_SIZE_MAX];
	size_t size;
	struct mip_key_state state;
};

static const uint8_t challenge_octets[] = { 0xc0, 0xff, 0xee, 0, 0x11, 0x22, 0x33, 0x44,
	                                    1,    2,    3,    4, 5,    6,    7,    8 };

static void build(struct guarded *out, unsigned algorithm)
{
	struct span challenge = { challenge_octets, sizeof(challenge_octets) };
	struct writer w = writer_over(out->octets, sizeof(out->octets));

	mip_request_encode(&w, &(struct mip_request){ .lifetime_s = 600, .identification = 5 });
	mip_challenge_append(&w, challenge);
	CU_ASSERT_EQUAL_FATAL(writer_used(&w), FIXED);
	out->state = state_of(algorithm);
	mip_generalized_append(&w, MIP_GENERALIZED_MOBILE_AAA,
	                       algorithm == MIP_CHAP ? MIP_SPI_CHAP : SPI, &out->state, challenge);
	CU_ASSERT_EQUAL_FATAL(w.error, HA_OK);
	out->size = writer_used(&w);
}

/* As a receiver does. */
static bool verifies(const struct guarded *message, struct octets octets)
{
	struct reader in = reader_over(octets.at, octets.size);
	const struct mip_authentication *aaa;
	struct mip_request request;
	struct mip_extensions found;

	if (mip_request_decode(&in, &request) != HA_OK ||
	    mip_extensions_decode((struct span){ octets.at, octets.size }, &in, &found) != HA_OK)
		return false;
	aaa = &found.mobile_aaa;
	if (found.mobile_aaa_count != 1 || found.challenge_count != 1)
		return false;
	if (aaa->spi == MIP_SPI_CHAP)
		return mip_chap_verify(&message->state, aaa->covered, found.challenge,
		                       aaa->authenticator);
	return aaa->spi == SPI &&
	       mip_authenticator_verify(&message->state, aaa->covered, aaa->authenticator);
}

static void every_bit_and_cut_is_guarded(void)
{
	for (unsigned algorithm = MIP_HMAC_MD5; algorithm <= MIP_CHAP; algorithm++) {
		struct guarded message;
		struct octets exact;

		build(&message, algorithm);
		exact = octets_copy(message.octets, message.size);
		CU_ASSERT_TRUE(verifies(&message, exact));
		for (size_t bit = 0; bit < 8 * exact.size; bit++) {
			octets_flip(exact, bit);
			CU_ASSERT_FALSE(verifies(&message, exact));
			octets_flip(exact, bit);
		}
		free(exact.at);
		for (size_t size = 0; size < message.size; size++) {
			exact = octets_copy(message.octets, size);
			CU_ASSERT_FALSE(verifies(&message, exact));
			free(exact.at);
		}
	}
}

static void append_needs_all_its_room(void)
{
	for (unsigned algorithm = MIP_HMAC_MD5; algorithm <= MIP_CHAP; algorithm++) {
		struct mip_key_state state = state_of(algorithm);
		uint32_t spi = algorithm == MIP_CHAP ? MIP_SPI_CHAP : SPI;
		size_t size = algorithm == MIP_CHAP ? MIP_CHAP_SIZE
		                                    : mip_authenticator_size(&state);

		for (size_t room = 0; room <= 8 + size; room++) {
			struct octets exact = octets_copy((uint8_t[40]){ 0 }, room);
			struct writer out = writer_over(exact.at, exact.size);

			mip_generalized_append(&out, 1, spi, &state, none);
			CU_ASSERT_EQUAL(out.error, room < 8 + size ? HA_E_NOSPACE : HA_OK);
			free(exact.at);
		}
	}
}

static enum ha_error append(const struct mip_key_state *state, uint8_t subtype, uint32_t spi)
{
	uint8_t octets[64];
	struct writer out = writer_over(octets, sizeof(octets));

	mip_generalized_append(&out, subtype, spi, state, none);
	return out.error;
}

static void append_refuses_what_cannot_be(void)
{
	static const struct mip_key_state zeroed;
	struct mip_key_state chap = state_of(MIP_CHAP), sha1 = state_of(MIP_HMAC_SHA1);

	CU_ASSERT_EQUAL(append(&zeroed, 1, SPI), HA_E_UNSUPPORTED);
	CU_ASSERT_EQUAL(append(&chap, 1, MIP_SPI_CHAP), HA_OK);
	CU_ASSERT_EQUAL(append(&chap, 2, MIP_SPI_CHAP), HA_E_MALFORMED);
	CU_ASSERT_EQUAL(append(&chap, 1, SPI), HA_E_MALFORMED);
	CU_ASSERT_EQUAL(append(&sha1, 1, MIP_SPI_CHAP), HA_E_MALFORMED);
	CU_ASSERT_EQUAL(append(&sha1, 1, SPI), HA_OK);
	CU_ASSERT_EQUAL(append(&sha1, 3, SPI), HA_OK);
}

static CU_TestInfo tests[] = {
	{ "CHAP agrees with another implementation", chap_agrees_with_another_implementation },
	{ "CHAP takes the first and the last 237 octets",
	  chap_takes_the_first_and_the_last_237_octets },
	{ "no challenge is the value zero", no_challenge_is_the_value_zero },
	{ "CHAP and the others keep apart", chap_and_the_others_keep_apart },
	{ "CHAP must have its size", chap_must_have_its_size },
	{ "every bit and cut is guarded", every_bit_and_cut_is_guarded },
	{ "append needs all its room", append_needs_all_its_room },
	{ "append refuses what cannot be", append_refuses_what_cannot_be },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("generalized", tests);
}
