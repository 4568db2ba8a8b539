/* message.c - Registration Request and Reply, read and written in the order in
 * which the figures of RFC 5944 sections 3.3 and 3.4 draw them. What a value
 * may be is not judged here. */
#include "proto/message.h"

static void get_type(struct reader *in, enum mip_type type)
{
	if (get_u8(in) != type)
		reader_fail(in, HA_E_MALFORMED);
}

enum ha_error mip_request_decode(struct reader *in, struct mip_request *out)
{
	get_type(in, MIP_TYPE_REQUEST);
	out->flags = get_u8(in);
	out->lifetime_s = get_u16(in);
	out->home = get_address(in);
	out->home_agent = get_address(in);
	out->care_of = get_address(in);
	out->identification = get_u64(in);

	if (in->error != HA_OK)
		*out = (struct mip_request){ 0 };
	return in->error;
}

enum ha_error mip_reply_decode(struct reader *in, struct mip_reply *out)
{
	get_type(in, MIP_TYPE_REPLY);
	out->code = get_u8(in);
	out->lifetime_s = get_u16(in);
	out->home = get_address(in);
	out->home_agent = get_address(in);
	out->identification = get_u64(in);

	if (in->error != HA_OK)
		*out = (struct mip_reply){ 0 };
	return in->error;
}

void mip_request_encode(struct writer *out, const struct mip_request *request)
{
	put_u8(out, MIP_TYPE_REQUEST);
	put_u8(out, request->flags);
	put_u16(out, request->lifetime_s);
	put_address(out, request->home);
	put_address(out, request->home_agent);
	put_address(out, request->care_of);
	put_u64(out, request->identification);
}

void mip_reply_encode(struct writer *out, const struct mip_reply *reply)
{
	put_u8(out, MIP_TYPE_REPLY);
	put_u8(out, reply->code);
	put_u16(out, reply->lifetime_s);
	put_address(out, reply->home);
	put_address(out, reply->home_agent);
	put_u64(out, reply->identification);
}
