/* purse.h - for the codec only: an allocator for the protobuf library that can
 * be spent once, and that wipes what comes back.
 *
 * May include: protobuf-c. */
#ifndef AGENTD_CONTROL_PURSE_H
#define AGENTD_CONTROL_PURSE_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

struct purse {
	ProtobufCAllocator allocator; /* points into the purse: it must not move */
	size_t left;
};

void purse_open(struct purse *purse, size_t octets);

#endif
