/* capture.c - tells the forms of a captured request from each other. A request
 * begins with the octet 1, which is no digit: nothing is guessed. */
#include "agentd/programs/capture.h"

#include <stdio.h>
#include <string.h>

static enum ha_error refuse(struct capture *capture, enum ha_error why, const char *text)
{
	snprintf(capture->report, sizeof(capture->report), "%s", text);
	return why;
}

static int digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool is_between(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ':';
}

static enum ha_error refuse_digits(struct capture *capture, size_t character)
{
	snprintf(capture->report, sizeof(capture->report),
	         "not hexadecimal digits, two for each octet, at character %zu", character);
	return HA_E_SYNTAX;
}

/* In place: an octet is never written before both its digits were read. */
static enum ha_error take_hex(struct capture *capture, const uint8_t *text, size_t size)
{
	size_t count = 0;

	for (size_t i = 0; i < size; i++) {
		int high, low;

		if (is_between(text[i]))
			continue;
		high = digit(text[i]);
		low = i + 1 < size ? digit(text[i + 1]) : -1;
		if (high < 0 || low < 0)
			return refuse_digits(capture, i + 1);
		if (count == CAPTURE_OCTETS_MAX)
			return refuse(capture, HA_E_RANGE, "longer than any datagram");
		capture->octets[count++] = (uint8_t)(high << 4 | low);
		i++;
	}
	capture->size = count;
	return count ? HA_OK : refuse(capture, HA_E_SYNTAX, "there is nothing in it");
}

enum ha_error capture_hex(struct capture *capture, const char *text, size_t size)
{
	memset(capture, 0, offsetof(struct capture, pcap));
	return take_hex(capture, (const uint8_t *)text, size);
}

static enum ha_error open_packets(struct capture *capture, FILE *file)
{
	enum ha_error why;

	capture->packets = true;
	why = pcap_reader_open(&capture->pcap, file, capture->octets);
	return why == HA_OK ? HA_OK : refuse(capture, why, capture->pcap.report);
}

static enum ha_error take_rest(struct capture *capture, FILE *file, size_t got)
{
	got += fread(capture->octets + got, 1, sizeof(capture->octets) - got, file);
	if (ferror(file))
		return refuse(capture, HA_E_IO, "it cannot be read");
	if (got == sizeof(capture->octets))
		return refuse(capture, HA_E_RANGE, "longer than any datagram");
	if (got && (digit(capture->octets[0]) >= 0 || is_between(capture->octets[0])))
		return take_hex(capture, capture->octets, got);
	if (got > CAPTURE_OCTETS_MAX)
		return refuse(capture, HA_E_RANGE, "longer than any datagram");
	capture->size = got;
	return got ? HA_OK : refuse(capture, HA_E_SYNTAX, "there is nothing in it");
}

enum ha_error capture_open(struct capture *capture, FILE *file)
{
	enum pcap_kind kind;
	size_t got;

	memset(capture, 0, offsetof(struct capture, pcap));
	got = fread(capture->octets, 1, PCAP_HEADER_SIZE, file);
	if (ferror(file))
		return refuse(capture, HA_E_IO, "it cannot be read");
	kind = pcap_recognize(capture->octets, got);
	if (kind == PCAP_NEXT_GENERATION)
		return refuse(capture, HA_E_UNSUPPORTED,
		              "it is in the format pcapng: `editcap -F pcap IN OUT` makes one that "
		              "can be read here");
	if (kind == PCAP_NONE)
		return take_rest(capture, file, got);
	if (got < PCAP_HEADER_SIZE)
		return refuse(capture, HA_E_SYNTAX, "it ends in its header");
	return open_packets(capture, file);
}

enum ha_error capture_next(struct capture *capture, uint16_t port, struct pcap_packet *out)
{
	enum ha_error why;

	if (capture->packets) {
		why = pcap_reader_next(&capture->pcap, port, out);
		return why == HA_OK || why == HA_E_NOTFOUND
		               ? why
		               : refuse(capture, why, capture->pcap.report);
	}
	*out = (struct pcap_packet){ .record = 1 };
	if (capture->taken)
		return HA_E_NOTFOUND;
	capture->taken = true;
	out->payload = (struct span){ capture->octets, capture->size };
	return HA_OK;
}
