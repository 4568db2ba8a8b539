/* fuzz_message.c - whatever arrives on port 434: decoding must not read past
 * the datagram, what it finds must lie inside it, and what was decoded must
 * encode to what decodes the same. A revocation is decided too: nothing may come of
 * it that its authenticator and its fields do not allow.
 *
 * The first octet chooses: 0 request, 1 reply, 2 a bare chain of extensions, 3
 * revocation, 4 its acknowledgment; the rest is the datagram. */
#include <stdlib.h>

#include "agentd/registration/revocation.h"
#include "proto/authenticator.h"
#include "proto/extension_write.h"
#include "proto/message.h"
#include "proto/revocation.h"

#define DECODERS 5u
#define SPANS 8u

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
                                 unsigned count, struct span challenge)
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
	require(mip_authentication_covers(found, found->covered));
	require(!mip_authentication_covers(found, found->authenticator));
	for (unsigned algorithm = MIP_HMAC_MD5; algorithm <= MIP_CHAP; algorithm++) {
		require(mip_key_state_init(&state, algorithm, key, sizeof(key)) == HA_OK);
		mip_authenticator_verify(&state, found->covered, found->authenticator);
		mip_chap_verify(&state, found->covered, challenge, found->authenticator);
	}
}

/* The first of each kind inside the message, and nothing where none was counted. */
static void check_kept(struct span message, const struct mip_extensions *found)
{
	const struct {
		struct span at;
		unsigned count;
	} spans[SPANS] = {
		{ found->nai, found->nai_count },
		{ found->challenge, found->challenge_count },
		{ found->revocation.at, found->revocation_count },
		{ found->dynamic_ha.at, found->dynamic_ha_count },
		{ found->udp_request.at, found->udp_request_count },
		{ found->gfa.at, found->gfa_count },
		{ found->hierarchical.at, found->hierarchical_count },
		{ found->message.text, found->message_count },
	};

	for (size_t i = 0; i < SPANS; i++) {
		check_span(message, spans[i].at);
		require((spans[i].count > 0) == (spans[i].at.size > 0));
	}
	check_span(message, found->cvse);
	check_span(message, found->udp_reply.at);
	require((found->cvse_count > 0) == (found->cvse.size > 0));
	require((found->udp_reply_count > 0) == (found->udp_reply.at.size > 0));
	require(found->nai_count == 0 || mip_nai_is_valid(found->nai));
}

static size_t counted(const struct mip_extensions *found)
{
	return found->mobile_home_count + found->mobile_foreign_count + found->foreign_home_count +
	       found->mobile_aaa_count + found->nai_count + found->challenge_count +
	       found->revocation_count + found->dynamic_ha_count + found->udp_request_count +
	       found->udp_reply_count + found->gfa_count + found->hierarchical_count +
	       found->message_count + found->fa_error_count + found->cvse_count +
	       found->skipped_count;
}

/* What was found, written again as a reply. */
static void write_again(struct writer *out, const struct mip_extensions *found)
{
	mip_reply_encode(out, &(struct mip_reply){ .lifetime_s = 1 });
	if (found->nai_count)
		mip_nai_append(out, found->nai);
	if (found->challenge_count)
		mip_challenge_append(out, found->challenge);
	if (found->revocation_count)
		mip_revocation_support_append(out, found->revocation.inform,
		                              found->revocation.timestamp);
	if (found->dynamic_ha_count)
		mip_dynamic_ha_append(out, found->dynamic_ha.subtype, found->dynamic_ha.address,
		                      found->dynamic_ha.rfc4433_form);
	if (found->udp_request_count)
		mip_udp_tunnel_request_append(out, found->udp_request.forced,
		                              found->udp_request.registration_required,
		                              found->udp_request.encapsulation);
	if (found->udp_reply_count)
		mip_udp_tunnel_reply_append(out, found->udp_reply.code, found->udp_reply.forced,
		                            found->udp_reply.keepalive_s);
	if (found->gfa_count)
		mip_gfa_append(out, found->gfa.address);
}

static void check_written_again(const struct mip_extensions *found)
{
	uint8_t octets[1024];
	struct writer out = writer_over(octets, sizeof(octets));
	struct mip_extensions again;
	struct reader in;

	write_again(&out, found);
	require(out.error == HA_OK);
	in = reader_over(octets, writer_used(&out));
	reader_take(&in, MIP_REPLY_SIZE);
	require(mip_extensions_decode(writer_span(&out), &in, &again) == HA_OK);
	require(again.nai.size == found->nai.size && again.challenge.size == found->challenge.size);
	require(again.revocation.inform == found->revocation.inform &&
	        again.revocation.timestamp == found->revocation.timestamp);
	require(again.dynamic_ha.subtype == found->dynamic_ha.subtype &&
	        again.dynamic_ha.address.s_addr == found->dynamic_ha.address.s_addr &&
	        again.dynamic_ha.rfc4433_form == found->dynamic_ha.rfc4433_form);
	require(again.udp_request.forced == found->udp_request.forced &&
	        again.udp_request.encapsulation == found->udp_request.encapsulation);
	require(again.udp_reply.code == found->udp_reply.code &&
	        again.udp_reply.keepalive_s == found->udp_reply.keepalive_s);
	require(again.gfa.address.s_addr == found->gfa.address.s_addr);
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
	/* malformed data or an unknown subtype ends the decoding, but not the steps */
	require(in.error == expected || expected == HA_E_MALFORMED ||
	        expected == HA_E_UNKNOWN_EXTENSION);
	return count;
}

