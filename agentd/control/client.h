/* client.h - the other end of the control socket: ask, and hear records.
 * Blocks; for programs with one thread.
 *
 * May include: agentd/control/codec.h, verbs.h. */
#ifndef AGENTD_CONTROL_CLIENT_H
#define AGENTD_CONTROL_CLIENT_H

#include "agentd/control/codec.h"

struct control_client {
	int descriptor;
	uint32_t group; /* that is asked; 0 after the open */
	struct octets octets;
	char report[256]; /* what went wrong, for people */
};

/* `timeout_s` is how long the agent may be silent. HA_E_NOTFOUND, HA_E_PERMISSION,
 * HA_E_RANGE, HA_E_IO with client->report. */
enum ha_error control_client_open(struct control_client *client, const char *path,
                                  uint32_t timeout_s);

/* Send, to the client's group, and hear the answer out. HA_E_IO, HA_E_SYNTAX, HA_E_RANGE with
 * client->report: the connection is of no more use then. HA_OK says only that
 * an end was delivered, which carries the error of the agent. */
enum ha_error control_client_ask(struct control_client *client,
                                 const struct control_request *request,
                                 const struct control_sink *sink);

void control_client_close(struct control_client *client);

#endif
