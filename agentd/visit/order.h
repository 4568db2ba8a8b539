/* order.h - replies to mobile nodes that change the visitor list. Where members of a cluster have
 * it in common a reply waits until the change is safe among them: nobody is told of what could be
 * lost. Without members it is told at once.
 *
 * May include: agentd/visitors, agentd/registration. */
#ifndef AGENTD_VISIT_ORDER_H
#define AGENTD_VISIT_ORDER_H

#include "agentd/registration/foreign_reply.h"
#include "agentd/visitors/members.h"

#define ORDERS_MAX 256u /* replies that wait at once */
#define ORDER_MESSAGE_MAX (2048u + FOREIGN_REPLY_ADDED_MAX)

/* A reply, and what it says. */
struct order {
	uint64_t ticket; /* 0: the place is free */
	enum foreign_visitor_change change;
	struct foreign_visitor visitor;
	struct foreign_registration asked; /* whom it goes to */
	bool relayed;                      /* it is the home agent's, and no denial of ours */
	enum foreign_code code;
	size_t size;
	uint8_t message[ORDER_MESSAGE_MAX];
};

struct orders {
	uint64_t serial;
	uint32_t count;
	struct order at[ORDERS_MAX];
};

#endif
