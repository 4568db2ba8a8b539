/* merged_reader.h - is a packet that a raw socket handed out really several, and how is it to
 * be cut? What the kernel said of it comes by a socket of merged_socket.h, before the packet
 * or a moment after it.
 *
 * May include: agentd/dataplane/merged_socket.h, proto/segments.h, agentd/base. */
#ifndef AGENTD_DATAPLANE_MERGED_READER_H
#define AGENTD_DATAPLANE_MERGED_READER_H

#include "agentd/dataplane/merged_socket.h"

#define MERGED_NOTES 64u

/* Zeroed but for `fd`; of one thread. */
struct merged_reader {
	int fd;                                 /* of merged_socket_open; -1: nothing is known */
	struct merged_note notes[MERGED_NOTES]; /* about packets that did not come yet */
	size_t note_at;
	uint64_t wait_again_ns; /* for a note that is missing */
};

enum merged {
	MERGED_NOT,
	MERGED_UNKNOWN, /* it is, and nothing is known of its parts */
	MERGED_KNOWN,   /* *out cuts it; a checksum that was only begun is completed by that */
};

enum merged merged_reader_ask(struct merged_reader *reader, struct span packet,
                              struct segments *out);

#endif
