/* segments.c - merged packets of tunnels cut into what they were. */
#include "proto/segments.h"

#include "proto/tunnel_internal.h"

#define TCP_HEADER 20u
#define TCP_SEQUENCE_AT 4u
#define TCP_OFFSET_AT 12u
#define TCP_FLAGS_AT 13u
#define TCP_FIN 0x01u
#define TCP_PSH 0x08u
#define TCP_CWR 0x80u
#define TCP_CHECKSUM_AT 16u
#define UDP_LENGTH_AT 4u
#define UDP_CHECKSUM_AT 6u

/* ---- where things are ---- */

/* 0: there is no inner header. */
static size_t find_inner(struct span packet, const struct ip4 *outer)
{
	struct span rest = ip4_payload(packet, outer);
	struct reader in = reader_over(rest.at, rest.size);
	struct gre gre;

	if (outer->protocol == IP4_IPIP)
		return outer->header_size;
	if (outer->protocol != IP4_GRE)
		return 0;
	gre = gre_read(&in);
	if (in.error != HA_OK || gre.payload != GRE_IPV4)
		return 0;
	return outer->header_size + rest.size - reader_left(&in);
}

static struct span behind(struct span packet, size_t at)
{
	return (struct span){ packet.at + at, packet.size - at };
}

/* 0: it is cut off, or none that can be merged. */
static size_t transport_size(const struct segments *s)
{
	struct span rest = behind(s->packet, s->transport_at);
	size_t size;

	if (s->inner.protocol == IP4_UDP)
		return rest.size < UDP_HEADER ? 0 : UDP_HEADER;
	if (s->inner.protocol != IP4_TCP || rest.size < TCP_HEADER)
		return 0;
	size = (size_t)(rest.at[TCP_OFFSET_AT] >> 4) * 4;
	return size < TCP_HEADER ? 0 : size;
}

/* Written anew for each, it would hide what was wrong. */
static bool read_intact(struct span packet, struct ip4 *out)
{
	return ip4_read_quoted(packet, out) == HA_OK && !ip4_is_fragment(out) &&
	       ip4_checksum((struct span){ packet.at, out->header_size }) == 0;
}

static bool find_transport(struct segments *s)
{
	size_t size;

	s->transport_at = s->inner_at + s->inner.header_size;
	size = transport_size(s);
	s->data_at = s->transport_at + size;
	return size && s->inner_at + s->inner.total == s->outer.total &&
	       s->data_at <= s->outer.total;
}

bool segments_find(struct span packet, struct segments *out)
{
	*out = (struct segments){ .packet = packet, .size = IP4_TOTAL_MAX };
	if (!read_intact(packet, &out->outer))
		return false;
	out->inner_at = find_inner(packet, &out->outer);
	return out->inner_at && read_intact(behind(packet, out->inner_at), &out->inner) &&
	       find_transport(out);
}

bool segments_find_plain(struct span packet, struct segments *out)
{
	*out = (struct segments){ .packet = packet, .size = IP4_TOTAL_MAX };
	if (!read_intact(packet, &out->outer))
		return false;
	out->inner = out->outer;
	return find_transport(out);
}

/* ---- checksums ---- */

static size_t checksum_at(const struct segments *s)
{
	return s->inner.protocol == IP4_TCP ? TCP_CHECKSUM_AT : UDP_CHECKSUM_AT;
}

/* Of the header of TCP or UDP and what follows. */
static uint64_t pseudo_sum(const struct segments *s, size_t size)
{
	return ip4_sum_pseudo(s->inner.source, s->inner.destination, s->inner.protocol, size);
}

