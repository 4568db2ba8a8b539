/* send.c - packets of our own to a link, and numbers that nobody foresees. */
#include "agentd/visit/internal.h"

#include <string.h>
#include <sys/random.h>

#include "agentd/base/address.h"
#include "agentd/base/clock.h"
#include "proto/ip4.h"

#define SEND_MAX 4096u /* octets; an advertisement has 2818 at most */

void visit_random_octets(void *out, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t got = getrandom((char *)out + done, size - done, 0);

		done += got > 0 ? (size_t)got : 0;
	}
}

uint32_t visit_random(void)
{
	uint32_t number;

	visit_random_octets(&number, sizeof(number));
	return number;
}

/* RFC 1112 section 6.4, or everybody. */
static void link_address_of(struct in_addr destination, uint8_t out[LINK_ADDRESS_OCTETS])
{
	uint32_t address = address_host(destination);

	memset(out, 0xff, LINK_ADDRESS_OCTETS);
	if (!IN_MULTICAST(address))
		return;
	out[0] = 0x01;
	out[1] = 0x00;
	out[2] = 0x5e;
	out[3] = (uint8_t)(address >> 16 & 0x7f);
	out[4] = (uint8_t)(address >> 8);
	out[5] = (uint8_t)address;
}

bool visit_send(struct visit *visit, struct served_link *link, const struct ip4 *header,
                const uint8_t *to_link, struct span payload)
{
	uint8_t octets[SEND_MAX], everybody[LINK_ADDRESS_OCTETS];
	struct writer out = writer_over(octets, sizeof(octets));
	struct ip4 ip = *header;

	ip.total = (uint16_t)(IP4_HEADER_MIN + payload.size);
	ip.id = visit->packet_id++;
	ip4_write(&out, &ip);
	put_octets(&out, payload.at, payload.size);
	if (out.error != HA_OK || link->interface.index == 0)
		return false;
	if (!to_link) {
		link_address_of(ip.destination, everybody);
		to_link = everybody;
	}
	return link_socket_send(visit->sender, link->interface.index, to_link, writer_span(&out)) ==
	       0;
}
