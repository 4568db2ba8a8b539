/* tunnel_quote.c - what an ICMP error says of a packet in a tunnel. */
#include "proto/tunnel_internal.h"

#define QUOTE_MIN 8u /* octets behind the outer header, RFC 792 */

/* Of a packet inside, as far as it goes. */
static enum ha_error quote_packet(struct span rest, struct tunnel_quoted *out)
{
	struct reader in = reader_over(rest.at, rest.size);
	enum ha_error error = ip4_read_quoted(rest, &out->ip);

	if (error == HA_OK) {
		out->has_inner = out->has_id = out->has_destination = true;
		out->inner = rest;
		if (out->inner.size > out->ip.total)
			out->inner.size = out->ip.total;
		out->id = out->ip.id;
		out->destination = out->ip.destination;
		return HA_OK;
	}
	if (error != HA_E_TRUNCATED)
		return error;
	reader_take(&in, 4);
	out->id = get_u16(&in);
	out->has_id = in.error == HA_OK;
	reader_take(&in, 10);
	out->destination = get_address(&in);
	out->has_destination = in.error == HA_OK;
	return HA_OK;
}

static enum ha_error quote_ipip(struct span rest, struct writer *scratch, struct tunnel_quoted *out)
{
	(void)scratch;
	return quote_packet(rest, out);
}

static enum ha_error quote_gre(struct span rest, struct writer *scratch, struct tunnel_quoted *out)
{
	struct reader in = reader_over(rest.at, rest.size);
	struct gre gre = gre_read(&in);

	(void)scratch;
	if (in.error == HA_E_TRUNCATED)
		return HA_OK;
	if (in.error != HA_OK || gre.payload != GRE_IPV4)
		return HA_E_MALFORMED;
	return quote_packet((struct span){ .at = in.at, .size = reader_left(&in) }, out);
}

/* Octets of the packet between its outer header and the minimal one. */
static size_t before_minimal(const struct tunnel_quoted *out)
{
	return out->udp ? UDP_HEADER + UDP_DATA_HEADER : 0;
}

static enum ha_error quote_minimal(struct span rest, struct writer *scratch,
                                   struct tunnel_quoted *out)
{
	struct reader in = reader_over(rest.at, rest.size);
	struct minimal minimal = minimal_read(&in);
	size_t around = out->outer.header_size + before_minimal(out) + minimal.size;
	size_t left = reader_left(&in);
	uint8_t *begin = scratch->at;
	struct ip4 ip;

	out->has_id = true;
	out->id = out->outer.id;
	out->has_destination = rest.size >= MINIMAL_SHORT;
	out->destination = minimal.destination;
	if (in.error == HA_E_TRUNCATED)
		return HA_OK;
	if (in.error != HA_OK || out->outer.total < around)
		return HA_E_MALFORMED;
	ip = minimal_restore(&out->outer, &minimal, out->outer.total - around);
	if (scratch->error != HA_OK || (size_t)(scratch->end - scratch->at) < ip.header_size + left)
		return HA_E_NOSPACE;
	ip4_write(scratch, &ip);
	put_octets(scratch, in.at, left);
	if (scratch->error != HA_OK)
		return HA_E_MALFORMED;
	return quote_packet((struct span){ begin, ip.header_size + left }, out);
}

static enum ha_error quote_protocol(unsigned protocol, struct span rest, struct writer *scratch,
                                    struct tunnel_quoted *out)
{
	static enum ha_error (*const quote[])(struct span rest, struct writer * scratch,
	                                      struct tunnel_quoted * out) = {
		[ENCAPSULATION_IPIP] = quote_ipip,
		[ENCAPSULATION_MINIMAL] = quote_minimal,
		[ENCAPSULATION_GRE] = quote_gre,
	};

	if (!encapsulation_of_protocol(protocol, &out->encapsulation))
		return out->udp ? HA_E_MALFORMED : HA_E_NOTFOUND;
	out->has_encapsulation = true;
	return quote[out->encapsulation](rest, scratch, out);
}

static enum ha_error quote_udp(struct span rest, struct writer *scratch, struct tunnel_quoted *out)
{
	struct reader in = reader_over(rest.at, rest.size);
	unsigned type, next;

	out->udp = true;
	out->source_port = get_u16(&in);
	out->destination_port = get_u16(&in);
	get_u32(&in); /* length and checksum: what is cut cannot be checked */
	type = get_u8(&in);
	next = get_u8(&in);
	get_u16(&in);
	if (rest.size > UDP_HEADER && type != TUNNEL_UDP_DATA)
		return HA_E_NOTFOUND;
	if (in.error != HA_OK)
		return HA_OK;
	rest = (struct span){ .at = in.at, .size = reader_left(&in) };
	return quote_protocol(next, rest, scratch, out);
}

enum ha_error tunnel_quote(struct span quoted, struct writer *scratch, struct tunnel_quoted *out)
{
	enum ha_error error;
	struct span rest;

	*out = (struct tunnel_quoted){ 0 };
	error = ip4_read_quoted(quoted, &out->outer);
	if (error != HA_OK)
		return error;
	if (out->outer.offset != 0)
		return HA_E_UNSUPPORTED;
	rest = ip4_payload(quoted, &out->outer);
	if (rest.size < QUOTE_MIN)
		return HA_E_TRUNCATED;
	if (out->outer.protocol == IP4_UDP)
		return quote_udp(rest, scratch, out);
	return quote_protocol(out->outer.protocol, rest, scratch, out);
}
