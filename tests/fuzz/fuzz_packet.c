/* fuzz_packet.c - any octets as a packet of a member: what is accepted lies
 * within it, and comes out as it went in. */
#include <stdlib.h>
#include <string.h>

#include "replication/transport_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_messages(struct octets_in in, const uint8_t *end)
{
	const uint8_t *at = in.at;
	struct packet_message message;
	uint8_t again[PACKET_MESSAGE_HEADER];

	while (packet_next(&in, &message)) {
		packet_write_message_header(message.group, message.size, again);
		require(memcmp(at, again, sizeof(again)) == 0);
		require(message.octets == at + sizeof(again));
		require(message.size >= 1 && message.size <= (size_t)(end - message.octets));
		at = message.octets + message.size;
	}
	require(at == end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct octets_in in = octets_in_over(data, size);
	uint8_t again[PACKET_HEADER];
	struct packet_header header;

	if (packet_read_header(&in, &header) != HA_OK)
		return 0;
	packet_write_header(&header, again);
	require(memcmp(data, again, sizeof(again)) == 0);
	check_messages(in, data + size);
	return 0;
}
