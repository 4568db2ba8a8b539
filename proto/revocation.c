/* revocation.c - Registration Revocation and Acknowledgment, read and written in
 * the order in which the figures of RFC 3543 draw them. What a value may be is
 * not judged here. */
#include "proto/revocation.h"

#include "proto/message.h"

/* The flags of a revocation stand behind a reserved octet, those of an
 * acknowledgment too; the rest of their 16 bits is reserved. */
#define REVOCATION_AGENT 0x8000u
#define REVOCATION_INFORM 0x4000u
#define ACK_INFORM 0x8000u

static void get_type(struct reader *in, enum mip_type type)
{
	if (get_u8(in) != type)
		reader_fail(in, HA_E_MALFORMED);
	get_u8(in); /* reserved */
}

enum ha_error mip_revocation_decode(struct reader *in, struct mip_revocation *out)
{
	uint16_t flags;

	get_type(in, MIP_TYPE_REVOCATION);
	flags = get_u16(in);
	out->agent = (flags & REVOCATION_AGENT) != 0;
	out->inform = (flags & REVOCATION_INFORM) != 0;
	out->home = get_address(in);
	out->home_domain = get_address(in);
	out->foreign_domain = get_address(in);
	out->identifier = get_u32(in);

	if (in->error != HA_OK)
		*out = (struct mip_revocation){ 0 };
	return in->error;
}

enum ha_error mip_revocation_ack_decode(struct reader *in, struct mip_revocation_ack *out)
{
	get_type(in, MIP_TYPE_REVOCATION_ACK);
	out->inform = (get_u16(in) & ACK_INFORM) != 0;
	out->home = get_address(in);
	out->identifier = get_u32(in);

	if (in->error != HA_OK)
		*out = (struct mip_revocation_ack){ 0 };
	return in->error;
}

void mip_revocation_encode(struct writer *out, const struct mip_revocation *revocation)
{
	put_u8(out, MIP_TYPE_REVOCATION);
	put_u8(out, 0);
	put_u16(out, (uint16_t)((revocation->agent ? REVOCATION_AGENT : 0) |
	                        (revocation->inform ? REVOCATION_INFORM : 0)));
	put_address(out, revocation->home);
	put_address(out, revocation->home_domain);
	put_address(out, revocation->foreign_domain);
	put_u32(out, revocation->identifier);
}

void mip_revocation_ack_encode(struct writer *out, const struct mip_revocation_ack *ack)
{
	put_u8(out, MIP_TYPE_REVOCATION_ACK);
	put_u8(out, 0);
	put_u16(out, ack->inform ? ACK_INFORM : 0);
	put_address(out, ack->home);
	put_u32(out, ack->identifier);
}
