/* packet_facts.c - see the header. */
#include "agentd/dataplane/packet_facts.h"

#include <string.h>

bool packet_facts(struct msghdr *message, struct tpacket_auxdata *facts)
{
	for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at; at = CMSG_NXTHDR(message, at)) {
		if (at->cmsg_level != SOL_PACKET || at->cmsg_type != PACKET_AUXDATA ||
		    at->cmsg_len < CMSG_LEN(sizeof(*facts)))
			continue;
		memcpy(facts, CMSG_DATA(at), sizeof(*facts));
		return true;
	}
	return false;
}
