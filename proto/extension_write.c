/* extension_write.c - the writers, each line by line as the figure of its RFC
 * has it. */
#include "proto/extension_write.h"

#define BIT_15 0x8000u
#define UDP_FORCED 0x80u
#define UDP_REGISTRATION_REQUIRED 0x40u
#define CHALLENGE_MAX 255u
#define FA_STATUS_MIN 64u
#define FA_STATUS_MAX 127u

/* Room for a whole extension, so that none is written in part. */
static void need(struct writer *out, size_t size)
{
	if ((size_t)(out->end - out->at) < size)
		writer_fail(out, HA_E_NOSPACE);
}

/* `size` octets will follow: RFC 5944 section 1.9. */
static void put_simple(struct writer *out, uint8_t type, size_t size)
{
	need(out, 2 + size);
	put_u8(out, type);
	put_u8(out, (uint8_t)size);
}

/* The same behind a subtype: section 1.11. */
static void put_short(struct writer *out, uint8_t type, uint8_t subtype, size_t size)
{
	put_simple(out, type, 1 + size);
	put_u8(out, subtype);
}

static void put_span(struct writer *out, struct span octets)
{
	put_octets(out, octets.at, octets.size);
}

void mip_delivery_append(struct writer *out)
{
	put_simple(out, MIP_EXTENSION_DELIVERY, 0);
}

void mip_nai_append(struct writer *out, struct span nai)
{
	if (!mip_nai_is_valid(nai))
		writer_fail(out, HA_E_MALFORMED);
	put_simple(out, MIP_EXTENSION_NAI, nai.size);
	put_span(out, nai);
}

void mip_challenge_append(struct writer *out, struct span challenge)
{
	if (challenge.size == 0 || challenge.size > CHALLENGE_MAX)
		writer_fail(out, HA_E_RANGE);
	put_simple(out, MIP_EXTENSION_CHALLENGE, challenge.size);
	put_span(out, challenge);
}

void mip_revocation_support_append(struct writer *out, bool inform, uint32_t timestamp)
{
	put_simple(out, MIP_EXTENSION_REVOCATION, 6);
	put_u16(out, inform ? BIT_15 : 0);
	put_u32(out, timestamp);
}

void mip_dynamic_ha_append(struct writer *out, enum mip_dynamic_ha_subtype subtype,
                           struct in_addr address, bool rfc4433_form)
{
	if (rfc4433_form) {
		need(out, 8);
		put_u8(out, MIP_EXTENSION_DYNAMIC_HA);
		put_u8(out, (uint8_t)subtype);
		put_u16(out, 4);
	} else {
		put_short(out, MIP_EXTENSION_DYNAMIC_HA, (uint8_t)subtype, 4);
	}
	put_address(out, address);
}

void mip_udp_tunnel_request_append(struct writer *out, bool forced, bool registration_required,
                                   uint8_t encapsulation)
{
	put_short(out, MIP_EXTENSION_UDP_REQUEST, 0, 5);
	put_u8(out, 0);
	put_u8(out, (uint8_t)((forced ? UDP_FORCED : 0) |
	                      (registration_required ? UDP_REGISTRATION_REQUIRED : 0)));
	put_u8(out, encapsulation);
	put_u16(out, 0);
}

void mip_udp_tunnel_reply_append(struct writer *out, uint8_t code, bool forced,
                                 uint16_t keepalive_s)
{
	put_short(out, MIP_EXTENSION_UDP_REPLY, 0, 5);
	put_u8(out, code);
	put_u16(out, forced ? BIT_15 : 0);
	put_u16(out, keepalive_s);
}

void mip_gfa_append(struct writer *out, struct in_addr address)
{
	put_simple(out, MIP_EXTENSION_GFA, 6);
	put_u16(out, 0);
	put_address(out, address);
}

/* Octets of whole characters, at most `max`: 10xxxxxx continues a character. */
static size_t whole_characters(const char *text, size_t max)
{
	size_t size = strnlen(text, max + 1);

	if (size <= max)
		return size;
	size = max;
	while (size > 0 && (text[size] & 0xc0) == 0x80)
		size--;
	return size;
}

void mip_message_string_append(struct writer *out, enum mip_message_subtype subtype,
                               const char *text)
{
	size_t size = whole_characters(text, MIP_MESSAGE_MAX);

	if (size == 0)
		return;
	put_short(out, MIP_EXTENSION_MESSAGE, (uint8_t)subtype, size);
	put_octets(out, text, size);
}

void mip_fa_error_append(struct writer *out, uint8_t status)
{
	if (status < FA_STATUS_MIN || status > FA_STATUS_MAX)
		writer_fail(out, HA_E_RANGE);
	put_short(out, MIP_EXTENSION_FA_ERROR, 0, 1);
	put_u8(out, status);
}
