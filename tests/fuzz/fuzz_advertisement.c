/* fuzz_advertisement.c - whatever comes as an ICMP message: reading must not look past
 * it, what it finds must lie inside it, and what was read must be written to what reads
 * the same, and to the same octets when it is written again.
 *
 * The first octet chooses: odd, and the checksum is put right first, since nothing else
 * would ever get past it. The rest is the message. */
#include <stdlib.h>

#include "proto/advertisement.h"
#include "proto/ip4.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void mend(uint8_t *message, size_t size)
{
	uint16_t checksum;

	if (size < 4)
		return;
	message[2] = message[3] = 0;
	checksum = ip4_checksum((struct span){ .at = message, .size = size });
	message[2] = (uint8_t)(checksum >> 8);
	message[3] = (uint8_t)checksum;
}

static void check_bounds(struct span message, const struct advertisement *read)
{
	require(read->care_of_count <= ADVERTISEMENT_CARE_OF_MAX);
	require((read->flags & ~AGENT_FLAGS_KNOWN) == 0);
	for (size_t i = 0; i < read->router_count; i++)
		require(read->routers[i].prefix_length <= 32);
	if (read->challenge.size > 0)
		require(read->challenge.at >= message.at &&
		        read->challenge.at + read->challenge.size <= message.at + message.size);
}

static void require_equal(const struct advertisement *a, const struct advertisement *b)
{
	require(a->code == b->code && a->lifetime_s == b->lifetime_s);
	require(a->sequence == b->sequence && a->flags == b->flags);
	require(a->registration_lifetime_s == b->registration_lifetime_s);
	require(a->has_prefix_lengths == b->has_prefix_lengths);
	require(a->care_of_count == b->care_of_count && a->router_count == b->router_count);
	for (size_t i = 0; i < a->care_of_count; i++)
		require(a->care_of[i].s_addr == b->care_of[i].s_addr);
	for (size_t i = 0; i < a->router_count; i++)
		require(a->routers[i].address.s_addr == b->routers[i].address.s_addr &&
		        a->routers[i].preference == b->routers[i].preference &&
		        a->routers[i].prefix_length == b->routers[i].prefix_length);
	require(a->challenge.size == b->challenge.size);
	require(a->challenge.size == 0 ||
	        memcmp(a->challenge.at, b->challenge.at, a->challenge.size) == 0);
}

static void check_written_again(const struct advertisement *read)
{
	uint8_t first[ADVERTISEMENT_MAX], second[ADVERTISEMENT_MAX];
	struct writer out = writer_over(first, sizeof(first));
	struct writer once_more = writer_over(second, sizeof(second));
	struct advertisement again;

	advertisement_write(&out, read);
	require(out.error == advertisement_check(read));
	require(writer_used(&out) == (out.error == HA_OK ? advertisement_size(read) : 0));
	if (out.error != HA_OK)
		return;
	require(advertisement_read(writer_span(&out), &again) == DISCOVERY_SOUND);
	require_equal(read, &again);
	advertisement_write(&once_more, &again);
	require(writer_used(&once_more) == writer_used(&out));
	require(memcmp(first, second, writer_used(&out)) == 0);
}

static void check_message(struct span message)
{
	struct advertisement read;
	enum discovery_fault fault = advertisement_read(message, &read);

	require(fault < DISCOVERY_FAULT_COUNT);
	require(solicitation_read(message) != DISCOVERY_SOUND || fault == DISCOVERY_OTHER_TYPE);
	if (fault != DISCOVERY_SOUND) {
		require(read.router_count == 0 && read.care_of_count == 0);
		return;
	}
	check_bounds(message, &read);
	check_written_again(&read);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *exact;

	if (size == 0)
		return 0;
	exact = malloc(size - 1); /* of exactly its size, so that one octet too far is seen */
	if (!exact)
		return 0;
	memcpy(exact, data + 1, size - 1);
	if (data[0] % 2 != 0)
		mend(exact, size - 1);
	check_message((struct span){ exact, size - 1 });
	free(exact);
	return 0;
}
