/* server.h - the control socket: agentctl's requests, answered from the main
 * loop. Every bound of it is here or in codec.h.
 *
 * A listing of any length is answered page by page: the next page is made when
 * the one before has been written, from a snapshot of its own.
 *
 * May include: agentd/flow/agent.h, agentd/flow/guest.h, agentd/visit/visit.h, agentd/control. */
#ifndef AGENTD_CONTROL_SERVER_H
#define AGENTD_CONTROL_SERVER_H

#include <stddef.h>
#include <stdint.h>

#include "agentd/base/error.h"
#include "agentd/control/loop.h"
#include "agentd/flow/agent.h"
#include "agentd/flow/guest.h"
#include "agentd/visit/visit.h"

#define CONTROL_CLIENTS_MAX 16u
#define CONTROL_IDLE_S 60u  /* without a whole request */
#define CONTROL_STALL_S 30u /* a client that does not read its answer */

struct control_server;

/* Make the socket, of mode 0660: root and the group of this process may ask.
 * One that nobody listens on any more is replaced.
 *
 * HA_E_INUSE (another process answers there), HA_E_RANGE (path too long),
 * HA_E_PERMISSION, HA_E_NOTFOUND (no such directory), HA_E_IO, HA_E_NOMEM;
 * NULL with *why and a sentence then. */
struct control_server *control_server_open(struct loop *loop, const char *path, enum ha_error *why,
                                           char *report, size_t size);

/* One more agent to answer about, borrowed until the close: before the start, in the
 * order of their groups, at most CONFIG_GROUPS_MAX. */
void control_server_add(struct control_server *server, struct agent *agent);

/* Answer about the group of visitors that members share too, borrowed until the close; before the
 * start. */
void control_server_guest(struct control_server *server, struct guest *guest);

/* Answer about the foreign agent too, which may be NULL, and, where there is no home agent,
 * about this configuration. Both borrowed until the close; before the start. */
void control_server_visit(struct control_server *server, struct visit *visit,
                          const struct config *config);

/* Answer from now on. */
void control_server_start(struct control_server *server);

/* The agent of this group starts again: until control_server_resume nothing is asked
 * of it, and whoever asks for something is told so. Calls that wait for it are answered
 * when it lets go of them. Loop's thread. */
void control_server_pause(struct control_server *server, uint32_t group);
void control_server_resume(struct control_server *server, uint32_t group);

/* Hang up, remove the socket. The agent has been stopped: nothing comes back
 * from it any more. Accepts NULL. */
void control_server_close(struct control_server *server);

#endif
