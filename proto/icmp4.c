/* icmp4.c - ICMP messages to structs and back. */
#include "proto/icmp4.h"

#define TOS_INTERNETWORK_CONTROL 0xc0u /* precedence 6 */
#define QUOTE_UNIT 4u                  /* of the quote's size, RFC 4884 */
#define QUOTE_MIN 128u                 /* before extensions, likewise */

/* Types that are known, and whether they tell of another packet's fate. */
static const struct {
	uint8_t type;
	bool is_error;
} types[] = {
	{ ICMP4_ECHO_REPLY, false },
	{ ICMP4_UNREACHABLE, true },
	{ ICMP4_SOURCE_QUENCH, true },
	{ ICMP4_REDIRECT, true },
	{ ICMP4_ECHO, false },
	{ 9, false },  /* router advertisement */
	{ 10, false }, /* router solicitation */
	{ ICMP4_TIME_EXCEEDED, true },
	{ ICMP4_PARAMETER_PROBLEM, true },
	{ 13, false }, /* timestamp */
	{ 14, false }, /* timestamp reply */
	{ 15, false }, /* information request */
	{ 16, false }, /* information reply */
	{ 17, false }, /* address mask request */
	{ 18, false }, /* address mask reply */
};

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

bool icmp4_is_error(unsigned type)
{
	for (size_t i = 0; i < ROWS(types); i++)
		if (types[i].type == type)
			return types[i].is_error;
	return false;
}

static bool is_query(unsigned type)
{
	for (size_t i = 0; i < ROWS(types); i++)
		if (types[i].type == type)
			return !types[i].is_error;
	return false;
}

/* The second half of the first 8 octets is the type's own. */
static void read_rest(struct icmp4 *out, struct reader rest)
{
	struct reader octets = rest, halves = rest;
	unsigned first = get_u8(&octets), words = get_u8(&octets);

	out->pointer = out->type == ICMP4_PARAMETER_PROBLEM ? (uint8_t)first : 0;
	if (out->type == ICMP4_ECHO || out->type == ICMP4_ECHO_REPLY) {
		out->id = get_u16(&halves);
		out->sequence = get_u16(&halves);
		return;
	}
	get_u16(&halves);
	if (out->type == ICMP4_UNREACHABLE && out->code == ICMP4_TOO_BIG)
		out->mtu = get_u16(&halves);
	if ((out->type == ICMP4_UNREACHABLE || out->type == ICMP4_TIME_EXCEEDED ||
	     out->type == ICMP4_PARAMETER_PROBLEM) &&
	    words * QUOTE_UNIT >= QUOTE_MIN && words * QUOTE_UNIT < out->body.size)
		out->body.size = words * QUOTE_UNIT;
}

enum ha_error icmp4_read(struct span message, struct icmp4 *out)
{
	struct reader in = reader_over(message.at, message.size);
	struct reader rest;

	*out = (struct icmp4){ 0 };
	if (message.size < ICMP4_HEADER)
		return HA_E_TRUNCATED;
	if (ip4_checksum(message) != 0)
		return HA_E_MALFORMED;
	out->type = get_u8(&in);
	out->code = get_u8(&in);
	get_u16(&in);
	rest = reader_sub(&in, 4);
	out->body = (struct span){ .at = in.at, .size = reader_left(&in) };
	read_rest(out, rest);
	return HA_OK;
}

/* An address that answers can be sent to: not of "this network", loopback, multicast,
 * reserved or limited broadcast. */
static bool is_one_host(struct in_addr address)
{
	unsigned first = ntohl(address.s_addr) >> 24;

	return first != 0 && first != 127 && first < 224;
}

static bool is_for_many(struct in_addr address)
{
	return IN_MULTICAST(ntohl(address.s_addr)) || address.s_addr == INADDR_BROADCAST;
}

bool icmp4_may_answer(struct span packet)
{
	struct ip4 ip;
	struct span payload;

	if (ip4_read_quoted(packet, &ip) != HA_OK || ip.offset != 0 || !is_one_host(ip.source) ||
	    is_for_many(ip.destination))
		return false;
	payload = ip4_payload(packet, &ip);
	return ip.protocol != IP4_ICMP || (payload.size > 0 && is_query(payload.at[0]));
}

