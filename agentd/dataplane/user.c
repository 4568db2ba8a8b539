/* user.c - the thread that forwards packets, and what it needs of this host. */
#include "agentd/dataplane/user_internal.h"

#include <errno.h>
#include <linux/capability.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "agentd/base/clock.h"
#include "agentd/base/log.h"
#include "agentd/dataplane/thread_begin.h"
#include "agentd/dataplane/thread_rights.h"
#include "agentd/dataplane/tun_device.h"
#include "agentd/dataplane/user_sockets.h"
#include "proto/message.h"

#define SECOND UINT64_C(1000000000)
#define LOOK_EVERY_NS (5 * SECOND) /* at the host */

/* ---- the host ---- */

static void note_doubt(struct user *user)
{
	char now[USER_DOUBT_MAX], before[USER_DOUBT_MAX];

	if (user_device_look(user, now, sizeof(now)))
		interception_doubt(&user->options.interception, user->netlink, now, sizeof(now));
	pthread_mutex_lock(&user->mutex);
	memcpy(before, user->doubt, sizeof(before));
	memcpy(user->doubt, now, sizeof(now));
	pthread_mutex_unlock(&user->mutex);
	if (*now && strcmp(now, before) != 0)
		log_warning("%s", now);
}

/* The thread alone changes them, and others copy them. */
static enum ha_error renew_host(struct user *user)
{
	struct host host = user->host;
	uint16_t mtus[HOME_NETWORKS_MAX] = { 0 };
	enum ha_error why = host_look(user->options.agent, user->options.interception.device,
	                              &host);

	for (size_t i = 0; i < user->link_count; i++)
		mtus[i] = host_link_mtu(user->links[i].interface);
	pthread_mutex_lock(&user->mutex);
	user->host = host;
	user->settings.own = user->host.addresses;
	user->settings.own_count = user->host.count;
	user->settings.link_mtu = user->host.mtu;
	for (size_t i = 0; i < user->link_count; i++)
		user->networks[user->links[i].network - user->networks].mtu = mtus[i];
	pthread_mutex_unlock(&user->mutex);
	return why;
}

static void look_at_host(struct user *user)
{
	static struct log_limit limit = { .per_second = 1 };
	uint64_t held_back;
	enum ha_error why = renew_host(user);

	user->looked_ns = clock_monotonic_ns();
	if (why == HA_E_CAPACITY && log_limit_pass(&limit, user->looked_ns, &held_back))
		log_warning("this host has more than %u addresses; packets from the others among "
		            "them are not known to be its own",
		            HOST_ADDRESSES_MAX);
	note_doubt(user);
	user_broadcasts_follow(user);
	user_broadcasts_want(user);
}

/* ---- the thread ---- */

static bool may_forward(void *context, uint8_t group)
{
	struct user *user = context;

	return user->options.may_forward(user->options.context, group, user->context.now_ns);
}

static bool may_attract(void *context, uint8_t group)
{
	struct user *user = context;

	return user->options.may_attract(user->options.context, group, user->context.now_ns);
}

static bool may_leave(void *context, uint8_t group, uint64_t now_ns)
{
	struct user *user = context;

	return user->options.may_forward(user->options.context, group, now_ns);
}

#define WAITS (USER_SOURCES + HOME_NETWORKS_MAX)

static void wait_for_packets(struct user *user, struct pollfd about[WAITS])
{
	uint64_t now_ns = clock_monotonic_ns(), due_ns = user->looked_ns + LOOK_EVERY_NS;
	int wait_ms = due_ns > now_ns ? (int)((due_ns - now_ns) / 1000000u) + 1 : 0;

	for (unsigned i = 0; i < USER_SOURCES; i++)
		about[i] = (struct pollfd){ .fd = user->sources[i], .events = POLLIN };
	if (user->device_lost) /* it would say so all the time */
		about[USER_FROM_DEVICE].fd = -1;
	for (size_t i = 0; i < user->link_count; i++)
		about[USER_SOURCES + i] = (struct pollfd){
			.fd = user->links[i].fd,
			.events = POLLIN,
		};
	if (poll(about, USER_SOURCES + user->link_count, wait_ms) < 0)
		memset(about, 0, WAITS * sizeof(*about));
}

