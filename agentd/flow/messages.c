/* messages.c - who handles which message on port 434, by its first octet. */
#include "agentd/flow/internal.h"

#include "agentd/flow/counters.h"

static const struct message_row {
	datagram_handler *handle;
	void (*count_reply)(enum mip_code code, bool deregistration); /* NULL: never replies */
} rows[] = {
	[MIP_TYPE_REQUEST] = { request_handle, request_count_reply },
	[MIP_TYPE_REVOCATION] = { revocation_handle, revocation_count_reply },
	[MIP_TYPE_REVOCATION_ACK] = { revocation_ack_handle, NULL },
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

void message_handle(struct agent *agent, const struct registration_policy *policy,
                    struct request_clock clock, const struct request_datagram *datagram,
                    bool no_resources, struct request_result *out)
{
	struct reader in = reader_over(datagram->payload.at, datagram->payload.size);
	uint8_t type = get_u8(&in);

	out->fate = REQUEST_DROPPED;
	out->type = type;
	if (!no_resources)
		out->kind = REQUEST_NONE;
	out->claimed = false;
	out->genuine = false;
	out->code = MIP_SILENCE;
	out->deregistration = false;
	out->traced = 0;
	out->reason = "";
	if (type < ROW_COUNT && rows[type].handle)
		rows[type].handle(agent, policy, clock, datagram, no_resources, out);
	else
		flow_count(FLOW_DROPPED_MALFORMED);
}

void message_count_reply(uint8_t type, enum mip_code code, bool deregistration)
{
	if (type < ROW_COUNT && rows[type].count_reply)
		rows[type].count_reply(code, deregistration);
}
