/* tunnel.c - packets put into tunnels. */
#include "proto/tunnel_internal.h"

/* What goes into the tunnel, and how. */
struct wrapping {
	const struct tunnel_end *end;
	const struct tunnel_outer *outer;
	struct ip4 ip;     /* of the inner packet */
	struct span inner; /* without padding */
};

static size_t ipip_size(const struct tunnel_end *end, const struct ip4 *inner)
{
	(void)end;
	(void)inner;
	return 0;
}

static void ipip_write(struct writer *out, const struct wrapping *wrapping)
{
	put_octets(out, wrapping->inner.at, wrapping->inner.size);
}

/* RFC 2004: the original source is left out where the entry of the tunnel is it. */
static size_t minimal_size(const struct tunnel_end *end, const struct ip4 *inner)
{
	return inner->source.s_addr == end->local.s_addr ? MINIMAL_SHORT : MINIMAL_LONG;
}

static void seal(uint8_t *field, uint16_t checksum)
{
	struct writer out = writer_over(field, sizeof(checksum));

	put_u16(&out, checksum);
}

static void minimal_write(struct writer *out, const struct wrapping *wrapping)
{
	size_t size = minimal_size(wrapping->end, &wrapping->ip);
	struct span payload = ip4_payload(wrapping->inner, &wrapping->ip);
	uint8_t *header = out->at;

	put_u8(out, wrapping->ip.protocol);
	put_u8(out, size == MINIMAL_LONG ? MINIMAL_SOURCE : 0);
	put_u16(out, 0);
	put_address(out, wrapping->ip.destination);
	if (size == MINIMAL_LONG)
		put_address(out, wrapping->ip.source);
	seal(header + 2, ip4_checksum((struct span){ .at = header, .size = size }));
	put_octets(out, payload.at, payload.size);
}

static size_t gre_size(const struct tunnel_end *end, const struct ip4 *inner)
{
	(void)inner;
	return GRE_HEADER +
	       GRE_FIELD * ((size_t)end->has_checksum + end->has_key + end->has_sequence);
}

static void gre_write(struct writer *out, const struct wrapping *wrapping)
{
	const struct tunnel_end *end = wrapping->end;
	uint8_t *header = out->at;

	put_u16(out,
	        (uint16_t)((end->has_checksum ? GRE_CHECKSUM : 0) | (end->has_key ? GRE_KEY : 0) |
	                   (end->has_sequence ? GRE_SEQUENCE : 0)));
	put_u16(out, GRE_IPV4);
	if (end->has_checksum)
		put_u32(out, 0);
	if (end->has_key)
		put_u32(out, end->key);
	if (end->has_sequence)
		put_u32(out, wrapping->outer->sequence);
	put_octets(out, wrapping->inner.at, wrapping->inner.size);
	if (end->has_checksum)
		seal(header + GRE_HEADER,
		     ip4_checksum((struct span){ header, (size_t)(out->at - header) }));
}

static const struct form {
	uint8_t protocol;
	size_t (*size)(const struct tunnel_end *end, const struct ip4 *inner);
	void (*write)(struct writer *out, const struct wrapping *wrapping);
} forms[] = {
	[ENCAPSULATION_IPIP] = { IP4_IPIP, ipip_size, ipip_write },
	[ENCAPSULATION_MINIMAL] = { IP4_MINIMAL, minimal_size, minimal_write },
	[ENCAPSULATION_GRE] = { IP4_GRE, gre_size, gre_write },
};

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

bool encapsulation_of_protocol(unsigned protocol, uint8_t *encapsulation)
{
	for (size_t i = 0; i < ROWS(forms); i++)
		if (forms[i].protocol == protocol) {
			*encapsulation = (uint8_t)i;
			return true;
		}
	return false;
}

enum encapsulation tunnel_encapsulation(const struct tunnel_end *end, const struct ip4 *inner)
{
	if (end->encapsulation == ENCAPSULATION_MINIMAL &&
	    (ip4_is_fragment(inner) || ip4_is_source_routed(inner)))
		return ENCAPSULATION_IPIP;
	return (enum encapsulation)end->encapsulation;
}

