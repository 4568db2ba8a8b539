/* snmp_notify.c - notifications on their way out: through the master, or to the receivers
 * that the configuration names. While there is no master events wait, the worst longest. */
#include "mib/snmp_internal.h"

#include "agentd/base/clock.h"
#include "mib/counters.h"
#include "mib/snmp_values.h"

/* Sending that takes this long waits for a receiver, and managers wait with it. They have the
 * time between two of those: four times as much. */
#define SLOW_MS 50u
#define REST_FACTOR 4u

/* snmpTrapOID, the first object of a notification of version 2; sysUpTime is put before
 * it by who sends it. */
static const oid trap_name[] = { 1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0 };

static netsnmp_variable_list *append(netsnmp_variable_list **list, const struct notified *object)
{
	oid name[MIB_NAME_MAX];
	size_t size = snmp_name_out(&object->name, name);
	netsnmp_variable_list *variable = snmp_varlist_add_variable(list, name, size, ASN_NULL,
	                                                            NULL, 0);

	if (variable)
		snmp_value_out(variable, &object->value);
	return variable;
}

static netsnmp_variable_list *compose(const struct notification *notification)
{
	netsnmp_variable_list *list = NULL;
	oid name[MIB_NAME_MAX];
	size_t size = snmp_name_out(&notification->name, name);
	bool whole = snmp_varlist_add_variable(&list, trap_name, OID_LENGTH(trap_name),
	                                       ASN_OBJECT_ID, name, size * sizeof(name[0]));

	for (size_t i = 0; i < notification->count && whole; i++)
		whole = append(&list, &notification->objects[i]);
	if (whole)
		return list;
	snmp_free_varbind(list);
	return NULL;
}

static void send_to_receivers(struct mib_service *service, netsnmp_variable_list *list)
{
	uint64_t began_ms = clock_monotonic_ms(), took_ms;

	/* Who receives informs of version 3 is asked for its engine first, and awaited. */
	send_v2trap(list);
	took_ms = clock_monotonic_ms() - began_ms;
	if (took_ms >= SLOW_MS)
		service->silent_until_ms = began_ms + took_ms + took_ms * REST_FACTOR;
}

static void send_one(struct mib_service *service, const struct event *event)
{
	uint64_t now_ms = clock_monotonic_ms();
	struct notification notification;
	netsnmp_variable_list *list;
	struct notify_limit limit;

	snmp_hold(service, MIB_ALL_GROUPS);
	notify_limit(&service->view, event->kind, &limit);
	snmp_let_go(service);
	if (!notify_of(&service->notifier, event, &limit, now_ms, &notification))
		return;
	list = compose(&notification);
	mib_count(list ? MIB_COUNT_NOTIFICATIONS : MIB_COUNT_NOTIFICATIONS_FAILED);
	if (list)
		send_to_receivers(service, list);
	snmp_free_varbind(list);
}

/* Of alarms: of the others there is no end to be told. */
static uint64_t lost_events(void)
{
	uint64_t sum = 0;

	for (unsigned kind = 1; kind <= EVENT_KIND_MAX; kind++)
		if (event_kind_severity((enum event_kind)kind) != EVENT_NO_ALARM)
			sum += events_lost(kind);
	return sum;
}

/* When some are lost there are others, too many of them, and their number is looked at
 * after those. */
static bool next_event(struct mib_service *service, bool told, struct event *out)
{
	uint64_t lost;

	if (told && events_take(out))
		return true;
	if (told) {
		lost = lost_events();
		service->misses |= lost != service->lost_events;
		service->lost_events = lost;
	}
	service->misses = service->misses && notify_missed(&service->notifier, out);
	return service->misses;
}

void snmp_notify(struct mib_service *service, bool told)
{
	struct event event;

	if (service->joined && clock_monotonic_ms() >= service->silent_until_ms &&
	    !atomic_load(&service->stopping) && next_event(service, told, &event))
		send_one(service, &event);
}

static void shorten(struct timeval *timeout, int *block, uint64_t to_ms)
{
	uint64_t is_ms = (uint64_t)timeout->tv_sec * 1000u + (uint64_t)timeout->tv_usec / 1000u;

	if (*block || to_ms < is_ms) {
		timeout->tv_sec = (time_t)(to_ms / 1000u);
		timeout->tv_usec = (suseconds_t)(to_ms % 1000u * 1000u);
	}
	*block = 0;
}

bool snmp_notify_is_due(const struct mib_service *service, struct timeval *timeout, int *block)
{
	uint64_t now_ms = clock_monotonic_ms();

	if (!service->joined || service->events < 0)
		return false;
	if (now_ms < service->silent_until_ms) {
		shorten(timeout, block, service->silent_until_ms - now_ms);
		return false;
	}
	if (service->misses)
		shorten(timeout, block, 0);
	return true;
}
