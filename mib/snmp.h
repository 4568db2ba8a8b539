/* snmp.h - the SNMP agent: a thread of its own, in which all of Net-SNMP happens. As a
 * subagent it asks the host's snmpd for its place, again and again while there is none;
 * embedded it answers managers itself. What it shows is read from the agents of the
 * process; mobile nodes never wait for it.
 *
 * Functions are for the thread of the main loop.
 *
 * May include: agentd/flow/agent.h, agentd/visit/visit.h, agentd/mobile/desk.h, agentd/base. */
#ifndef MIB_SNMP_H
#define MIB_SNMP_H

#include <stddef.h>
#include <stdint.h>

#include "agentd/base/config_groups.h"
#include "agentd/base/error.h"
#include "agentd/flow/agent.h"
#include "agentd/mobile/desk.h"
#include "agentd/visit/visit.h"

struct mib_service;
struct mib_table;

/* What the process is. */
enum mib_role {
	MIB_HOME_AGENT = 1,
	MIB_FOREIGN_AGENT = 2,
	MIB_ADVERTISED = 4,
	MIB_MOBILE_NODE = 8,
};

/* Texts and tables are borrowed until the close. */
struct mib_options {
	unsigned roles; /* enum mib_role, or-ed */
	enum snmp_mode mode;
	const char *master;        /* agentx: where snmpd listens */
	const char *listen;        /* embedded */
	const char *configuration; /* embedded: a file */
	const char *directory;     /* embedded: for what Net-SNMP keeps */
	const char *context;       /* of this node alone; empty = none */
	bool rightless;            /* the thread keeps no rights of the process */
	uint32_t member;           /* of a cluster, whose other members have other numbers; or 0 */
	size_t group_count;
	uint32_t groups[CONFIG_GROUPS_MAX];
	struct mib_table *const *tables;
	size_t table_count;
};

/* Of agentd; `configs` are borrowed likewise. */
void mib_options_of(const struct config_groups *configs, struct mib_options *out);

/* Embedded: read what Net-SNMP is told, and bind the port, which may need a right that is given up
 * afterwards. Else nothing is asked of anybody yet. With SNMP_MODE_OFF: NULL with HA_OK, which all
 * functions accept.
 *
 * HA_E_NOTFOUND, HA_E_PERMISSION (the configuration), HA_E_INUSE (the port), HA_E_NOMEM,
 * HA_E_IO, with a sentence; NULL then. */
struct mib_service *mib_service_open(const struct mib_options *options, enum ha_error *why,
                                     char *report, size_t size);

/* One more agent to tell about, borrowed until the close: before the start. */
void mib_service_add(struct mib_service *service, struct agent *agent);

/* The foreign agent of the process and what it advertises, borrowed until the stop; NULL: neither.
 * Before the start. */
void mib_service_visit(struct mib_service *service, struct visit *visit);

/* A mobile node is seen at this desk, borrowed until the stop. Before the start. */
void mib_service_mobile(struct mib_service *service, struct mobile_desk *desk);

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
