/* extension_rules.c - the table of extension types, and what is kept of each.
 *
 * Types that are known to us by name only have no row, which is what RFC 5944
 * section 1.8 wants of a receiver that does not support them: below 128 the
 * message is discarded. So it is with the key requests 40 and 42 of RFC 3957: to
 * answer a node without the key that it asks for would be to accept on other
 * terms than it offered. */
#include "proto/extension_rules.h"

#define GENERALIZED_SIZE_MIN 20u /* RFC 4721 section 5 */
#define CVSE_SIZE_MIN 6u         /* vendor and vendor's type */
#define BIT_15 0x8000u
#define UDP_FORCED 0x80u
#define UDP_REGISTRATION_REQUIRED 0x40u

static extension_keep keep_mobile_home, keep_mobile_foreign, keep_foreign_home, keep_generalized,
	keep_cvse, keep_udp_reply, keep_fa_error, keep_gfa, keep_nai, keep_challenge,
	keep_revocation, keep_dynamic_ha, keep_hierarchical, keep_udp_request, keep_message,
	keep_delivery;

// clang-format off
const struct extension_rule extension_rules[UINT8_MAX + 1] = {
	[MIP_EXTENSION_PAD] =            { LAYOUT_PAD,    false, NULL },
	[MIP_EXTENSION_MOBILE_HOME] =    { LAYOUT_SIMPLE, false, keep_mobile_home },
	[MIP_EXTENSION_MOBILE_FOREIGN] = { LAYOUT_SIMPLE, false, keep_mobile_foreign },
	[MIP_EXTENSION_FOREIGN_HOME] =   { LAYOUT_SIMPLE, false, keep_foreign_home },
	[MIP_EXTENSION_GENERALIZED] =    { LAYOUT_LONG,   false, keep_generalized },
	[MIP_EXTENSION_CVSE_OLD] =       { LAYOUT_LONG,   false, keep_cvse },
	[MIP_EXTENSION_CVSE] =           { LAYOUT_LONG,   false, keep_cvse },
	[MIP_EXTENSION_UDP_REPLY] =      { LAYOUT_SHORT,  true,  keep_udp_reply },
	[MIP_EXTENSION_FA_ERROR] =       { LAYOUT_SHORT,  true,  keep_fa_error },
	[MIP_EXTENSION_GFA] =            { LAYOUT_SIMPLE, false, keep_gfa },
	[MIP_EXTENSION_DELIVERY] =       { LAYOUT_SIMPLE, false, keep_delivery },
	[MIP_EXTENSION_NAI] =            { LAYOUT_SIMPLE, false, keep_nai },
	[MIP_EXTENSION_CHALLENGE] =      { LAYOUT_SIMPLE, false, keep_challenge },
	[MIP_EXTENSION_NVSE_OLD] =       { LAYOUT_SIMPLE, false, NULL },
	[MIP_EXTENSION_NVSE] =           { LAYOUT_SIMPLE, false, NULL },
	[MIP_EXTENSION_CARRIED_NAI] =    { LAYOUT_SHORT,  false, NULL },
	[MIP_EXTENSION_REVOCATION] =     { LAYOUT_SIMPLE, false, keep_revocation },
	[MIP_EXTENSION_DYNAMIC_HA] =     { LAYOUT_EITHER, false, keep_dynamic_ha },
	[MIP_EXTENSION_HIERARCHICAL] =   { LAYOUT_SIMPLE, false, keep_hierarchical },
	[MIP_EXTENSION_UDP_REQUEST] =    { LAYOUT_SHORT,  false, keep_udp_request },
	[MIP_EXTENSION_MESSAGE] =        { LAYOUT_SHORT,  false, keep_message },
};
// clang-format on

static struct reader data_of(const struct extension_found *found)
{
	return reader_over(found->extension->data.at, found->extension->data.size);
}

static struct span whole(const struct extension_found *found)
{
	const struct mip_extension *extension = found->extension;

	return (struct span){ .at = extension->header.at,
		              .size = extension->header.size + extension->data.size };
}