static void take_packets(struct user *user, const struct pollfd about[WAITS])
{
	uint64_t news;

	for (unsigned i = 0; i < USER_WAKE; i++)
		if (about[i].revents & POLLIN)
			user_receive(user, (enum user_source)i);
	if (about[USER_FROM_DEVICE].revents & POLLERR)
		user_device_lost(user);
	for (size_t i = 0; i < user->link_count; i++)
		if (about[USER_SOURCES + i].revents)
			user_broadcasts_receive(user, &user->links[i]);
	if (about[USER_WAKE].revents && read(user->sources[USER_WAKE], &news, sizeof(news)) > 0) {
		user_broadcasts_want(user);
		user_ports_settle(user);
	}
}

/* A leader that was not heard for a moment loses no packets by it; nor does it forward
 * any that nobody may. */
static void await_fence(struct user *user)
{
	while (!atomic_load(&user->stopping) &&
	       user->options.may_return(user->options.context, clock_monotonic_ns()))
		poll(NULL, 0, 1);
}

static void *run(void *context)
{
	struct user *user = context;
	struct pollfd about[WAITS];

	thread_rights_keep(1u << CAP_NET_ADMIN, "forwarding");
	pthread_setname_np(pthread_self(), "forward");
	while (!atomic_load(&user->stopping)) {
		wait_for_packets(user, about);
		await_fence(user);
		take_packets(user, about);
		if (clock_monotonic_ns() >= user->looked_ns + LOOK_EVERY_NS)
			look_at_host(user);
	}
	interception_end(&user->options.interception, user->netlink);
	return NULL;
}

/* ---- life ---- */

static enum ha_error open_sockets(struct user *user, char *report, size_t size)
{
	static const struct {
		enum user_source source;
		int protocol;
	} tunnels[] = {
		{ USER_FROM_IPIP, IP4_IPIP },
		{ USER_FROM_MINIMAL, IP4_MINIMAL },
		{ USER_FROM_GRE, IP4_GRE },
	};
	const struct in_addr agent = user->options.agent;
	enum ha_error why = HA_OK;

	for (size_t i = 0; i < sizeof(tunnels) / sizeof(tunnels[0]) && why == HA_OK; i++)
		user->sources[tunnels[i].source] = user_socket_open(agent, tunnels[i].protocol,
		                                                    &why);
	if (why == HA_OK)
		user->sources[USER_FROM_ICMP] = user_socket_open_icmp(agent, &why);
	if (why == HA_OK)
		user->merged.fd = merged_socket_open(agent, &why);
	if (why == HA_OK)
		user->senders[USER_SEND_MARKED] = user_socket_open_sender(
			user->options.interception.mark, &why);
	if (why == HA_OK)
		user->senders[USER_SEND_ROUTED] = user_socket_open_sender(0, &why);
	user->sources[USER_FROM_UDP] = user->options.udp;
	if (why == HA_OK)
		return HA_OK;
	return ha_refuse(report, size, why,
	                 "raw sockets for tunnels cannot be opened: %s; they need root, or "
	                 "CAP_NET_RAW and CAP_NET_ADMIN",
	                 ha_strerror(why));
}

static enum ha_error open_queue(struct user *user, char *report, size_t size)
{
	user->queue = user_queue_new(&(struct user_queue_options){
		.fd = user->senders[USER_SEND_MARKED],
		.may_leave = may_leave,
		.left = user_left,
		.context = user,
	});
	return user->queue ? HA_OK
	                   : ha_refuse(report, size, HA_E_NOMEM, "%s", ha_strerror(HA_E_NOMEM));
}

static enum ha_error start_thread(struct user *user, char *report, size_t size)
{
	enum ha_error why = thread_begin(&user->thread, run, user);

	user->started = why == HA_OK;
	if (user->started)
		return HA_OK;
	return ha_refuse(report, size, why, "the thread that forwards packets: %s",
	                 ha_strerror(why));
}

