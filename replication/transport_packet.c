/* transport_packet.c - see transport_packet.h. */
#include "replication/transport_packet.h"

#define MAGIC 0x4b505248u /* "HRPK" */
#define FORMAT 1u

void packet_write_header(const struct packet_header *header, uint8_t out[PACKET_HEADER])
{
	struct octets_out to = octets_out_over(out, PACKET_HEADER);

	put_number(&to, MAGIC, 4);
	put_number(&to, FORMAT, 2);
	put_number(&to, header->feature_level, 2);
	put_number(&to, header->sender, 1);
	put_number(&to, header->members, 1);
	put_number(&to, header->witnesses, 1);
	put_number(&to, header->flags, 1);
	put_number(&to, header->groups, 4);
	put_number(&to, header->cluster, 8);
	put_number(&to, header->incarnation, 8);
	put_number(&to, header->session, 8);
	put_number(&to, header->sequence, 8);
	put_number(&to, header->sent_ns, 8);
	put_number(&to, header->echo_ns, 8);
	put_number(&to, header->held_ns, 8);
	put_number(&to, header->wall_us, 8);
}

void packet_write_message_header(uint32_t group, uint32_t size, uint8_t out[PACKET_MESSAGE_HEADER])
{
	struct octets_out to = octets_out_over(out, PACKET_MESSAGE_HEADER);

	put_number(&to, group, 4);
	put_number(&to, size, 4);
}

static bool take_header(struct octets_in *in, struct packet_header *out)
{
	out->feature_level = take_u16(in);
	out->sender = take_u8(in);
	out->members = take_u8(in);
	out->witnesses = take_u8(in);
	out->flags = take_u8(in);
	out->groups = take_u32(in);
	out->cluster = take_u64(in);
	out->incarnation = take_u64(in);
	out->session = take_u64(in);
	out->sequence = take_u64(in);
	out->sent_ns = take_u64(in);
	out->echo_ns = take_u64(in);
	out->held_ns = take_u64(in);
	out->wall_us = take_u64(in);
	return !in->bad && out->feature_level != 0 && out->sender >= 1 &&
	       out->sender <= REPLICATION_MEMBERS_MAX && out->session != 0 && out->sequence != 0;
}

bool packet_next(struct octets_in *in, struct packet_message *out)
{
	if (octets_left(in) == 0)
		return false;
	out->group = take_u32(in);
	out->size = take_u32(in);
	out->octets = take_octets(in, out->size);
	return !in->bad;
}

/* Looked through by a copy, so that nothing is acted on before all is known to
 * be whole. */
static bool messages_are_whole(struct octets_in in)
{
	struct packet_message message;

	while (packet_next(&in, &message))
		if (message.size == 0 || message.size > CONSENSUS_MESSAGE_MAX)
			return false;
	return !in.bad;
}

enum ha_error packet_read_header(struct octets_in *in, struct packet_header *out)
{
	uint32_t magic = take_u32(in);
	uint16_t format = take_u16(in);

	if (in->bad || magic != MAGIC)
		return HA_E_MALFORMED;
	if (format > FORMAT)
		return HA_E_NEWER;
	if (format != FORMAT || !take_header(in, out) || !messages_are_whole(*in))
		return HA_E_MALFORMED;
	return HA_OK;
}
