/* ip4_fragment.c - options of a packet, and the packet cut into fragments. */
#include "proto/ip4.h"

#define OPTION_END 0u
#define OPTION_NOTHING 1u
#define OPTION_LOOSE_ROUTE 131u
#define OPTION_STRICT_ROUTE 137u
#define OPTION_COPIED 0x80u /* stands in every fragment */
#define UNIT 8u

/* The next option, type and size included, that is not mere padding. False at the end
 * of them; HA_E_MALFORMED sticks to the reader where sizes do not add up. */
static bool next_option(struct reader *in, struct span *option)
{
	while (in->error == HA_OK && reader_left(in) > 0) {
		const uint8_t *at = in->at;
		unsigned type = get_u8(in), size;

		if (type == OPTION_END)
			return false;
		if (type == OPTION_NOTHING)
			continue;
		size = reader_left(in) > 0 ? get_u8(in) : 0;
		if (size < 2 || size - 2 > reader_left(in)) {
			reader_fail(in, HA_E_MALFORMED);
			return false;
		}
		reader_take(in, size - 2);
		*option = (struct span){ .at = at, .size = size };
		return true;
	}
	return false;
}

bool ip4_is_source_routed(const struct ip4 *ip)
{
	struct reader in = reader_over(ip->options.at, ip->options.size);
	struct span option;

	while (next_option(&in, &option)) {
		bool route = option.at[0] == OPTION_LOOSE_ROUTE ||
		             option.at[0] == OPTION_STRICT_ROUTE;

		/* The third octet points at the next address, and behind the last one at
		 * the end of the route. */
		if (route && option.size >= 3 && option.at[2] <= option.size)
			return true;
	}
	return false;
}

static enum ha_error copy_options(struct ip4_fragments *fragments)
{
	struct reader in = reader_over(fragments->ip.options.at, fragments->ip.options.size);
	struct writer out = writer_over(fragments->copied, sizeof(fragments->copied));
	struct span option;

	while (next_option(&in, &option))
		if (option.at[0] & OPTION_COPIED)
			put_octets(&out, option.at, option.size);
	while (writer_used(&out) % 4)
		put_u8(&out, OPTION_END);
	fragments->copied_size = (uint8_t)writer_used(&out);
	return in.error;
}

enum ha_error ip4_fragments_begin(struct ip4_fragments *fragments, struct span packet, size_t mtu)
{
	enum ha_error error;

	*fragments = (struct ip4_fragments){ .mtu = mtu };
	error = ip4_read(packet, &fragments->ip);
	if (error != HA_OK)
		return error;
	fragments->payload = ip4_payload(packet, &fragments->ip);
	if (fragments->ip.total <= mtu)
		return HA_OK;
	if (mtu < fragments->ip.header_size + UNIT ||
	    fragments->ip.offset + fragments->payload.size > IP4_TOTAL_MAX)
		return HA_E_RANGE;
	return copy_options(fragments);
}

bool ip4_fragments_next(struct ip4_fragments *fragments, struct writer *out)
{
	struct ip4 ip = fragments->ip;
	size_t left = fragments->payload.size - fragments->done, header, size;

	if (fragments->ended)
		return false;
	if (fragments->done > 0)
		ip.options = (struct span){ fragments->copied, fragments->copied_size };
	header = IP4_HEADER_MIN + ip.options.size;
	size = left;
	if (header + left > fragments->mtu) {
		size = (fragments->mtu - header) / UNIT * UNIT;
		ip.mf = true;
	}
	ip.total = (uint16_t)(header + size);
	ip.offset = (uint16_t)(ip.offset + fragments->done);
	ip4_write(out, &ip);
	put_octets(out, fragments->payload.at + fragments->done, size);
	fragments->done += size;
	fragments->ended = fragments->done == fragments->payload.size;
	return true;
}
