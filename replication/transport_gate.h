/* transport_gate.h - who may connect: the members of the cluster but ourselves,
 * by their public keys, and nobody else.
 *
 * ZeroMQ asks (its authentication protocol, RFC 27 of ZeroMQ) whenever somebody
 * connected has proved to have the secret key of a public one. Own thread. For
 * transport_socket.c only.
 *
 * May include: replication, agentd/base. */
#ifndef REPLICATION_TRANSPORT_GATE_H
#define REPLICATION_TRANSPORT_GATE_H

#include "agentd/base/error.h"
#include "replication/replication.h"

#define TRANSPORT_GATE_DOMAIN "hearth"

struct transport_gate;

/* Before any socket of the context (of ZeroMQ) is bound. HA_E_NOMEM, HA_E_IO. */
struct transport_gate *transport_gate_open(void *context, const struct replication_cluster *cluster,
                                           enum ha_error *why);
/* After the context was shut down. Accepts NULL. */
void transport_gate_close(struct transport_gate *gate);

#endif
