/* tunnel_unwrap.c - packets taken out of tunnels. */
#include "proto/tunnel_internal.h"

static const struct {
	enum ha_error error;
	const char *text;
} faults[] = {
#define X(symbol, error, text) [symbol] = { error, text },
	TUNNEL_FAULTS(X)
#undef X
};

const char *tunnel_fault_text(enum tunnel_fault fault)
{
	if ((size_t)fault >= sizeof(faults) / sizeof(faults[0]))
		return "it is wrong in an unknown way";
	return faults[fault].text;
}

struct gre gre_read(struct reader *in)
{
	struct gre gre = { .flags = get_u16(in), .payload = get_u16(in) };

	if (gre.flags & GRE_REFUSED)
		reader_fail(in, HA_E_UNSUPPORTED);
	if (gre.flags & GRE_CHECKSUM)
		get_u32(in); /* and a reserved field, which is to be ignored */
	if (gre.flags & GRE_KEY)
		gre.key = get_u32(in);
	if (gre.flags & GRE_SEQUENCE)
		gre.sequence = get_u32(in);
	return gre;
}

struct minimal minimal_read(struct reader *in)
{
	const uint8_t *begin = in->at;
	struct minimal minimal = { .protocol = get_u8(in) };

	minimal.size = get_u8(in) & MINIMAL_SOURCE ? MINIMAL_LONG : MINIMAL_SHORT;
	get_u16(in);
	minimal.destination = get_address(in);
	if (minimal.size == MINIMAL_LONG)
		minimal.source = get_address(in);
	if (in->error == HA_OK && ip4_checksum((struct span){ begin, minimal.size }) != 0)
		reader_fail(in, HA_E_MALFORMED);
	return minimal;
}

struct ip4 minimal_restore(const struct ip4 *outer, const struct minimal *minimal, size_t payload)
{
	struct ip4 ip = *outer;

	ip.protocol = minimal->protocol;
	ip.destination = minimal->destination;
	if (minimal->size == MINIMAL_LONG)
		ip.source = minimal->source;
	ip.mf = false;
	ip.offset = 0;
	ip.header_size = (uint8_t)(IP4_HEADER_MIN + ip.options.size);
	ip.total = (uint16_t)(ip.header_size + payload);
	return ip;
}

static enum tunnel_fault open_ipip(struct span rest, struct writer *scratch,
                                   struct tunnel_unwrapped *out)
{
	(void)scratch;
	out->inner = rest;
	return TUNNEL_NO_FAULT;
}

static enum tunnel_fault open_minimal(struct span rest, struct writer *scratch,
                                      struct tunnel_unwrapped *out)
{
	struct reader in = reader_over(rest.at, rest.size);
	struct minimal minimal = minimal_read(&in);
	uint8_t *begin = scratch->at;
	size_t left = reader_left(&in);
	struct ip4 ip;

	if (in.error != HA_OK)
		return in.error == HA_E_TRUNCATED ? TUNNEL_CUT : TUNNEL_MINIMAL_CHECKSUM;
	if (IP4_HEADER_MIN + out->outer.options.size + left > IP4_TOTAL_MAX)
		return TUNNEL_INNER_BROKEN;
	ip = minimal_restore(&out->outer, &minimal, left);
	if (scratch->error != HA_OK || (size_t)(scratch->end - scratch->at) < ip.total)
		return TUNNEL_NO_ROOM;
	ip4_write(scratch, &ip);
	put_octets(scratch, in.at, left);
	out->inner = (struct span){ .at = begin, .size = ip.total };
	return scratch->error == HA_OK ? TUNNEL_NO_FAULT : TUNNEL_INNER_BROKEN;
}

static enum tunnel_fault open_gre(struct span rest, struct writer *scratch,
                                  struct tunnel_unwrapped *out)
{
	struct reader in = reader_over(rest.at, rest.size);
	struct gre gre = gre_read(&in);

	(void)scratch;
	if (in.error != HA_OK)
		return in.error == HA_E_TRUNCATED ? TUNNEL_CUT : TUNNEL_GRE_FLAGS;
	out->has_checksum = gre.flags & GRE_CHECKSUM;
	out->has_key = gre.flags & GRE_KEY;
	out->has_sequence = gre.flags & GRE_SEQUENCE;
	out->key = gre.key;
	out->sequence = gre.sequence;
	if (out->has_checksum && ip4_checksum(rest) != 0)
		return TUNNEL_GRE_CHECKSUM;
	if (gre.payload != GRE_IPV4)
		return TUNNEL_GRE_PAYLOAD;
	out->inner = (struct span){ .at = in.at, .size = reader_left(&in) };
	return TUNNEL_NO_FAULT;
}

static enum tunnel_fault check_inner(struct tunnel_unwrapped *out)
{
	if (ip4_read(out->inner, &out->ip) != HA_OK)
		return TUNNEL_INNER_BROKEN;
	out->inner.size = out->ip.total;
	return out->ip.ttl > 0 ? TUNNEL_NO_FAULT : TUNNEL_INNER_DEAD;
}

