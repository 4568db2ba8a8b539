/* guest.h - the group of a cluster in which its members have the visitors of their foreign agent
 * in common: a list in memory, which commands of the log change and a store follows; the
 * addresses that are on the host of whoever leads the group.
 *
 *     open the membership, the agents, the guests; start the membership; start the guests
 *     halt the guests and the agents; stop the membership; close the guests; close it
 *
 * May include: agentd/visitors, replication, agentd/flow/membership.h, agentd/base. */
#ifndef AGENTD_FLOW_GUEST_H
#define AGENTD_FLOW_GUEST_H

#include "agentd/base/config.h"
#include "agentd/flow/membership.h"
#include "agentd/visitors/members.h"
#include "replication/replication.h"

struct guest;

#define GUEST_SUBJECT "visitors" /* what lines of the log about the group begin with */

struct guest_options {
	const struct config *config; /* of group 0, which shares visitors. Borrowed for the open */
	struct membership *member;
	/* Nothing may be written any more; any thread. */
	void (*failed)(void *context, enum ha_error why, const char *what);
	void *context;
};

/* Its store is open, its place in the log is known, no address is taken. With all rights. Errors
 * of store_open, replication_open and ownership_open, with a sentence. */
struct guest *guest_open(const struct guest_options *options, enum ha_error *why, char *report,
                         size_t size);

/* The membership is started. With a sentence. */
enum ha_error guest_start(struct guest *guest, char *report, size_t size);

/* What an operator wishes of the group and of the node, as of replication_transfer,
 * replication_drain and replication_admit; HA_E_CLOSED also while another member's store is put
 * in the place of ours. Any thread but the engine's. */
enum ha_error guest_transfer(struct guest *guest, uint8_t member);
enum ha_error guest_drain(struct guest *guest, bool drain);
enum ha_error guest_admit(struct guest *guest, uint8_t member);

/* Take no more, and be nobody's foreign agent: before the membership stops. NULL is fine. */
void guest_halt(struct guest *guest);

/* What the log has is in the store when this returns, if it can be. NULL is fine. */
void guest_close(struct guest *guest);

/* For the foreign agent of this process; lives as long as the guest. */
const struct visitors_members *guest_members(struct guest *guest);

struct guest_status {
	struct replication_status replication; /* zero while another member's store is put here */
	uint32_t visitors;
	uint64_t stored_index; /* newest entry that the store has */
	bool failing;          /* the store cannot be written */
	bool witness;          /* this member is one */
};
void guest_status(struct guest *guest, struct guest_status *out);

#endif
