/* fuzz_arp.c - any frame of the home link: decoding must not read past it, what
 * was decoded encodes to what was read, and the answer to it is ARP, too. */
#include <stdlib.h>

#include "proto/arp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check_answer(const struct arp *request)
{
	static const struct mac ours = { { 0x00, 0x00, 0x5e, 0x00, 0x01, 0x01 } };
	struct arp answer = arp_answer(request, ours);

	require(answer.operation == ARP_REPLY && mac_equal(answer.sender_mac, ours));
	require(answer.sender.s_addr == request->target.s_addr);
	require(mac_equal(answer.to, request->sender_mac));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t again[ARP_FRAME_OCTETS];
	struct reader in = reader_over(data, size);
	struct writer out = writer_over(again, sizeof(again));
	struct arp arp;

	if (arp_decode(&in, &arp) != HA_OK)
		return 0;
	arp_encode(&out, &arp);
	require(out.error == HA_OK && memcmp(again, data, sizeof(again)) == 0);
	check_answer(&arp);
	return 0;
}
