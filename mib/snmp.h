/* snmp.h - the SNMP agent: a thread of its own, in which all of Net-SNMP happens. As a
 * subagent it asks the host's snmpd for its place, again and again while there is none;
 * embedded it answers managers itself. What it shows is read from the agents of the
 * process; mobile nodes never wait for it.
 *
 * Functions are for the thread of the main loop.
 *
 * May include: agentd/flow/agent.h, agentd/visit/visit.h, agentd/base. */
#ifndef MIB_SNMP_H
#define MIB_SNMP_H

#include <stddef.h>
#include <stdint.h>

#include "agentd/base/config_groups.h"
#include "agentd/base/error.h"
#include "agentd/flow/agent.h"
#include "agentd/visit/visit.h"

struct mib_service;

/* `configs` are borrowed until the close. Embedded: read what Net-SNMP is told, and bind
 * the port, which may need a right that is given up afterwards. Else nothing is asked of
 * anybody yet. With snmp.mode off: NULL with HA_OK, which all functions accept.
 *
 * HA_E_NOTFOUND, HA_E_PERMISSION (the configuration), HA_E_INUSE (the port), HA_E_NOMEM,
 * HA_E_IO, with a sentence; NULL then. */
struct mib_service *mib_service_open(const struct config_groups *configs, enum ha_error *why,
                                     char *report, size_t size);

/* One more agent to tell about, borrowed until the close: before the start. */
void mib_service_add(struct mib_service *service, struct agent *agent);

/* The foreign agent of the process and what it advertises, borrowed until the stop; NULL: neither.
 * Before the start. */
void mib_service_visit(struct mib_service *service, struct visit *visit);

/* Answer from now on, on a thread of its own. HA_E_NOMEM, HA_E_CAPACITY with a
 * sentence. */
enum ha_error mib_service_start(struct mib_service *service, char *report, size_t size);

/* The agent of this group starts again: until mib_service_resume nothing is asked of it. Waits
 * for the request that is under way. */
void mib_service_pause(struct mib_service *service, uint32_t group);
void mib_service_resume(struct mib_service *service, uint32_t group);

/* No more requests. The agents are there still. Waits for what is under way: what the thread
 * itself waits for is given up, by SIGURG, which is this module's. What Net-SNMP asks of a
 * receiver of informs that does not answer ends by its own limit, docs/operations. */
void mib_service_stop(struct mib_service *service);
void mib_service_close(struct mib_service *service);

#endif
