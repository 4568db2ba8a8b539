/* snmp_watch.c - what Net-SNMP says of itself: its log, whether there is a master, and
 * who asked for what it may not have. */
#include "mib/snmp_internal.h"

#include <net-snmp/agent/agent_callbacks.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "agentd/base/log.h"
#include "mib/counters.h"

/* Until the start is over, what it says is about the operator's file. Later it is about
 * the network and its peers, strangers among them. */
static _Atomic bool is_starting;

static int on_log(int major, int minor, void *message, void *context)
{
	const struct snmp_log_message *line = message;
	int length = (int)strcspn(line->msg, "\n");

	(void)major;
	(void)minor;
	(void)context;
	if (length == 0)
		return 0;
	if (atomic_load(&is_starting) && line->priority <= LOG_WARNING)
		log_warning("SNMP: %.*s", length < 400 ? length : 400, line->msg);
	else
		log_debug("Net-SNMP: %.*s", length < 400 ? length : 400, line->msg);
	return 0;
}

void snmp_watch_log(struct mib_service *service)
{
	atomic_store(&is_starting, service->options.mode == SNMP_MODE_EMBEDDED);
	snmp_disable_log();
	snmp_enable_calllog();
	snmp_register_callback(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_LOGGING, on_log, NULL);
}

static void note_master(struct mib_service *service, int descriptor)
{
	pthread_mutex_lock(&service->master_lock);
	service->master = descriptor;
	pthread_mutex_unlock(&service->master_lock);
}

void snmp_break_off(struct mib_service *service)
{
	pthread_mutex_lock(&service->master_lock);
	if (service->master >= 0 && shutdown(service->master, SHUT_RDWR) != 0)
		log_debug("SNMP: snmpd was gone already: %s", strerror(errno));
	pthread_mutex_unlock(&service->master_lock);
}

/* What a master does not take is given up: one that stands still would hold the thread for as
 * long as its buffer is full, and no signal ends that wait. */
static void watch_master(struct mib_service *service, netsnmp_session *session)
{
	const struct timeval limit = { .tv_sec = 1 };
	netsnmp_transport *transport = snmp_sess_transport(snmp_sess_pointer(session));

	if (!transport)
		return;
	if (setsockopt(transport->sock, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) != 0)
		log_debug("SNMP: sending to snmpd has no limit: %s", strerror(errno));
	note_master(service, transport->sock);
}

static int on_join(int major, int minor, void *session, void *context)
{
	struct mib_service *service = context;

	(void)major;
	(void)minor;
	watch_master(service, session);
	if (!service->joined) {
		mib_count(MIB_COUNT_MASTER_JOINED);
		log_notice("SNMP: answers managers through snmpd at %s", service->options.master);
	}
	service->joined = true;
	return 0;
}

static int on_loss(int major, int minor, void *session, void *context)
{
	struct mib_service *service = context;

	(void)major;
	(void)minor;
	(void)session;
	if (service->joined && !atomic_load(&service->stopping)) {
		mib_count(MIB_COUNT_MASTER_LOST);
		log_warning("SNMP: snmpd at %s is gone or does not answer; it is asked again "
		            "until it does",
		            service->options.master);
	}
	service->joined = false;
	note_master(service, -1);
	/* It is asked again at once, and may not be there for long. */
	snmp_let_go(service);
	/* Nobody can go on with a SET that it began, and plans hold keys. */
	snmp_sets_drop(service);
	return 0;
}

/* Objects that are passed over on the way to the next one are no refusal, and what is not
 * known of a whole subtree is asked of its objects. */
static bool is_refusal(const struct view_parameters *view)
{
	int command = view->pdu->command;

	if (view->errorcode == VACM_NOTINVIEW || view->errorcode == VACM_NOVIEW)
		return command != SNMP_MSG_GETNEXT && command != SNMP_MSG_GETBULK;
	return view->errorcode != VACM_SUCCESS && view->errorcode != VACM_SUBTREE_UNKNOWN;
}

/* After Net-SNMP's own look at the views: it wrote its verdict there, of each object. */
static int on_check(int major, int minor, void *parameters, void *context)
{
	const struct view_parameters *view = parameters;
	struct mib_service *service = context;

	(void)major;
	(void)minor;
	if (!is_refusal(view) || view->pdu->transid == service->refused)
		return 0;
	service->refused = view->pdu->transid;
	mib_count(MIB_COUNT_UNAUTHORISED);
	return 0;
}

/* What is listened to in each mode. */
static const struct {
	bool embedded;
	int which;
	SNMPCallback *told;
} watched[] = {
	{ true, SNMPD_CALLBACK_ACM_CHECK, on_check },
	{ true, SNMPD_CALLBACK_ACM_CHECK_INITIAL, on_check },
	{ false, SNMPD_CALLBACK_INDEX_START, on_join },
	{ false, SNMPD_CALLBACK_INDEX_STOP, on_loss },
};

void snmp_watch_peers(struct mib_service *service)
{
	bool embedded = service->options.mode == SNMP_MODE_EMBEDDED;

	for (size_t i = 0; i < sizeof(watched) / sizeof(watched[0]); i++)
		if (watched[i].embedded == embedded)
			netsnmp_register_callback(SNMP_CALLBACK_APPLICATION, watched[i].which,
			                          watched[i].told, service,
			                          NETSNMP_CALLBACK_LOWEST_PRIORITY);
}

void snmp_unwatch_peers(struct mib_service *service)
{
	note_master(service, -1);
	for (size_t i = 0; i < sizeof(watched) / sizeof(watched[0]); i++)
		snmp_unregister_callback(SNMP_CALLBACK_APPLICATION, watched[i].which,
		                         watched[i].told, service, 1);
}

void snmp_watch_started(struct mib_service *service)
{
	atomic_store(&is_starting, false);
	if (service->options.mode == SNMP_MODE_EMBEDDED)
		log_notice("SNMP: managers are answered at %s", service->options.listen);
	else if (!service->joined)
		log_notice("SNMP: there is no snmpd at %s yet; it is asked again until there is",
		           service->options.master);
}
