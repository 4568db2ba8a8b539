/* test_arp.c - ARP frames: octet for octet, every prefix, every flipped bit. */
#include "proto/arp.h"

#include "tests/unit/suite.h"

static const uint8_t golden[ARP_FRAME_OCTETS] = {
	0x02, 0x00, 0x00, 0x00, 0x00, 0x77, 0x00, 0x00, 0x5e, 0x00, 0x01, 0x0a, 0x08, 0x06,
	0x00, 0x01, 0x08, 0x00, 0x06, 0x04, 0x00, 0x02, 0x00, 0x00, 0x5e, 0x00, 0x01, 0x0a,
	192,  0,    2,    1,    0x02, 0x00, 0x00, 0x00, 0x00, 0x77, 192,  0,    2,    77,
};

static const struct mac virtual_mac = { { 0x00, 0x00, 0x5e, 0x00, 0x01, 0x0a } };
static const struct mac neighbour_mac = { { 0x02, 0x00, 0x00, 0x00, 0x00, 0x77 } };

static struct in_addr address_of(uint32_t host)
{
	return (struct in_addr){ htonl(0xc0000200u + host) };
}

static struct arp request(void)
{
	return (struct arp){
		.to = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } },
		.from = neighbour_mac,
		.operation = ARP_REQUEST,
		.sender_mac = neighbour_mac,
		.sender = address_of(77),
		.target = address_of(1),
	};
}

static bool is_zero(const struct arp *arp)
{
	static const struct arp zero;

	return memcmp(arp, &zero, sizeof(zero)) == 0;
}

static void answer_is_written_octet_for_octet(void)
{
	uint8_t frame[ARP_FRAME_OCTETS];
	struct writer out = writer_over(frame, sizeof(frame));
	struct arp asked = request(), answer = arp_answer(&asked, virtual_mac);

	arp_encode(&out, &answer);
	CU_ASSERT_EQUAL(out.error, HA_OK);
	CU_ASSERT_EQUAL(writer_used(&out), sizeof(golden));
	CU_ASSERT_EQUAL(memcmp(frame, golden, sizeof(golden)), 0);
}

static void golden_frame_is_read(void)
{
	struct reader in = reader_over(golden, sizeof(golden));
	struct arp arp;

	CU_ASSERT_EQUAL(arp_decode(&in, &arp), HA_OK);
	CU_ASSERT_TRUE(mac_equal(arp.to, neighbour_mac));
	CU_ASSERT_TRUE(mac_equal(arp.from, virtual_mac));
	CU_ASSERT_EQUAL(arp.operation, ARP_REPLY);
	CU_ASSERT_TRUE(mac_equal(arp.sender_mac, virtual_mac));
	CU_ASSERT_EQUAL(arp.sender.s_addr, address_of(1).s_addr);
	CU_ASSERT_TRUE(mac_equal(arp.target_mac, neighbour_mac));
	CU_ASSERT_EQUAL(arp.target.s_addr, address_of(77).s_addr);
}

static void padding_is_not_looked_at(void)
{
	uint8_t frame[60] = { 0 };
	struct reader in = reader_over(frame, sizeof(frame));
	struct arp arp;

	memcpy(frame, golden, sizeof(golden));
	CU_ASSERT_EQUAL(arp_decode(&in, &arp), HA_OK);
	CU_ASSERT_EQUAL(reader_left(&in), sizeof(frame) - sizeof(golden));
}

static void every_prefix_is_truncated(void)
{
	struct arp arp;

	for (size_t size = 0; size < sizeof(golden); size++) {
		struct reader in = reader_over(golden, size);

		/* A part of the fixed fields may be missed first. */
		CU_ASSERT_NOT_EQUAL(arp_decode(&in, &arp), HA_OK);
		CU_ASSERT_TRUE(is_zero(&arp));
	}
}

static void flipped_bits_change_the_frame_or_are_refused(void)
{
	for (size_t bit = 0; bit < 8 * sizeof(golden); bit++) {
		uint8_t frame[ARP_FRAME_OCTETS], again[ARP_FRAME_OCTETS];
		struct reader in = reader_over(frame, sizeof(frame));
		struct writer out = writer_over(again, sizeof(again));
		struct arp arp;

		memcpy(frame, golden, sizeof(golden));
		frame[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (bit / 8 >= 12 && bit / 8 < 20) { /* types and lengths */
			CU_ASSERT_EQUAL(arp_decode(&in, &arp), HA_E_MALFORMED);
			CU_ASSERT_TRUE(is_zero(&arp));
			continue;
		}
		CU_ASSERT_EQUAL(arp_decode(&in, &arp), HA_OK);
		arp_encode(&out, &arp);
		CU_ASSERT_EQUAL(memcmp(frame, again, sizeof(frame)), 0);
	}
}

static void buffer_that_is_too_small_is_told(void)
{
	uint8_t frame[ARP_FRAME_OCTETS - 1];
	struct writer out = writer_over(frame, sizeof(frame));
	struct arp arp = request();

	arp_encode(&out, &arp);
	CU_ASSERT_EQUAL(out.error, HA_E_NOSPACE);
}

static void announcements_tell_everybody(void)
{
	struct arp asks = arp_announcement(virtual_mac, address_of(1), ARP_REQUEST);
	struct arp says = arp_announcement(virtual_mac, address_of(1), ARP_REPLY);

	CU_ASSERT_EQUAL(asks.operation, ARP_REQUEST);
	CU_ASSERT_EQUAL(says.operation, ARP_REPLY);
	CU_ASSERT_STRING_EQUAL(mac_format(asks.to).text, "ff:ff:ff:ff:ff:ff");
	CU_ASSERT_STRING_EQUAL(mac_format(says.to).text, "ff:ff:ff:ff:ff:ff");
	CU_ASSERT_STRING_EQUAL(mac_format(asks.sender_mac).text, "00:00:5e:00:01:0a");
	CU_ASSERT_EQUAL(asks.sender.s_addr, asks.target.s_addr);
	CU_ASSERT_EQUAL(says.sender.s_addr, says.target.s_addr);
}

static CU_TestInfo tests[] = {
	{ "an answer is written octet for octet", answer_is_written_octet_for_octet },
	{ "the golden frame is read", golden_frame_is_read },
	{ "padding is not looked at", padding_is_not_looked_at },
	{ "every prefix is refused", every_prefix_is_truncated },
	{ "flipped bits change the frame or are refused",
	  flipped_bits_change_the_frame_or_are_refused },
	{ "a buffer that is too small is told", buffer_that_is_too_small_is_told },
	{ "announcements tell everybody", announcements_tell_everybody },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("arp", tests);
}
