/* outbox.c - sendmmsg. */
#include "agentd/flow/outbox.h"

#include <errno.h>

void outbox_add(struct outbox *outbox, struct sockaddr_in *to, uint8_t *reply, size_t size)
{
	size_t i = outbox->count++;

	outbox->pieces[i] = (struct iovec){ reply, size };
	outbox->headers[i].msg_hdr = (struct msghdr){
		.msg_name = to,
		.msg_namelen = sizeof(*to),
		.msg_iov = &outbox->pieces[i],
		.msg_iovlen = 1,
	};
}

size_t outbox_send(struct outbox *outbox, int socket)
{
	size_t done = 0, lost = 0;

	while (done < outbox->count) {
		int n = sendmmsg(socket, outbox->headers + done, (unsigned)(outbox->count - done),
		                 0);

		if (n > 0) {
			done += (size_t)n;
		} else if (errno != EINTR) {
			done++;
			lost++;
		}
	}
	return lost;
}