/* Checksum of a message whose field for it was written as 0. */
static void seal(uint8_t *message, size_t size)
{
	struct writer field = writer_over(message + 2, sizeof(uint16_t));

	put_u16(&field, ip4_checksum((struct span){ .at = message, .size = size }));
}

static bool fits(const struct writer *out, size_t size)
{
	return out->error == HA_OK && (size_t)(out->end - out->at) >= size;
}

static void write_error(struct writer *out, const struct icmp4_error *error, struct span quote)
{
	uint8_t *message = out->at;

	put_u8(out, error->type);
	put_u8(out, error->code);
	put_u16(out, 0);
	put_u8(out, error->type == ICMP4_PARAMETER_PROBLEM ? error->pointer : 0);
	put_u8(out, 0);
	put_u16(out, error->mtu);
	put_octets(out, quote.at, quote.size);
	seal(message, ICMP4_HEADER + quote.size);
}

enum ha_error icmp4_error_write(struct writer *out, const struct icmp4_error *error,
                                struct span packet)
{
	const size_t quote_max = ICMP4_ERROR_MAX - IP4_HEADER_MIN - ICMP4_HEADER;
	struct ip4 about, ip = {
		.tos = TOS_INTERNETWORK_CONTROL,
		.id = error->id,
		.ttl = error->ttl,
		.protocol = IP4_ICMP,
		.source = error->source,
	};
	enum ha_error refused = ip4_read_quoted(packet, &about);

	if (refused != HA_OK)
		return refused;
	if (packet.size > about.total)
		packet.size = about.total;
	if (packet.size > quote_max)
		packet.size = quote_max;
	ip.destination = about.source;
	ip.total = (uint16_t)(IP4_HEADER_MIN + ICMP4_HEADER + packet.size);
	if (!fits(out, ip.total))
		return HA_E_NOSPACE;
	ip4_write(out, &ip);
	write_error(out, error, packet);
	return out->error;
}

static enum ha_error write_echo(struct writer *out, struct ip4 *ip, const struct icmp4 *echo)
{
	size_t total = IP4_HEADER_MIN + ip->options.size + ICMP4_HEADER + echo->body.size;
	uint8_t *message;

	if (total > IP4_TOTAL_MAX)
		return HA_E_RANGE;
	if (!fits(out, total))
		return HA_E_NOSPACE;
	ip->total = (uint16_t)total;
	ip->protocol = IP4_ICMP;
	ip4_write(out, ip);
	message = out->at;
	put_u8(out, echo->type);
	put_u8(out, echo->code);
	put_u16(out, 0);
	put_u16(out, echo->id);
	put_u16(out, echo->sequence);
	put_octets(out, echo->body.at, echo->body.size);
	seal(message, ICMP4_HEADER + echo->body.size);
	return out->error;
}

enum ha_error icmp4_echo_answer(struct writer *out, struct span packet, uint8_t ttl, uint16_t id)
{
	struct ip4 asked, ip;
	struct icmp4 echo;
	enum ha_error error = ip4_read(packet, &asked);

	if (error != HA_OK)
		return error;
	if (asked.protocol != IP4_ICMP || ip4_is_fragment(&asked))
		return HA_E_UNSUPPORTED;
	error = icmp4_read(ip4_payload(packet, &asked), &echo);
	if (error != HA_OK)
		return error;
	if (echo.type != ICMP4_ECHO)
		return HA_E_UNSUPPORTED;
	echo.type = ICMP4_ECHO_REPLY;
	ip = (struct ip4){ .tos = asked.tos, .id = id, .df = asked.df, .ttl = ttl };
	ip.source = asked.destination;
	ip.destination = asked.source;
	return write_echo(out, &ip, &echo);
}

enum ha_error icmp4_echo_write(struct writer *out, const struct ip4 *header, uint16_t id,
                               uint16_t sequence, struct span data)
{
	struct ip4 ip = *header;
	struct icmp4 echo = { .type = ICMP4_ECHO, .id = id, .sequence = sequence, .body = data };

	ip.options = (struct span){ 0 };
	ip.offset = 0;
	ip.mf = false;
	return write_echo(out, &ip, &echo);
}
