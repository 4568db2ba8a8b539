/* fuzz_capture.c - what an operator gives to `agentctl explain`: files of captured
 * packets, digits, octets. No input makes a datagram out of what it does not hold. */
#include <stdlib.h>
#include <string.h>

#include "agentd/programs/capture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int holds)
{
	if (!holds)
		abort();
}

/* Written and read again it is the same. */
static void check_written(const struct pcap_packet *packet)
{
	static struct pcap_reader reader;
	uint8_t header[PCAP_HEADER_SIZE];
	struct pcap_packet again;
	FILE *file = tmpfile();

	check(file && pcap_write_header(file) && pcap_write_packet(file, packet));
	rewind(file);
	check(fread(header, 1, sizeof(header), file) == sizeof(header));
	check(pcap_reader_open(&reader, file, header) == HA_OK);
	check(pcap_reader_next(&reader, packet->destination_port, &again) == HA_OK);
	check(again.payload.size == packet->payload.size &&
	      again.source.s_addr == packet->source.s_addr &&
	      again.source_port == packet->source_port);
	fclose(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct capture capture;
	struct pcap_packet packet;
	FILE *file;
	unsigned count = 0;

	if (size == 0)
		return 0;
	file = fmemopen((void *)data, size, "rb");
	check(file != NULL);
	if (capture_open(&capture, file) == HA_OK)
		while (capture_next(&capture, 434, &packet) == HA_OK && ++count < 16) {
			check(packet.payload.size <= size);
			if (capture.packets && packet.payload.size < 2000)
				check_written(&packet);
		}
	check(strlen(capture.report) < sizeof(capture.report));
	fclose(file);
	capture_hex(&capture, (const char *)data, size);
	return 0;
}