static enum ha_error unknown_subtype(struct mip_extensions *out,
                                     const struct extension_found *found)
{
	if (found->extension->type < EXTENSION_SKIPPABLE_MIN)
		return HA_E_UNKNOWN_EXTENSION;
	out->skipped_count++;
	return HA_OK;
}

/* Whatever failed inside an extension, its length is not what it has to be. */
static enum ha_error verdict(struct reader *in)
{
	return reader_finish(in) == HA_OK ? HA_OK : HA_E_MALFORMED;
}

/* Authentications */

static enum ha_error keep_authentication(struct mip_authentication *kept, unsigned *count,
                                         const struct extension_found *found)
{
	struct span message = found->message;
	struct reader in = data_of(found);
	struct mip_authentication read = { .spi = get_u32(&in) };

	if (in.error != HA_OK)
		return HA_E_MALFORMED;
	read.covered = (struct span){ .at = message.at, .size = (size_t)(in.at - message.at) };
	read.authenticator = (struct span){ .at = in.at, .size = reader_left(&in) };
	if ((*count)++ == 0)
		*kept = read;
	return HA_OK;
}

static enum ha_error keep_mobile_home(struct mip_extensions *out,
                                      const struct extension_found *found)
{
	return keep_authentication(&out->mobile_home, &out->mobile_home_count, found);
}

static enum ha_error keep_mobile_foreign(struct mip_extensions *out,
                                         const struct extension_found *found)
{
	return keep_authentication(&out->mobile_foreign, &out->mobile_foreign_count, found);
}

static enum ha_error keep_foreign_home(struct mip_extensions *out,
                                       const struct extension_found *found)
{
	return keep_authentication(&out->foreign_home, &out->foreign_home_count, found);
}

/* Subtypes other than the first are between other parties than a home agent. */
static enum ha_error keep_generalized(struct mip_extensions *out,
                                      const struct extension_found *found)
{
	if (found->extension->subtype != MIP_GENERALIZED_MOBILE_AAA)
		return unknown_subtype(out, found);
	if (found->extension->data.size < GENERALIZED_SIZE_MIN)
		return HA_E_MALFORMED;
	return keep_authentication(&out->mobile_aaa, &out->mobile_aaa_count, found);
}

/* Who and what */

static enum ha_error keep_nai(struct mip_extensions *out, const struct extension_found *found)
{
	if (!mip_nai_is_valid(found->extension->data))
		return HA_E_MALFORMED;
	if (out->nai_count++ == 0)
		out->nai = found->extension->data;
	return HA_OK;
}

/* A challenge without an octet has no first one, which CHAP needs. */
static enum ha_error keep_challenge(struct mip_extensions *out, const struct extension_found *found)
{
	if (found->extension->data.size == 0)
		return HA_E_MALFORMED;
	if (out->challenge_count++ == 0)
		out->challenge = found->extension->data;
	return HA_OK;
}

/* No vendor's extension is supported: that it is there is all that matters. What
 * stands where the subtype does is reserved. */
static enum ha_error keep_cvse(struct mip_extensions *out, const struct extension_found *found)
{
	if (found->extension->data.size < CVSE_SIZE_MIN)
		return HA_E_MALFORMED;
	if (out->cvse_count++ == 0)
		out->cvse = whole(found);
	return HA_OK;
}

/* Of any size: a home agent, whom it does not concern, passes over it, and what a
 * foreign agent makes of one that is not empty is for its checks to say. */
static enum ha_error keep_delivery(struct mip_extensions *out, const struct extension_found *found)
{
	if (out->delivery_count++ == 0)
		out->delivery = whole(found);
	return HA_OK;
}

static enum ha_error keep_message(struct mip_extensions *out, const struct extension_found *found)
{
	const struct mip_extension *extension = found->extension;

	if (extension->subtype != MIP_MESSAGE_FROM_HOME &&
	    extension->subtype != MIP_MESSAGE_FROM_FOREIGN)
		return unknown_subtype(out, found);
	if (extension->data.size == 0)
		return HA_E_MALFORMED;
	if (out->message_count++ == 0)
		out->message = (struct mip_message_string){ .subtype = extension->subtype,
			                                    .text = extension->data };
	return HA_OK;
}

