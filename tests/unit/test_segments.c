/* test_segments.c - what a network card merged is cut into what it was, octet for octet. */
#include "proto/segments.h"

#include "tests/unit/dice.h"
#include "tests/unit/suite.h"
#include "tests/unit/tunnel_forms.h"

#define DATA 700u /* octets in each part but the last */
#define LAST 123u
#define PARTS 5u
#define TCP_AT 20u           /* in a packet without options */
#define SEQUENCE 0xfffff800u /* it wraps on the way */
#define FIN 0x01u
#define PSH 0x08u
#define ACK 0x10u
#define CWR 0x80u

/* Forms of tunnel_forms.h in which the kernel merges: IP in IP, and GRE. */
static const unsigned forms[] = { 0, 4, 6, 8, 10, 12, 14, 16, 18 };

static uint8_t room[IP4_TOTAL_MAX];

static void set_u16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static uint16_t sum_of(const struct ip4 *ip, struct span transport)
{
	uint64_t sum = ip4_sum_pseudo(ip->source, ip->destination, ip->protocol, transport.size);

	return ip4_sum_finish(ip4_sum(sum, transport));
}

/* A packet of that protocol with `size` octets of data, the `number`th of its kind. */
static struct octets part_of(unsigned protocol, size_t size, unsigned number, unsigned flags)
{
	size_t head = protocol == IP4_TCP ? 32 : 8; /* with 12 octets of options */
	struct ip4 ip = plain_header();
	struct octets packet;
	uint8_t *at;

	ip.protocol = (uint8_t)protocol;
	ip.id = (uint16_t)(ip.id + number);
	ip.df = true;
	ip.total = (uint16_t)(IP4_HEADER_MIN + head + size);
	packet = packet_of(ip, head + size);
	at = packet.at + TCP_AT;
	memset(at, 0x11, head);
	for (size_t i = 0; i < size; i++)
		at[head + i] = (uint8_t)(number * 31 + i);
	if (protocol == IP4_TCP) {
		struct writer out = writer_over(at + 4, 4);

		put_u32(&out, SEQUENCE + number * DATA);
		at[12] = 0x80;
		at[13] = (uint8_t)flags;
	} else {
		set_u16(at + 4, (unsigned)(head + size));
	}
	set_u16(at + (protocol == IP4_TCP ? 16 : 6), 0);
	set_u16(at + (protocol == IP4_TCP ? 16 : 6), sum_of(&ip, (struct span){ at, head + size }));
	return packet;
}

static unsigned flags_of(unsigned number)
{
	return ACK | (number == 0 ? CWR : 0) | (number == PARTS - 1 ? FIN | PSH : 0);
}

static struct octets wrapped_part(unsigned form, unsigned protocol, unsigned number)
{
	struct tunnel_end end = form_end(form);
	struct tunnel_outer outer = form_outer();
	struct octets inner = part_of(protocol, number == PARTS - 1 ? LAST : DATA, number,
	                              flags_of(number));
	struct writer out = writer_over(room, sizeof(room));

	outer.id = (uint16_t)(outer.id + number);
	CU_ASSERT_EQUAL_FATAL(tunnel_wrap(&end, &outer, span_of(inner), &out), HA_OK);
	free(inner.at);
	return octets_copy(room, writer_used(&out));
}

/* As the kernel does it: headers of the first, data of all, flags of the last, and the sum
 * of the pseudo header. A checksum of GRE stays that of the first. */
static struct octets merged(unsigned form, unsigned protocol)
{
	struct octets first = wrapped_part(form, protocol, 0), whole;
	size_t head = first.size - DATA, transport = protocol == IP4_TCP ? 32 : 8;
	size_t inner = head - transport - IP4_HEADER_MIN;
	size_t size = head + (PARTS - 1) * DATA + LAST;
	struct ip4 ip;

	whole = (struct octets){ .at = malloc(size), .size = size };
	memcpy(whole.at, first.at, first.size);
	for (unsigned i = 1; i < PARTS; i++) {
		struct octets part = wrapped_part(form, protocol, i);

		memcpy(whole.at + head + i * DATA, part.at + head, part.size - head);
		free(part.at);
	}
	set_u16(whole.at + 2, (unsigned)size);
	set_u16(whole.at + inner + 2, (unsigned)(size - inner));
	packet_mend(whole);
	packet_mend((struct octets){ whole.at + inner, size - inner });
	CU_ASSERT_EQUAL_FATAL(ip4_read_quoted((struct span){ whole.at + inner, size - inner }, &ip),
	                      HA_OK);
	if (protocol == IP4_TCP)
		whole.at[inner + TCP_AT + 13] = (uint8_t)(flags_of(0) | flags_of(PARTS - 1));
	else
		set_u16(whole.at + inner + TCP_AT + 4, (unsigned)(size - inner - TCP_AT));
	set_u16(whole.at + inner + TCP_AT + (protocol == IP4_TCP ? 16 : 6),
	        0xffffu ^ ip4_sum_finish(ip4_sum_pseudo(ip.source, ip.destination, ip.protocol,
	                                                size - inner - TCP_AT)));
	free(first.at);
	return whole;
}

