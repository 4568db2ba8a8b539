/* pcap.h - files of captured packets in the classic format: UDP datagrams over
 * IPv4 out of them, and into new ones.
 *
 * A reader holds one record, however long the file, and believes no length before
 * it is checked. Links are Ethernet, with VLAN tags, Linux cooked (both versions)
 * and raw IP.
 *
 * May include: proto/cursor.h, agentd/base. */
#ifndef AGENTD_PROGRAMS_PCAP_H
#define AGENTD_PROGRAMS_PCAP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "agentd/base/error.h"
#include "proto/cursor.h"

#define PCAP_HEADER_SIZE 24u
#define PCAP_RECORD_MAX (256u << 10) /* octets; what tcpdump captures at most */

enum pcap_kind {
	PCAP_NONE, /* no file of captured packets */
	PCAP_CLASSIC,
	PCAP_NEXT_GENERATION, /* pcapng, which is not read here */
};

/* What a file is, by its first octets. */
enum pcap_kind pcap_recognize(const void *at, size_t size);

/* One UDP datagram. */
struct pcap_packet {
	uint64_t record;  /* number in the file, 1 is the first */
	uint64_t time_ns; /* Unix time */
	struct in_addr source, destination;
	uint16_t source_port, destination_port; /* host order */
	bool broadcast;                         /* to everybody on its link */
	struct span payload;                    /* of UDP; borrowed until the next one is read */
};

struct pcap_reader {
	FILE *file; /* borrowed */
	bool little, nanoseconds;
	uint32_t link;
	uint64_t records;
	uint64_t cut; /* datagrams to somebody that the capture has not whole */
	char report[160];
	uint8_t octets[PCAP_RECORD_MAX];
};

/* `header` are the first PCAP_HEADER_SIZE octets of the file, already read from it.
 * HA_E_SYNTAX, HA_E_UNSUPPORTED (the link), with reader->report. */
enum ha_error pcap_reader_open(struct pcap_reader *reader, FILE *file,
                               const uint8_t header[PCAP_HEADER_SIZE]);

/* The next UDP datagram to this port (host order); all else is passed over.
 * HA_E_NOTFOUND at the end; HA_E_SYNTAX, HA_E_IO with reader->report. */
enum ha_error pcap_reader_next(struct pcap_reader *reader, uint16_t port, struct pcap_packet *out);

/* May this open file (of read and write) become a new one without a loss? What was
 * captured and what is empty may, and what holds nothing: a pipe, a terminal. */
bool pcap_may_replace(int file);

/* A new file of raw IP, and a datagram into it with headers made for it. false:
 * the file cannot be written. */
bool pcap_write_header(FILE *file);
bool pcap_write_packet(FILE *file, const struct pcap_packet *packet);

#endif
