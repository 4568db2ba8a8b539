/* exchange.c - requests are made and replies are judged here, with the codecs
 * and authenticators that the agent itself uses. */
#include "agentd/load/exchange.h"

#include <string.h>

#include "proto/codes.h"
#include "proto/extension.h"

/* HMAC-MD5, which loads are measured with, has its state computed once; the states
 * of the others would not fit, or are the key itself. */
static bool keeps_state(const struct load_identity *identity)
{
	return identity->algorithm == MIP_HMAC_MD5;
}

enum ha_error load_node_init(struct load_node *out, const struct load_identity *identity,
                             struct in_addr home)
{
	struct mip_key_state state;
	bool usable;

	static_assert(LOAD_KEY_SIZE <= LOAD_SECRET_SIZE, "a key fits where a state does");
	load_key_state(identity, home, &state);
	usable = mip_authenticator_size(&state) > 0;
	*out = (struct load_node){ .offset = load_first_offset(load_node_of(identity, home)) };
	if (keeps_state(identity))
		memcpy(out->secret, state.secret, sizeof(out->secret));
	else
		load_key(identity, home, out->secret);
	mip_wipe(&state, sizeof(state));
	return usable ? HA_OK : HA_E_UNSUPPORTED;
}

static struct mip_key_state key_state_of(const struct load_identity *identity,
                                         const struct load_node *node)
{
	struct mip_key_state state = { .algorithm = identity->algorithm };

	if (keeps_state(identity))
		memcpy(state.secret, node->secret, sizeof(node->secret));
	else
		mip_key_state_init(&state, identity->algorithm, node->secret, LOAD_KEY_SIZE);
	return state;
}

void load_request_of(const struct load_identity *identity, struct in_addr home,
                     const struct load_node *node, struct mip_request *out)
{
	*out = (struct mip_request){
		.flags = identity->care_of.s_addr ? 0 : MIP_REQUEST_DECAPSULATES,
		.lifetime_s = load_effect_binds(node->effect) ? node->lifetime_s : 0,
		.home = home,
		.home_agent = identity->home_agent,
		.care_of = node->effect == LOAD_UNBIND_ALL ? home
		                                           : load_care_of(identity, node->offset),
		.identification = node->identification,
	};
	if (node->effect == LOAD_ADD)
		out->flags |= MIP_REQUEST_SIMULTANEOUS;
}

size_t load_request_encode(const struct load_identity *identity, const struct load_node *node,
                           const struct mip_request *request, uint8_t out[LOAD_REQUEST_MAX])
{
	struct mip_key_state state = key_state_of(identity, node);
	struct writer w = writer_over(out, LOAD_REQUEST_MAX);

	mip_request_encode(&w, request);
	mip_authentication_append(&w, MIP_EXTENSION_MOBILE_HOME, identity->spi, &state);
	return w.error == HA_OK ? writer_used(&w) : 0;
}

static enum ha_error decode(struct reader *in, bool echo, struct mip_reply *out)
{
	struct mip_request request;

	if (!echo)
		return mip_reply_decode(in, out);
	if (mip_request_decode(in, &request) != HA_OK)
		return in->error;
	*out = (struct mip_reply){ .code = MIP_ACCEPTED,
		                   .lifetime_s = request.lifetime_s,
		                   .home = request.home,
		                   .home_agent = request.home_agent,
		                   .identification = request.identification };
	return HA_OK;
}

static bool is_authentic(const struct load_identity *identity, const struct load_node *node,
                         struct span datagram, struct reader *in)
{
	struct mip_extensions extensions;
	struct mip_key_state state = key_state_of(identity, node);

	if (mip_extensions_decode(datagram, in, &extensions) != HA_OK)
		return false;
	if (extensions.mobile_home_count != 1 || extensions.mobile_home.spi != identity->spi)
		return false;
	return mip_authenticator_verify(&state, extensions.mobile_home.covered,
	                                extensions.mobile_home.authenticator);
}

/* A reply is matched by its low 32 bits; the high ones are the request's when
 * it is accepted, else the agent's clock (RFC 5944 section 5.7.1). */
static enum load_verdict match(const struct load_node *node, const struct mip_reply *reply)
{
	if (node->tries == 0 || (uint32_t)reply->identification != (uint32_t)node->identification)
		return LOAD_LATE;
	if (mip_code_is_accepted(reply->code) && reply->identification != node->identification)
		return LOAD_BAD;
	return LOAD_ANSWER;
}

struct load_answer load_answer_judge(const struct load_identity *identity,
                                     const struct load_node *nodes, uint32_t node_count,
                                     struct span datagram, bool echo)
{
	struct load_answer answer = { .verdict = LOAD_BAD };
	struct reader in = reader_over(datagram.at, datagram.size);

	if (decode(&in, echo, &answer.reply) != HA_OK)
		return answer;
	answer.node = load_node_of(identity, answer.reply.home);
	if (answer.node >= node_count)
		return answer;
	if (is_authentic(identity, &nodes[answer.node], datagram, &in))
		answer.verdict = match(&nodes[answer.node], &answer.reply);
	return answer;
}
