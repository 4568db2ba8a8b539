/* snmp_listen.c - where managers are listened for when agentd answers them itself. In place
 * of Net-SNMP's own way, which opens and reads /etc/hosts.allow and /etc/hosts.deny anew for
 * every request: 11 of 17 system calls. Who may ask, and from where, is said in the file
 * snmp.configuration alone. */
#include "mib/snmp_internal.h"

#include <stdlib.h>
#include <string.h>

/* Before a message is looked at. What strangers can do is limited by what follows. */
static int let_in(netsnmp_session *session, netsnmp_transport *transport, void *peer, int size)
{
	(void)session;
	(void)transport;
	(void)peer;
	(void)size;
	snmp_increment_statistic(STAT_SNMPINPKTS);
	return 1;
}

static bool listen_at(const char *address)
{
	netsnmp_transport *transport = netsnmp_transport_open_server("snmp", address);
	netsnmp_session session;

	if (!transport)
		return false;
	snmp_sess_init(&session);
	session.version = SNMP_DEFAULT_VERSION;
	session.callback = handle_snmp_packet;
	session.flags = transport->flags;
	session.isAuthoritative = SNMP_SESS_AUTHORITATIVE;
	/* Takes the transport over, also where it fails. */
	return snmp_add(&session, transport, let_in, netsnmp_agent_check_parse);
}

bool snmp_listen(const char *addresses)
{
	char *copy = strdup(addresses), *rest = copy;
	bool listens = copy;

	for (char *address; listens && (address = strsep(&rest, ","));)
		listens = listen_at(address);
	free(copy);
	return listens;
}