static uint16_t u16_at(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static void set_u16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void set_u32(uint8_t *at, uint32_t value)
{
	set_u16(at, value >> 16);
	set_u16(at + 2, value & 0xffff);
}

static uint32_t u32_at(const uint8_t *at)
{
	return (uint32_t)u16_at(at) << 16 | u16_at(at + 2);
}

static size_t carried(const struct segments *s)
{
	return s->outer.total - s->transport_at;
}

bool segments_is_begun(const struct segments *s)
{
	const uint8_t *at = s->packet.at + s->transport_at + checksum_at(s);

	return (u16_at(at) ^ ip4_sum_finish(pseudo_sum(s, carried(s)))) == UINT16_MAX;
}

bool segments_is_complete(const struct segments *s)
{
	const struct span all = { s->packet.at + s->transport_at, carried(s) };

	return s->packet.size >= s->outer.total &&
	       ip4_sum_finish(ip4_sum(pseudo_sum(s, all.size), all)) == 0;
}

/* ---- the cutting ---- */

static size_t data_of(const struct segments *s)
{
	return s->outer.total - s->data_at;
}

size_t segments_count(const struct segments *s)
{
	size_t data = data_of(s);

	return data ? (data + s->size - 1) / s->size : 1;
}

size_t segments_octets(const struct segments *s)
{
	return segments_count(s) * (s->data_at - s->inner_at) + data_of(s);
}

/* `size`: of the header and the data of this one. */
static void mend_tcp(const struct segments *s, uint8_t *tcp, size_t size)
{
	bool last = s->done + s->transport_at + size == s->outer.total;

	set_u32(tcp + TCP_SEQUENCE_AT, u32_at(tcp + TCP_SEQUENCE_AT) + (uint32_t)s->done);
	if (!last)
		tcp[TCP_FLAGS_AT] &= (uint8_t) ~(TCP_FIN | TCP_PSH);
	if (s->marked && s->number)
		tcp[TCP_FLAGS_AT] &= (uint8_t)~TCP_CWR;
}

static void mend_transport(const struct segments *s, uint8_t *transport, size_t size)
{
	uint8_t *field = transport + checksum_at(s);
	uint16_t sum;

	if (s->inner.protocol == IP4_TCP)
		mend_tcp(s, transport, size);
	else
		set_u16(transport + UDP_LENGTH_AT, (unsigned)size);
	set_u16(field, 0);
	sum = ip4_sum_finish(ip4_sum(pseudo_sum(s, size), (struct span){ transport, size }));
	if (sum == 0 && s->inner.protocol == IP4_UDP)
		sum = UINT16_MAX; /* 0 would say that there is none */
	set_u16(field, sum);
}

/* The checksum of GRE is over the inner packet, too. */
static void mend_gre(const struct segments *s, uint8_t *gre, size_t size)
{
	if (s->outer.protocol != IP4_GRE || !(u16_at(gre) & GRE_CHECKSUM))
		return;
	set_u16(gre + GRE_HEADER, 0);
	set_u16(gre + GRE_HEADER, ip4_checksum((struct span){ gre, size }));
}

bool segments_next(struct segments *s, struct writer *out)
{
	size_t left = data_of(s) - s->done, data = left < s->size ? left : s->size;
	size_t total = s->data_at + data;
	struct ip4 outer = s->outer, inner = s->inner;
	const uint8_t *from = s->packet.at;
	uint8_t *begin = out->at;

	if (s->ended)
		return false;
	outer.total = (uint16_t)total;
	outer.id = (uint16_t)(outer.id + s->number);
	inner.total = (uint16_t)(total - s->inner_at);
	inner.id = (uint16_t)(inner.id + s->number);
	if (s->inner_at) {
		ip4_write(out, &outer);
		put_octets(out, from + outer.header_size, s->inner_at - outer.header_size);
	}
	ip4_write(out, &inner);
	put_octets(out, from + s->transport_at, s->data_at - s->transport_at);
	put_octets(out, from + s->data_at + s->done, data);
	if (out->error != HA_OK)
		return false;
	mend_transport(s, begin + s->transport_at, total - s->transport_at);
	mend_gre(s, begin + outer.header_size, total - outer.header_size);
	s->done += data;
	s->number++;
	s->ended = s->done == data_of(s);
	return true;
}
