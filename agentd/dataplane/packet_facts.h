/* packet_facts.h - what the kernel says of a packet that it gave to a packet socket.
 *
 * May include: the C library. */
#ifndef AGENTD_DATAPLANE_PACKET_FACTS_H
#define AGENTD_DATAPLANE_PACKET_FACTS_H

#include <linux/if_packet.h>
#include <stdbool.h>
#include <sys/socket.h>

/* Of a message received with room for control data from a socket with PACKET_AUXDATA, in
 * host byte order. false: it says nothing, and *facts is as it was. */
bool packet_facts(struct msghdr *message, struct tpacket_auxdata *facts);

#endif