static enum ha_error keep_fa_error(struct mip_extensions *out, const struct extension_found *found)
{
	struct reader in = data_of(found);
	struct mip_fa_error read = { .status = get_u8(&in) };

	if (found->extension->subtype != 0)
		return unknown_subtype(out, found);
	if (verdict(&in) == HA_OK && out->fa_error_count++ == 0)
		out->fa_error = read;
	return verdict(&in);
}

/* Revocation may grow at its end (RFC 3543 section 3.2, "Length"). */
static enum ha_error keep_revocation(struct mip_extensions *out,
                                     const struct extension_found *found)
{
	struct reader in = data_of(found);
	struct mip_revocation_support read = { .at = whole(found) };

	read.inform = (get_u16(&in) & BIT_15) != 0;
	read.timestamp = get_u32(&in);
	if (in.error != HA_OK)
		return HA_E_MALFORMED;
	if (out->revocation_count++ == 0)
		out->revocation = read;
	return HA_OK;
}

/* Addresses */

static enum ha_error keep_dynamic_ha(struct mip_extensions *out,
                                     const struct extension_found *found)
{
	const struct mip_extension *extension = found->extension;
	struct reader in = data_of(found);
	struct mip_dynamic_ha read = { .subtype = extension->subtype,
		                       .address = get_address(&in),
		                       .rfc4433_form = extension->header.size == 4,
		                       .at = whole(found) };

	if (read.subtype != MIP_DYNAMIC_HA_REQUESTED && read.subtype != MIP_DYNAMIC_HA_REDIRECTED)
		return unknown_subtype(out, found);
	if (verdict(&in) == HA_OK && out->dynamic_ha_count++ == 0)
		out->dynamic_ha = read;
	return verdict(&in);
}

static enum ha_error keep_address(struct mip_address_extension *kept, unsigned *count,
                                  const struct extension_found *found)
{
	struct reader in = data_of(found);
	struct mip_address_extension read = { .at = whole(found) };

	get_u16(&in); /* reserved */
	read.address = get_address(&in);
	if (verdict(&in) == HA_OK && (*count)++ == 0)
		*kept = read;
	return verdict(&in);
}

static enum ha_error keep_gfa(struct mip_extensions *out, const struct extension_found *found)
{
	return keep_address(&out->gfa, &out->gfa_count, found);
}

static enum ha_error keep_hierarchical(struct mip_extensions *out,
                                       const struct extension_found *found)
{
	return keep_address(&out->hierarchical, &out->hierarchical_count, found);
}

/* Tunnels through UDP */

static enum ha_error keep_udp_request(struct mip_extensions *out,
                                      const struct extension_found *found)
{
	struct reader in = data_of(found);
	struct mip_udp_tunnel_request read = { .at = whole(found) };
	uint8_t flags;

	get_u8(&in); /* reserved 1 */
	flags = get_u8(&in);
	read.forced = (flags & UDP_FORCED) != 0;
	read.registration_required = (flags & UDP_REGISTRATION_REQUIRED) != 0;
	read.encapsulation = get_u8(&in);
	read.reserved_set = get_u16(&in) != 0;

	if (found->extension->subtype != 0)
		return unknown_subtype(out, found);
	if (verdict(&in) == HA_OK && out->udp_request_count++ == 0)
		out->udp_request = read;
	return verdict(&in);
}

static enum ha_error keep_udp_reply(struct mip_extensions *out, const struct extension_found *found)
{
	struct reader in = data_of(found);
	struct mip_udp_tunnel_reply read = { .at = whole(found) };

	read.code = get_u8(&in);
	read.forced = (get_u16(&in) & BIT_15) != 0;
	read.keepalive_s = get_u16(&in);

	if (found->extension->subtype != 0)
		return unknown_subtype(out, found);
	if (verdict(&in) == HA_OK && out->udp_reply_count++ == 0)
		out->udp_reply = read;
	return verdict(&in);
}