static void wake(struct user *user)
{
	const uint64_t one = 1;

	while (write(user->sources[USER_WAKE], &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static bool wants_broadcasts(const struct tunnels_home *home)
{
	bool wants = false;

	for (size_t i = 0; i < home->count; i++)
		wants = wants || home->bindings[i].flags & MIP_REQUEST_BROADCAST;
	return wants;
}

/* On the thread that writes the table. */
static void note_change(void *context, const struct tunnels_home *before,
                        const struct tunnels_home *after)
{
	if (wants_broadcasts(before) != wants_broadcasts(after) ||
	    user_ports_concern(before, after))
		wake(context);
}

static enum ha_error open_all(struct user *user, char *report, size_t size)
{
	enum ha_error why;

	user->sources[USER_FROM_DEVICE] = tun_device_open(user->options.interception.device, &why,
	                                                  report, size);
	if (why != HA_OK)
		return why;
	why = open_sockets(user, report, size);
	if (why == HA_OK)
		why = open_queue(user, report, size);
	if (why != HA_OK)
		return why;
	user->sources[USER_WAKE] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	user->netlink = netlink_open(&why);
	if (!user->netlink || user->sources[USER_WAKE] < 0)
		return ha_refuse(report, size, HA_E_IO, "no connection to rtnetlink: %s",
		                 ha_strerror(why));
	why = interception_begin(&user->options.interception, user->netlink, report, size);
	if (why != HA_OK)
		return why;
	user->intercepts = true;
	why = user_broadcasts_open(user, report, size);
	if (why == HA_OK)
		why = tunnels_observe(user->options.tunnels, note_change, user);
	if (why != HA_OK)
		return why;
	look_at_host(user);
	return start_thread(user, report, size);
}

static struct user *user_new(const struct user_options *options)
{
	struct user *user = calloc(1, sizeof(*user));

	if (!user)
		return NULL;
	pthread_mutex_init(&user->mutex, NULL);
	user->options = *options;
	user->settings = options->settings;
	memcpy(user->networks, options->settings.networks,
	       options->settings.network_count * sizeof(user->networks[0]));
	user->settings.networks = user->networks;
	for (unsigned i = 0; i < USER_SOURCES; i++)
		user->sources[i] = -1;
	for (unsigned i = 0; i < USER_SENDERS; i++)
		user->senders[i] = -1;
	user->merged.fd = -1;
	user->context = (struct forward_context){
		.settings = &user->settings,
		.tunnels = options->tunnels,
		.soft = options->soft,
		.buffers = malloc(sizeof(struct forward_buffers)),
		.context = user,
		.may_forward = may_forward,
		.may_attract = may_attract,
		.emit = user_emit,
	};
	return user;
}

enum ha_error user_open(const struct user_options *options, struct user **out, char *report,
                        size_t size)
{
	struct user *user = user_new(options);
	enum ha_error why = HA_E_NOMEM;

	*out = NULL;
	if (user && user->context.buffers)
		why = open_all(user, report, size);
	else
		ha_refuse(report, size, why, "%s", ha_strerror(why));
	if (why == HA_OK)
		*out = user;
	else
		user_close(user);
	return why;
}

void user_doubt(struct user *user, char *out, size_t size)
{
	pthread_mutex_lock(&user->mutex);
	snprintf(out, size, "%s", user->doubt);
	pthread_mutex_unlock(&user->mutex);
}

static void end_thread(struct user *user)
{
	atomic_store(&user->stopping, true);
	wake(user);
	pthread_join(user->thread, NULL);
}

void user_close(struct user *user)
{
	if (!user)
		return;
	if (user->started)
		end_thread(user); /* which has the right to take rules away */
	else if (user->intercepts)
		interception_end(&user->options.interception, user->netlink);
	netlink_close(user->netlink);
	for (unsigned i = 0; i < USER_SOURCES; i++)
		if (user->sources[i] >= 0 && i != USER_FROM_UDP)
			close(user->sources[i]);
	for (unsigned i = 0; i < USER_SENDERS; i++)
		if (user->senders[i] >= 0)
			close(user->senders[i]);
	if (user->merged.fd >= 0)
		close(user->merged.fd);
	user_queue_free(user->queue);
	user_broadcasts_close(user);
	pthread_mutex_destroy(&user->mutex);
	free(user->context.buffers);
	free(user);
}
