/* capture.h - captured requests, in whatever form an operator has them: octets as
 * they are, hexadecimal digits, or a file of captured packets.
 *
 * May include: agentd/programs/pcap.h. */
#ifndef AGENTD_PROGRAMS_CAPTURE_H
#define AGENTD_PROGRAMS_CAPTURE_H

#include "agentd/programs/pcap.h"

#define CAPTURE_OCTETS_MAX 65536u /* of one datagram */

struct capture {
	bool packets; /* of a file of captured packets; else one datagram */
	bool taken;   /* the one has been given */
	size_t size;
	char report[200];
	struct pcap_reader pcap;
	uint8_t octets[3 * CAPTURE_OCTETS_MAX + 1]; /* as hexadecimal digits with spaces */
};

/* Hexadecimal digits, two for each octet; white space and colons may stand between
 * octets. HA_E_SYNTAX, HA_E_RANGE with capture->report. */
enum ha_error capture_hex(struct capture *capture, const char *text, size_t size);

/* What an open file (borrowed) begins with decides what it is. HA_E_SYNTAX,
 * HA_E_RANGE, HA_E_UNSUPPORTED, HA_E_IO with capture->report. */
enum ha_error capture_open(struct capture *capture, FILE *file);

/* The next datagram to this port (of packets; else the one there is, with no
 * addresses and no time). HA_E_NOTFOUND when there is no more; HA_E_SYNTAX, HA_E_IO
 * with capture->report. */
enum ha_error capture_next(struct capture *capture, uint16_t port, struct pcap_packet *out);

#endif
