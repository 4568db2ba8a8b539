/* hear.c - what mobile nodes say on a link, to whom it is for. */
#include "agentd/visit/internal.h"

#include "proto/ip4.h"

#define HEAR_BATCH 64u /* packets of one link before others have their turn */

static void take(struct visit *visit, struct served_link *link, const struct link_heard *heard,
                 uint64_t now_ms)
{
	struct ip4 ip;

	if (ip4_read(heard->packet, &ip) != HA_OK || ip4_is_fragment(&ip))
		return;
	if (ip.protocol == IP4_ICMP)
		advertiser_hear(visit, link, heard, ip4_payload(heard->packet, &ip), ip.source,
		                now_ms);
	else if (ip.protocol == IP4_UDP && visit->pendings)
		relay_hear(visit, link, heard, &ip, now_ms);
}

void visit_hear(struct visit *visit, struct served_link *link, uint64_t now_ms)
{
	uint8_t room[VISIT_PACKET_MAX];
	struct link_heard heard;

	for (unsigned i = 0; i < HEAR_BATCH; i++) {
		if (link->interface.socket < 0 ||
		    !link_socket_receive(link->interface.socket, room, sizeof(room), &heard))
			return;
		take(visit, link, &heard, now_ms);
	}
}
