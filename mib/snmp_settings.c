/* snmp_settings.c - how Net-SNMP is set up: as a subagent of the host's snmpd, or as the
 * agent that managers ask. */
#include "mib/snmp_internal.h"

#include <net-snmp/agent/mib_modules.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agentd/base/log.h"

/* Seconds between two looks whether the master is there: a new one is found at once. */
#define PING_INTERVAL_S 2
#define NOWHERE "/nonexistent/hearth"
/* Where nothing can be made: it would have a directory for certificates, whatever it is told of
 * what it is to keep, and make all that lead to it. */
#define NO_DIRECTORY "/dev/null"
/* So that Net-SNMP opens none; snmp_listen does. */
#define NO_PORTS "none"
/* Seconds that it has for an answer, once. */
#define MASTER_TIMEOUT_S 1

/* Of the agent itself, where agentd is one: system, its counters, engine and users. In a
 * library without a header. */
extern void init_system_mib(void);
extern void init_sysORTable(void);
extern void init_snmp_mib(void);
extern void init_snmpEngine(void);
extern void init_snmpMPDStats(void);
extern void init_usmStats(void);

static void set_flag(int store, int which, int value)
{
	netsnmp_ds_set_boolean(store, which, value);
}

static void set_common(struct mib_service *service)
{
	snmp_watch_log(service);
	/* The host has files for other programs of Net-SNMP, which are not for agentd. */
	set_configuration_directory(NOWHERE);
	set_flag(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_BREAKDOWN_OIDS, 1);
}

static void set_agentx(const struct mib_options *options)
{
	set_flag(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
	set_flag(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DISABLE_CONFIG_LOAD, 1);
	set_flag(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DISABLE_PERSISTENT_LOAD, 1);
	set_flag(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DISABLE_PERSISTENT_SAVE, 1);
	netsnmp_ds_set_string(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_PERSISTENT_DIR, NO_DIRECTORY);
	netsnmp_enable_subagent();
	netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_X_SOCKET,
	                      options->master);
	netsnmp_ds_set_int(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_AGENTX_TIMEOUT,
	                   MASTER_TIMEOUT_S * ONE_SEC);
	netsnmp_ds_set_int(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_AGENTX_RETRIES, 0);
}

static void set_embedded(const struct mib_options *options)
{
	char directory[CONFIG_TEXT_MAX + sizeof("/snmp")];

	snprintf(directory, sizeof(directory), "%s/snmp", options->directory);
	netsnmp_ds_set_string(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_PERSISTENT_DIR, directory);
	netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_PORTS, NO_PORTS);
	netsnmp_ds_set_string(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_OPTIONALCONFIG,
	                      options->configuration);
}

static enum ha_error fail(struct mib_service *service, enum ha_error error, const char *subject,
                          const char *what)
{
	snprintf(service->report, sizeof(service->report), "SNMP: %.160s: %s", subject, what);
	return error;
}

/* The file holds passwords. */
static enum ha_error check_file(struct mib_service *service)
{
	const char *path = service->options.configuration;
	struct stat status;

	if (stat(path, &status) != 0 || access(path, R_OK) != 0)
		return fail(service, errno == EACCES ? HA_E_PERMISSION : HA_E_NOTFOUND, path,
		            strerror(errno));
	if (status.st_mode & (S_IROTH | S_IWOTH))
		return fail(service, HA_E_PERMISSION, path,
		            "everybody can read or write it, and it holds passwords: chmod o= it");
	return HA_OK;
}

static enum ha_error begin_agentx(struct mib_service *service)
{
	set_agentx(&service->options);
	if (init_agent(SNMP_NAME) != 0)
		return fail(service, HA_E_IO, SNMP_NAME, "Net-SNMP does not start");
	netsnmp_ds_set_int(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_AGENTX_PING_INTERVAL,
	                   PING_INTERVAL_S);
	return HA_OK;
}

static enum ha_error begin_embedded(struct mib_service *service)
{
	static void (*const own[])(void) = { init_system_mib, init_sysORTable,   init_snmp_mib,
		                             init_snmpEngine, init_snmpMPDStats, init_usmStats };
	static char no_smux[] = "-smux";
	enum ha_error error = check_file(service);

	if (error != HA_OK)
		return error;
	set_embedded(&service->options);
	/* It would listen for subagents of an older kind. */
	add_to_init_list(no_smux);
	if (init_agent(SNMP_NAME) != 0)
		return fail(service, HA_E_IO, SNMP_NAME, "Net-SNMP does not start");
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		own[i]();
	return HA_OK;
}

enum ha_error snmp_begin(struct mib_service *service)
{
	bool embedded = service->options.mode == SNMP_MODE_EMBEDDED;
	enum ha_error error;

	set_common(service);
	snmp_watch_peers(service);
	error = embedded ? begin_embedded(service) : begin_agentx(service);
	if (error != HA_OK)
		return error;
	error = snmp_register(service);
	if (error != HA_OK)
		return fail(service, error, "objects cannot be registered", ha_strerror(error));
	init_snmp(SNMP_NAME);
	if (embedded) {
		/* The count of starts that managers know this engine by must not go back. */
		snmp_store(SNMP_NAME);
		service->joined = true;
		if (init_master_agent() != 0 || !snmp_listen(service->options.listen))
			return fail(service, HA_E_INUSE, service->options.listen,
			            "managers cannot be listened for there");
	}
	service->begun = true;
	snmp_watch_started(service);
	return HA_OK;
}

void snmp_finish(struct mib_service *service)
{
	/* After half a start Net-SNMP must not be ended: it frees what it never made. */
	if (service->begun) {
		snmp_unwatch_peers(service);
		snmp_shutdown(SNMP_NAME);
		shutdown_agent();
	}
	service->begun = false;
	snmp_unregister(service);
	snmp_sets_drop(service);
	/* Net-SNMP may have asked a handler for what it had begun. */
	snmp_let_go(service);
}
