/* fuzz_message.c - whatever arrives on port 434: decoding must not read past
 * the datagram, what it finds must lie inside it, and what was decoded must
 * encode to what decodes the same.
 *
 * The first octet chooses: 0 request, 1 reply, 2 a bare chain of extensions;
 * the rest is the datagram. */
#include <stdlib.h>

#include "proto/authenticator.h"
#include "proto/extension.h"
#include "proto/message.h"

#define DECODERS 3u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check_span(struct span message, struct span part)
{
	if (part.size == 0)
		return;
	require(part.at >= message.at);
	require(part.at + part.size <= message.at + message.size);
}

static void check_authentication(struct span message, const struct mip_authentication *found,
                                 unsigned count)
{
	static const uint8_t key[MIP_KEY_SIZE_MIN];
	struct mip_key_state state;

	if (count == 0) {
		require(found->covered.at == NULL && found->authenticator.at == NULL);
		return;
	}
	check_span(message, found->covered);
	check_span(message, found->authenticator);
	require(found->covered.at == message.at);
	require(found->authenticator.at == found->covered.at + found->covered.size);
	for (unsigned algorithm = MIP_HMAC_MD5; algorithm <= MIP_KEYED_MD5_RFC2002; algorithm++) {
		require(mip_key_state_init(&state, algorithm, key, sizeof(key)) == HA_OK);
		mip_authenticator_verify(&state, found->covered, found->authenticator);
	}
}

/* Step by step: every extension inside the message, none overlapping. */
static size_t check_steps(struct span message, struct reader in, enum ha_error expected)
{
	struct mip_extension extension;
	const uint8_t *end = in.at;
	size_t count = 0;

	while (mip_extension_next(&in, &extension)) {
		check_span(message, extension.header);
		check_span(message, extension.data);
		require(extension.header.at >= end);
		require(extension.data.at == extension.header.at + extension.header.size);
		end = extension.data.at + extension.data.size;
		count++;
	}
	/* a malformed authentication ends the decoding, but not the steps */
	require(in.error == expected || expected == HA_E_MALFORMED);
	return count;
}

static void check_chain(struct span message, struct reader *in)
{
	struct reader again = *in;
	struct mip_extensions found;
	enum ha_error error = mip_extensions_decode(message, in, &found);
	size_t counted = found.mobile_home_count + found.mobile_foreign_count +
	                 found.foreign_home_count + found.skipped_count;

	require(error == HA_OK || error == HA_E_TRUNCATED || error == HA_E_MALFORMED ||
	        error == HA_E_UNKNOWN_EXTENSION);
	require(error != HA_OK || reader_left(in) == 0);
	check_authentication(message, &found.mobile_home, found.mobile_home_count);
	check_authentication(message, &found.mobile_foreign, found.mobile_foreign_count);
	check_authentication(message, &found.foreign_home, found.foreign_home_count);
	require(check_steps(message, again, error) >= counted);
}

static void check_request(struct span message)
{
	struct reader in = reader_over(message.at, message.size);
	uint8_t octets[MIP_REQUEST_SIZE];
	struct writer out = writer_over(octets, sizeof(octets));
	struct mip_request request;

	if (mip_request_decode(&in, &request) != HA_OK)
		return;
	mip_request_encode(&out, &request);
	require(out.error == HA_OK && writer_used(&out) == MIP_REQUEST_SIZE);
	require(memcmp(octets, message.at, MIP_REQUEST_SIZE) == 0);
	check_chain(message, &in);
}

static void check_reply(struct span message)
{
	struct reader in = reader_over(message.at, message.size);
	uint8_t octets[MIP_REPLY_SIZE];
	struct writer out = writer_over(octets, sizeof(octets));
	struct mip_reply reply;

	if (mip_reply_decode(&in, &reply) != HA_OK)
		return;
	mip_reply_encode(&out, &reply);
	require(out.error == HA_OK && writer_used(&out) == MIP_REPLY_SIZE);
	require(memcmp(octets, message.at, MIP_REPLY_SIZE) == 0);
	check_chain(message, &in);
}

static void check_bare_chain(struct span message)
{
	struct reader in = reader_over(message.at, message.size);

	check_chain(message, &in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const checks[DECODERS])(struct span) = { check_request, check_reply,
		                                               check_bare_chain };
	uint8_t *exact;

	if (size == 0)
		return 0;
	exact = malloc(size - 1); /* of exactly its size, so that one octet too far is seen */
	if (!exact)
		return 0;
	memcpy(exact, data + 1, size - 1);
	checks[data[0] % DECODERS]((struct span){ exact, size - 1 });
	free(exact);
	return 0;
}