static void check_chain(struct span message, struct reader *in)
{
	struct reader again = *in;
	struct mip_extensions found;
	enum ha_error error = mip_extensions_decode(message, in, &found);

	require(error == HA_OK || error == HA_E_TRUNCATED || error == HA_E_MALFORMED ||
	        error == HA_E_UNKNOWN_EXTENSION);
	require(error != HA_OK || reader_left(in) == 0);
	check_authentication(message, &found.mobile_home, found.mobile_home_count, found.challenge);
	check_authentication(message, &found.mobile_foreign, found.mobile_foreign_count,
	                     found.challenge);
	check_authentication(message, &found.foreign_home, found.foreign_home_count,
	                     found.challenge);
	check_authentication(message, &found.mobile_aaa, found.mobile_aaa_count, found.challenge);
	check_kept(message, &found);
	check_written_again(&found);
	require(check_steps(message, again, error) >= counted(&found));
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

/* Equal but for what is reserved: octet 1, and all but `flags` of octets 2 and 3. */
static void check_fixed_part(struct span message, struct writer *out, size_t size, uint8_t flags)
{
	require(out->error == HA_OK && writer_used(out) == size);
	require(out->begin[0] == message.at[0] && out->begin[1] == 0 && out->begin[3] == 0);
	require(out->begin[2] == (message.at[2] & flags));
	require(memcmp(out->begin + 4, message.at + 4, size - 4) == 0);
}

/* The binding that the message means, if it means one at all. */
static struct binding meant_by(const struct mip_revocation *revocation)
{
	return (struct binding){
		.care_of = revocation->foreign_domain,
		.source = revocation->foreign_domain,
		.features = BINDING_REVOCABLE,
		.agent_stamp = revocation->identifier - 1,
		.expires_ms = BINDING_NEVER_EXPIRES,
	};
}

/* Whatever it says: nothing without an authenticator, and with one only what is
 * sound, of a foreign agent, and for this home agent. */
static void check_decision(struct span message)
{
	struct revocation_message decoded;
	struct revocation_facts facts = { .node_known = true, .binding_count = 1 };
	struct revocation_verdict verdict;
	struct binding binding;

	require(revocation_decode(message, &decoded) == HA_OK);
	binding = meant_by(&decoded.fixed);
	decoded.source = binding.source;
	facts.bindings = &binding;
	facts.foreign_home = registration_authenticate(&decoded.extensions.foreign_home,
	                                               decoded.extensions.foreign_home_count, NULL);
	require(revocation_decide(&decoded, &facts).fate == REVOCATION_UNAUTHENTICATED);
	facts.foreign_home = AUTHENTICATION_VALID;
	verdict = revocation_decide(&decoded, &facts);
	require((verdict.fate == REVOCATION_TAKEN) ==
	        (decoded.fault == HA_OK && !decoded.fixed.agent &&
	         decoded.fixed.home_domain.s_addr == 0));
	require(!verdict.inform);
	binding.features |= BINDING_REVOCATION_INFORM;
	require(revocation_decide(&decoded, &facts).inform ==
	        (verdict.fate == REVOCATION_TAKEN && decoded.fixed.inform));
}

static void check_ack_decision(struct span message)
{
	struct revocation_ack_message decoded;

	require(revocation_ack_decode(message, &decoded) == HA_OK);
	require(revocation_ack_judge(&decoded, AUTHENTICATION_WRONG) == REVOCATION_UNAUTHENTICATED);
	require((revocation_ack_judge(&decoded, AUTHENTICATION_VALID) == REVOCATION_TAKEN) ==
	        (decoded.fault == HA_OK));
}

static void check_revocation(struct span message)
{
	struct reader in = reader_over(message.at, message.size);
	uint8_t octets[MIP_REVOCATION_SIZE];
	struct writer out = writer_over(octets, sizeof(octets));
	struct mip_revocation revocation;

	if (mip_revocation_decode(&in, &revocation) != HA_OK)
		return;
	mip_revocation_encode(&out, &revocation);
	check_fixed_part(message, &out, MIP_REVOCATION_SIZE, 0xc0);
	check_chain(message, &in);
	check_decision(message);
}

static void check_revocation_ack(struct span message)
{
	struct reader in = reader_over(message.at, message.size);
	uint8_t octets[MIP_REVOCATION_ACK_SIZE];
	struct writer out = writer_over(octets, sizeof(octets));
	struct mip_revocation_ack ack;

	if (mip_revocation_ack_decode(&in, &ack) != HA_OK)
		return;
	mip_revocation_ack_encode(&out, &ack);
	check_fixed_part(message, &out, MIP_REVOCATION_ACK_SIZE, 0x80);
	check_chain(message, &in);
	check_ack_decision(message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const checks[DECODERS])(struct span) = { check_request, check_reply,
		                                               check_bare_chain, check_revocation,
		                                               check_revocation_ack };
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