static void each_part_is_as_it_was(void)
{
	static const unsigned protocols[] = { IP4_TCP, IP4_UDP };

	for (size_t i = 0; i < 2 * sizeof(forms) / sizeof(forms[0]); i++) {
		unsigned form = forms[i / 2], protocol = protocols[i % 2];
		struct octets whole = merged(form, protocol);
		struct segments segments;

		CU_ASSERT_TRUE_FATAL(segments_find(span_of(whole), &segments));
		CU_ASSERT_TRUE(segments_is_begun(&segments));
		CU_ASSERT_FALSE(segments_is_complete(&segments));
		segments.size = DATA;
		segments.marked = true;
		CU_ASSERT_EQUAL(segments_count(&segments), PARTS);
		for (unsigned number = 0; number < PARTS; number++) {
			struct octets part = wrapped_part(form, protocol, number);
			struct writer out = writer_over(room, sizeof(room));

			CU_ASSERT_TRUE_FATAL(segments_next(&segments, &out));
			CU_ASSERT_EQUAL_FATAL(writer_used(&out), part.size);
			CU_ASSERT_EQUAL(memcmp(room, part.at, part.size), 0);
			free(part.at);
		}
		CU_ASSERT_FALSE(segments_next(&segments, &(struct writer){ .at = room }));
		free(whole.at);
	}
}

static void octets_inside_are_those_of_all(void)
{
	struct octets whole = merged(4, IP4_TCP);
	struct segments segments;
	size_t octets = 0;

	CU_ASSERT_TRUE_FATAL(segments_find(span_of(whole), &segments));
	segments.size = DATA;
	for (unsigned number = 0; number < PARTS; number++) {
		struct octets part = part_of(IP4_TCP, number == PARTS - 1 ? LAST : DATA, number, 0);

		octets += part.size;
		free(part.at);
	}
	CU_ASSERT_EQUAL(segments_octets(&segments), octets);
	free(whole.at);
}

/* CWR is not the first one's alone where another kind of ECN was agreed upon. */
static void marks_stay_unless_said_otherwise(void)
{
	struct octets whole = merged(0, IP4_TCP);
	struct segments segments;

	CU_ASSERT_TRUE_FATAL(segments_find(span_of(whole), &segments));
	segments.size = DATA;
	for (unsigned number = 0; number < PARTS; number++) {
		struct writer out = writer_over(room, sizeof(room));

		CU_ASSERT_TRUE_FATAL(segments_next(&segments, &out));
		CU_ASSERT_TRUE(room[20 + TCP_AT + 13] & CWR);
	}
	free(whole.at);
}

static void one_is_only_finished(void)
{
	struct octets right = wrapped_part(0, IP4_TCP, 0),
		      begun = octets_copy(right.at, right.size);
	struct segments segments;
	struct writer out = writer_over(room, sizeof(room));
	struct ip4 ip = plain_header();

	CU_ASSERT_TRUE_FATAL(segments_find(span_of(right), &segments));
	CU_ASSERT_FALSE(segments_is_begun(&segments));
	CU_ASSERT_TRUE(segments_is_complete(&segments));
	set_u16(begun.at + 20 + TCP_AT + 16,
	        0xffffu ^ ip4_sum_finish(ip4_sum_pseudo(ip.source, ip.destination, IP4_TCP,
	                                                begun.size - 20 - TCP_AT)));
	CU_ASSERT_TRUE_FATAL(segments_find(span_of(begun), &segments));
	CU_ASSERT_TRUE(segments_is_begun(&segments));
	CU_ASSERT_EQUAL(segments_count(&segments), 1);
	CU_ASSERT_TRUE(segments_next(&segments, &out));
	CU_ASSERT_EQUAL_FATAL(writer_used(&out), right.size);
	CU_ASSERT_EQUAL(memcmp(room, right.at, right.size), 0);
	CU_ASSERT_FALSE(segments_next(&segments, &out));
	free(begun.at);
	free(right.at);
}

