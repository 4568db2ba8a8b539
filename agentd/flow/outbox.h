/* outbox.h - replies that leave together: one system call for many. Nothing is
 * copied and nothing allocated.
 *
 * May include: nothing of ours. */
#ifndef AGENTD_FLOW_OUTBOX_H
#define AGENTD_FLOW_OUTBOX_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define OUTBOX_MAX 256u /* replies */

struct outbox {
	struct mmsghdr headers[OUTBOX_MAX];
	struct iovec pieces[OUTBOX_MAX];
	size_t count;
};

/* One more, where there is room (count < OUTBOX_MAX). `to` and the octets of
 * `reply` are borrowed until it has been sent. */
void outbox_add(struct outbox *outbox, struct sockaddr_in *to, uint8_t *reply, size_t size);

/* Send all of them; returns how many the network did not take: those are lost,
 * and their nodes will ask again. They stay in the box until count = 0. */
size_t outbox_send(struct outbox *outbox, int socket);

#endif