size_t tunnel_overhead(const struct tunnel_end *end, const struct ip4 *inner)
{
	enum encapsulation encapsulation = tunnel_encapsulation(end, inner);

	if (encapsulation >= ROWS(forms))
		return TUNNEL_OVERHEAD_MAX;
	return (encapsulation == ENCAPSULATION_MINIMAL ? 0 : IP4_HEADER_MIN) +
	       (end->udp ? UDP_HEADER + UDP_DATA_HEADER : 0) +
	       forms[encapsulation].size(end, inner);
}

/* RFC 2003 section 3.1; RFC 2004 section 3, where the packet keeps its header. */
static struct ip4 outer_header(const struct wrapping *wrapping, enum encapsulation encapsulation)
{
	const struct tunnel_end *end = wrapping->end;
	const struct tunnel_outer *outer = wrapping->outer;
	struct ip4 ip = wrapping->ip;

	if (encapsulation != ENCAPSULATION_MINIMAL)
		ip = (struct ip4){
			.tos = outer->tos,
			.ttl = outer->ttl,
			.id = outer->id,
			.df = outer->df || wrapping->ip.df,
		};
	ip.source = end->local;
	ip.destination = end->remote;
	ip.total = (uint16_t)(wrapping->ip.total + tunnel_overhead(end, &wrapping->ip));
	ip.protocol = end->udp ? IP4_UDP : forms[encapsulation].protocol;
	return ip;
}

static void udp_write(struct writer *out, const struct wrapping *wrapping, const struct ip4 *header,
                      const struct form *form)
{
	const struct tunnel_end *end = wrapping->end;
	size_t size = header->total - IP4_HEADER_MIN - header->options.size;
	uint8_t *begin = out->at;
	uint16_t checksum;
	uint64_t sum;

	put_u16(out, end->local_port);
	put_u16(out, end->remote_port);
	put_u16(out, (uint16_t)size);
	put_u16(out, 0);
	put_u8(out, TUNNEL_UDP_DATA);
	put_u8(out, form->protocol);
	put_u16(out, 0);
	form->write(out, wrapping);
	sum = ip4_sum_pseudo(end->local, end->remote, IP4_UDP, size);
	checksum = ip4_sum_finish(ip4_sum(sum, (struct span){ .at = begin, .size = size }));
	/* 0 would say that there is none, RFC 768. */
	seal(begin + 6, checksum ? checksum : 0xffff);
}

static bool is_in_range(const struct tunnel_end *end, const struct ip4 *inner)
{
	return inner->ttl > 0 && inner->total + tunnel_overhead(end, inner) <= IP4_TOTAL_MAX &&
	       (!end->udp || (end->local_port && end->remote_port));
}

enum ha_error tunnel_wrap(const struct tunnel_end *end, const struct tunnel_outer *outer,
                          struct span inner, struct writer *out)
{
	struct wrapping wrapping = { .end = end, .outer = outer, .inner = inner };
	enum encapsulation encapsulation;
	struct ip4 header;
	enum ha_error error = ip4_read(inner, &wrapping.ip);

	if (error != HA_OK)
		return error;
	if (end->encapsulation >= ROWS(forms))
		return HA_E_UNSUPPORTED;
	if (!is_in_range(end, &wrapping.ip))
		return HA_E_RANGE;
	wrapping.inner.size = wrapping.ip.total;
	encapsulation = tunnel_encapsulation(end, &wrapping.ip);
	header = outer_header(&wrapping, encapsulation);
	if (out->error != HA_OK || (size_t)(out->end - out->at) < header.total)
		return HA_E_NOSPACE;
	ip4_write(out, &header);
	if (end->udp)
		udp_write(out, &wrapping, &header, &forms[encapsulation]);
	else
		forms[encapsulation].write(out, &wrapping);
	return out->error;
}
