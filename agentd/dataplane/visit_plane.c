/* visit_plane.c - the thread that carries packets of visitors, and its life. */
#include "agentd/dataplane/visit_plane_internal.h"

#include <errno.h>
#include <linux/capability.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include "agentd/base/clock.h"
#include "agentd/dataplane/thread_begin.h"
#include "agentd/dataplane/thread_rights.h"
#include "agentd/dataplane/tun_device.h"

#define SECOND UINT64_C(1000000000)
#define LOOK_EVERY_NS (5 * SECOND) /* at the host */
#define AGAIN_NS (SECOND / 4)      /* while a link is missing */
#define WALK_EVERY_NS (SECOND / 10)
#define WALKS 10u /* that all visitors are looked at in: once in a second */

#define SOFT_EXITS 4096u
#define SOFT_SENT 65536u
#define ERRORS_PER_S 100u
#define ERRORS_BURST 50u

/* ---- the thread ---- */

static bool may_forward(void *context)
{
	const struct visit_plane *plane = context;

	return plane->context.now_ns < atomic_load(&plane->until_ns);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t look_at_ns(const struct visit_plane *plane)
{
	return plane->looked_ns + (plane->link_lost ? AGAIN_NS : LOOK_EVERY_NS);
}

static int wait_ms(const struct visit_plane *plane)
{
	uint64_t now_ns = clock_monotonic_ns(), due_ns = look_at_ns(plane);

	if (visit_table_totals(plane->visitors).udp)
		due_ns = earlier(due_ns, plane->walked_ns + WALK_EVERY_NS);
	return due_ns > now_ns ? (int)((due_ns - now_ns) / 1000000u) + 1 : 0;
}

#define WAITS (VISIT_SOURCES_MAX + 2u)

/* The device has nothing to be read, but says when it is gone. */
static void wait_and_take(struct visit_plane *plane)
{
	struct pollfd about[WAITS];
	size_t count = plane->source_count;

	for (size_t i = 0; i < count; i++)
		about[i] = (struct pollfd){ .fd = plane->sources[i].fd, .events = POLLIN };
	about[count] = (struct pollfd){ .fd = plane->wake, .events = POLLIN };
	about[count + 1] = (struct pollfd){ .fd = plane->device_lost ? -1 : plane->tun,
		                            .events = POLLIN };
	if (poll(about, count + 2, wait_ms(plane)) <= 0)
		return;
	for (size_t i = 0; i < count; i++) {
		if (about[i].revents & POLLERR) /* such as a link that went */
			plane->looked_ns = 0;
		if (about[i].revents)
			visit_plane_receive(plane, &plane->sources[i]);
	}
	if (about[count + 1].revents & POLLERR) {
		plane->device_lost = true;
		plane->looked_ns = 0;
	}
}

/* RFC 3519 section 4.9: the non-home-agent end keeps the tunnel alive, which for a visitor
 * is this one. */
static void keep_alive(struct visit_plane *plane, uint64_t now_ns)
{
	uint32_t left = visit_table_totals(plane->visitors).capacity / WALKS + 1;
	struct visit_found visitor;

	plane->walked_ns = plane->context.now_ns = now_ns;
	while (visit_table_due(plane->visitors, &plane->walk_at, &left, now_ns, &visitor))
		visit_forward_keep_alive(&plane->context, &visitor);
	visit_plane_queues_send(plane);
}

static void *run(void *context)
{
	struct visit_plane *plane = context;

	thread_rights_keep(1u << CAP_NET_ADMIN, "carrying packets of visitors");
	pthread_setname_np(pthread_self(), "visitors");
	while (!atomic_load(&plane->stopping)) {
		uint64_t now_ns;

		wait_and_take(plane);
		now_ns = clock_monotonic_ns();
		if (now_ns >= plane->walked_ns + WALK_EVERY_NS)
			keep_alive(plane, now_ns);
		if (now_ns >= look_at_ns(plane))
			visit_plane_host_look(plane);
	}
	return NULL;
}

/* ---- opening ---- */

static enum ha_error check(const struct visit_plane_options *options, char *report, size_t size)
{
	if (options->link_count == 0 || options->link_count > VISIT_LINKS_MAX ||
	    options->care_of_count == 0 || options->care_of_count > VISIT_CARE_OF_MAX ||
	    options->capacity == 0)
		return ha_refuse(report, size, HA_E_RANGE,
		                 "a foreign agent needs 1 to %u links, 1 to %u care-of addresses, "
		                 "and room for visitors",
		                 VISIT_LINKS_MAX, VISIT_CARE_OF_MAX);
	return HA_OK;
}

static void set_up(struct visit_plane *plane, const struct visit_plane_options *options)
{
	plane->link_count = options->link_count;
	plane->care_of_count = options->care_of_count;
	memcpy(plane->care_of, options->care_of,
	       options->care_of_count * sizeof(plane->care_of[0]));
	snprintf(plane->device, sizeof(plane->device), "%s", options->device);
	plane->guard = options->guard;
	plane->table = options->table;
	plane->mark = options->mark;
	plane->settings = visit_forward_settings_default();
	for (size_t i = 0; i < options->link_count; i++) {
		plane->links[i] = options->links[i];
		plane->on_links[i] = (struct visit_forward_link){
			.index = options->links[i].index,
			.address = options->links[i].address,
			.routes = options->links[i].routes,
			.networks = options->links[i].networks
		};
	}
	plane->settings.care_of = plane->care_of;
	plane->settings.care_of_count = plane->care_of_count;
	plane->settings.links = plane->on_links;
	plane->settings.link_count = plane->link_count;
	plane->settings.own = plane->host.addresses;
	if (options->udp_port)
		plane->settings.udp_port = options->udp_port;
}

static struct visit_plane *plane_new(const struct visit_plane_options *options)
{
	struct visit_plane *plane = calloc(1, sizeof(*plane));

	if (!plane)
		return NULL;
	pthread_mutex_init(&plane->mutex, NULL);
	atomic_store(&plane->until_ns, UINT64_MAX);
	plane->tun = plane->wake = plane->tunnels = plane->hosts = plane->routed = -1;
	set_up(plane, options);
	plane->visitors = visit_table_new(options->capacity);
	plane->soft = soft_new((struct soft_size){ .exits = SOFT_EXITS,
	                                           .sent = SOFT_SENT,
	                                           .errors_per_s = ERRORS_PER_S,
	                                           .errors_burst = ERRORS_BURST });
	plane->context = (struct visit_forward_context){
		.settings = &plane->settings,
		.table = plane->visitors,
		.soft = plane->soft,
		.buffers = malloc(sizeof(struct visit_forward_buffers)),
		.context = plane,
		.may_forward = may_forward,
		.emit = visit_plane_emit,
	};
	if (plane->visitors && plane->soft && plane->context.buffers)
		return plane;
	visit_plane_close(plane);
	return NULL;
}

static enum ha_error open_all(struct visit_plane *plane, char *report, size_t size)
{
	enum ha_error why;

	if (getrandom(plane->settings.nonce, VISIT_FORWARD_NONCE, 0) != VISIT_FORWARD_NONCE)
		return ha_refuse(report, size, HA_E_IO, "no random octets for keepalives");
	plane->tun = tun_device_open(plane->device, &why, report, size);
	if (why != HA_OK)
		return why;
	plane->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (plane->wake < 0)
		return ha_refuse(report, size, HA_E_IO, "no descriptor to stop a thread by");
	why = visit_plane_sources_open(plane, report, size);
	if (why == HA_OK)
		why = visit_plane_queues_open(plane, report, size);
	if (why == HA_OK)
		why = visit_plane_host_begin(plane, report, size);
	if (why != HA_OK)
		return why;
	visit_plane_host_look(plane);
	why = thread_begin(&plane->thread, run, plane);
	plane->started = why == HA_OK;
	if (plane->started)
		return HA_OK;
	return ha_refuse(report, size, why, "the thread that carries packets of visitors: %s",
	                 ha_strerror(why));
}

enum ha_error visit_plane_open(const struct visit_plane_options *options, struct visit_plane **out,
                               char *report, size_t size)
{
	struct visit_plane *plane;
	enum ha_error why = check(options, report, size);

	*out = NULL;
	if (why != HA_OK)
		return why;
	counters_register(&visitor_counters);
	counters_register(&visit_plane_counters);
	plane = plane_new(options);
	if (!plane)
		return ha_refuse(report, size, HA_E_NOMEM, "%s", ha_strerror(HA_E_NOMEM));
	why = open_all(plane, report, size);
	if (why == HA_OK)
		*out = plane;
	else
		visit_plane_close(plane);
	return why;
}

void visit_plane_close(struct visit_plane *plane)
{
	const uint64_t one = 1;

	if (!plane)
		return;
	atomic_store(&plane->stopping, true);
	while (plane->started && write(plane->wake, &one, sizeof(one)) < 0 && errno == EINTR)
		;
	if (plane->started)
		pthread_join(plane->thread, NULL);
	visit_plane_sources_close(plane);
	visit_plane_queues_close(plane);
	if (plane->tun >= 0)
		close(plane->tun);
	if (plane->wake >= 0)
		close(plane->wake);
	netlink_close(plane->netlink);
	visit_table_free(plane->visitors);
	soft_free(plane->soft);
	pthread_mutex_destroy(&plane->mutex);
	free(plane->context.buffers);
	free(plane);
}

/* ---- for others ---- */

static bool is_of_plane(struct visit_plane *plane, const struct visit_path *path)
{
	bool is;

	pthread_mutex_lock(&plane->mutex);
	is = visit_forward_link_of(&plane->settings, path->interface) &&
	     visit_forward_is_care_of(&plane->settings, path->care_of);
	pthread_mutex_unlock(&plane->mutex);
	return is;
}

enum ha_error visit_plane_put(struct visit_plane *plane, const struct visit_path *path)
{
	return is_of_plane(plane, path)
	               ? visit_table_put(plane->visitors, path, clock_monotonic_ns())
	               : HA_E_RANGE;
}

bool visit_plane_remove(struct visit_plane *plane, struct in_addr home, struct in_addr home_agent)
{
	return visit_table_remove(plane->visitors, home, home_agent);
}

void visit_plane_clear(struct visit_plane *plane)
{
	visit_table_clear(plane->visitors);
}

void visit_plane_fence(struct visit_plane *plane, uint64_t until_ns)
{
	atomic_store(&plane->until_ns, until_ns);
}

void visit_plane_status(struct visit_plane *plane, struct visit_plane_status *out)
{
	out->totals = visit_table_totals(plane->visitors);
	pthread_mutex_lock(&plane->mutex);
	memcpy(out->doubt, plane->doubt, sizeof(out->doubt));
	pthread_mutex_unlock(&plane->mutex);
}

bool visit_plane_traffic(struct visit_plane *plane, struct in_addr home, struct in_addr home_agent,
                         struct visit_traffic *out)
{
	const struct tunnels_counters *row;
	struct visit_found found;

	if (!visit_table_find(plane->visitors, home, home_agent, &found))
		return false;
	row = visit_table_counters(plane->visitors, found.slot);
	*out = (struct visit_traffic){ .in_packets = tunnels_read(&row->in_packets),
		                       .in_octets = tunnels_read(&row->in_octets),
		                       .out_packets = tunnels_read(&row->out_packets),
		                       .out_octets = tunnels_read(&row->out_octets) };
	return true;
}