/* Minimal encapsulation and UDP are left alone by the kernel, and so are fragments. */
static void others_are_not_looked_at(void)
{
	static const unsigned others[] = { 1, 2, 3, 5 };
	struct segments segments;
	struct octets inner, wrapped;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		wrapped = wrapped_part(others[i], IP4_TCP, 0);
		CU_ASSERT_FALSE(segments_find(span_of(wrapped), &segments));
		free(wrapped.at);
	}
	wrapped = wrapped_part(0, IP4_TCP, 0);
	wrapped.at[6] |= 0x20; /* MF outside */
	packet_mend(wrapped);
	CU_ASSERT_FALSE(segments_find(span_of(wrapped), &segments));
	wrapped.at[6] &= 0xdf;
	packet_mend(wrapped);
	CU_ASSERT_TRUE(segments_find(span_of(wrapped), &segments));
	inner = (struct octets){ wrapped.at + 20, wrapped.size - 20 };
	inner.at[6] |= 0x20;
	packet_mend(inner);
	CU_ASSERT_FALSE(segments_find(span_of(wrapped), &segments));
	inner.at[6] &= 0xdf;
	CU_ASSERT_FALSE(segments_find(span_of(wrapped), &segments)); /* a wrong checksum */
	free(wrapped.at);
}

/* What a packet socket hands out of it: enough from the header of TCP on. */
static void a_cut_packet_is_found_or_not(void)
{
	struct octets whole = merged(18, IP4_TCP);
	struct segments all, some;
	size_t enough;

	CU_ASSERT_TRUE_FATAL(segments_find(span_of(whole), &all));
	enough = all.transport_at + 20;
	for (size_t size = 0; size < all.data_at + 10; size++) {
		struct octets cut = octets_copy(whole.at, size);

		CU_ASSERT_EQUAL(segments_find(span_of(cut), &some), size >= enough);
		CU_ASSERT_TRUE(size < enough || some.data_at == all.data_at);
		free(cut.at);
	}
	free(whole.at);
}

static void damage_does_no_harm(void)
{
	struct dice dice = { .state = 4 };
	unsigned found = 0;

	for (unsigned round = 0; round < 20000; round++) {
		struct octets whole = merged(forms[round % 9], round % 2 ? IP4_TCP : IP4_UDP);
		struct segments segments;
		size_t total = 0;

		for (unsigned i = 0; i <= dice_below(&dice, 3); i++)
			whole.at[dice_below(&dice, 80)] = (uint8_t)dice_below(&dice, 256);
		packet_mend(whole);
		if (segments_find(span_of(whole), &segments)) {
			found++;
			segments.size = 1 + dice_below(&dice, 3000);
			for (;;) {
				struct writer out = writer_over(room, sizeof(room));

				if (!segments_next(&segments, &out))
					break;
				total += writer_used(&out);
			}
			CU_ASSERT_EQUAL(total, segments_count(&segments) * segments.data_at +
			                               segments.outer.total - segments.data_at);
		}
		free(whole.at);
	}
	CU_ASSERT_TRUE(found > 1000);
}

/* As it is merged on a link, without a tunnel around it. */
static void plain_ones_are_cut_too(void)
{
	static const unsigned protocols[] = { IP4_TCP, IP4_UDP };

	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
		struct octets whole = merged(0, protocols[i]);
		struct span plain = { whole.at + IP4_HEADER_MIN, whole.size - IP4_HEADER_MIN };
		struct segments segments;

		CU_ASSERT_FALSE(segments_find(plain, &segments));
		CU_ASSERT_TRUE_FATAL(segments_find_plain(plain, &segments));
		CU_ASSERT_TRUE(segments_is_begun(&segments));
		segments.size = DATA;
		segments.marked = true;
		CU_ASSERT_EQUAL(segments_count(&segments), PARTS);
		for (unsigned number = 0; number < PARTS; number++) {
			struct octets part = part_of(protocols[i],
			                             number == PARTS - 1 ? LAST : DATA, number,
			                             flags_of(number));
			struct writer out = writer_over(room, sizeof(room));

			CU_ASSERT_TRUE_FATAL(segments_next(&segments, &out));
			CU_ASSERT_EQUAL_FATAL(writer_used(&out), part.size);
			CU_ASSERT_EQUAL(memcmp(room, part.at, part.size), 0);
			free(part.at);
		}
		CU_ASSERT_FALSE(segments_next(&segments, &(struct writer){ 0 }));
		for (size_t size = 0; size < IP4_HEADER_MIN + 8; size++)
			CU_ASSERT_FALSE(
				segments_find_plain((struct span){ plain.at, size }, &segments));
		free(whole.at);
	}
}

static CU_TestInfo tests[] = {
	{ "each part is as it was", each_part_is_as_it_was },
	{ "octets inside are those of all", octets_inside_are_those_of_all },
	{ "marks stay unless said otherwise", marks_stay_unless_said_otherwise },
	{ "one is only finished", one_is_only_finished },
	{ "others are not looked at", others_are_not_looked_at },
	{ "a cut packet is found or not", a_cut_packet_is_found_or_not },
	{ "damage does no harm", damage_does_no_harm },
	{ "plain ones are cut, too", plain_ones_are_cut_too },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("segments", tests);
}