static enum tunnel_fault open_protocol(unsigned protocol, struct span rest, struct writer *scratch,
                                       struct tunnel_unwrapped *out)
{
	static enum tunnel_fault (*const open[])(struct span rest, struct writer * scratch,
	                                         struct tunnel_unwrapped * out) = {
		[ENCAPSULATION_IPIP] = open_ipip,
		[ENCAPSULATION_MINIMAL] = open_minimal,
		[ENCAPSULATION_GRE] = open_gre,
	};
	enum tunnel_fault fault;

	if (!encapsulation_of_protocol(protocol, &out->encapsulation))
		return TUNNEL_NO_TUNNEL;
	fault = open[out->encapsulation](rest, scratch, out);
	return fault == TUNNEL_NO_FAULT ? check_inner(out) : fault;
}

/* The payload of a datagram. */
static enum tunnel_fault open_datagram(struct span rest, struct writer *scratch,
                                       struct tunnel_unwrapped *out)
{
	struct reader in = reader_over(rest.at, rest.size);
	unsigned type = get_u8(&in), next = get_u8(&in);

	get_u16(&in); /* reserved: ignored */
	if (rest.size > 0 && type != TUNNEL_UDP_DATA)
		return TUNNEL_NO_TUNNEL;
	if (in.error != HA_OK)
		return TUNNEL_CUT;
	rest = (struct span){ .at = in.at, .size = reader_left(&in) };
	return open_protocol(next, rest, scratch, out);
}

static enum tunnel_fault open_udp(struct span rest, struct writer *scratch,
                                  struct tunnel_unwrapped *out)
{
	struct reader in = reader_over(rest.at, rest.size);
	uint16_t checksum;
	size_t size;
	uint64_t sum;

	out->udp = true;
	out->source_port = get_u16(&in);
	out->destination_port = get_u16(&in);
	size = get_u16(&in);
	checksum = get_u16(&in);
	if (in.error != HA_OK)
		return TUNNEL_CUT;
	if (size < UDP_HEADER || size > rest.size)
		return TUNNEL_UDP_BROKEN;
	rest.size = size;
	sum = ip4_sum_pseudo(out->outer.source, out->outer.destination, IP4_UDP, size);
	if (checksum && ip4_sum_finish(ip4_sum(sum, rest)) != 0)
		return TUNNEL_UDP_BROKEN;
	rest = (struct span){ .at = in.at, .size = size - UDP_HEADER };
	return open_datagram(rest, scratch, out);
}

static enum tunnel_fault open_packet(struct span packet, struct writer *scratch,
                                     struct tunnel_unwrapped *out)
{
	struct span rest;
	uint8_t ignored;

	if (ip4_read(packet, &out->outer) != HA_OK)
		return TUNNEL_OUTER_BROKEN;
	if (out->outer.protocol != IP4_UDP &&
	    !encapsulation_of_protocol(out->outer.protocol, &ignored))
		return TUNNEL_NO_TUNNEL;
	if (ip4_is_fragment(&out->outer))
		return TUNNEL_OUTER_FRAGMENT;
	rest = ip4_payload(packet, &out->outer);
	if (out->outer.protocol == IP4_UDP)
		return open_udp(rest, scratch, out);
	return open_protocol(out->outer.protocol, rest, scratch, out);
}

enum ha_error tunnel_unwrap(struct span packet, struct writer *scratch,
                            struct tunnel_unwrapped *out)
{
	*out = (struct tunnel_unwrapped){ 0 };
	out->fault = open_packet(packet, scratch, out);
	return faults[out->fault].error;
}

enum ha_error tunnel_unwrap_datagram(const struct ip4 *outer, uint16_t source_port,
                                     uint16_t destination_port, struct span payload,
                                     struct writer *scratch, struct tunnel_unwrapped *out)
{
	*out = (struct tunnel_unwrapped){
		.outer = *outer,
		.udp = true,
		.source_port = source_port,
		.destination_port = destination_port,
	};
	out->fault = open_datagram(payload, scratch, out);
	return faults[out->fault].error;
}

bool tunnel_matches(const struct tunnel_end *end, const struct tunnel_unwrapped *packet)
{
	if (packet->outer.source.s_addr != end->remote.s_addr ||
	    packet->outer.destination.s_addr != end->local.s_addr || packet->udp != end->udp)
		return false;
	if (end->udp && (end->remote_port == 0 || packet->source_port != end->remote_port ||
	                 packet->destination_port != end->local_port))
		return false;
	if (packet->encapsulation != end->encapsulation &&
	    packet->encapsulation != tunnel_encapsulation(end, &packet->ip))
		return false;
	return packet->encapsulation != ENCAPSULATION_GRE ||
	       (packet->has_key == end->has_key && packet->key == (end->has_key ? end->key : 0));
}
