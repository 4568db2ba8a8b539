/* user_explain.c - what would become of a packet, in sentences. Nothing is sent, and
 * nothing remembered. */
#include "agentd/dataplane/user_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/base/clock.h"

struct explaining {
	struct user *user;
	dataplane_teller *tell;
	void *context;
	uint64_t now_ns;
	struct host host;
	struct forward_settings settings;
	struct forward_network networks[HOME_NETWORKS_MAX];
};

__attribute__((format(printf, 3, 4))) static void tell(const struct explaining *e, const char *part,
                                                       const char *format, ...)
{
	char text[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	e->tell(e->context, part, text);
}

static bool may_forward(void *context, uint8_t group)
{
	const struct explaining *e = context;

	return e->user->options.may_forward(e->user->options.context, group, e->now_ns);
}

static bool may_attract(void *context, uint8_t group)
{
	const struct explaining *e = context;

	return e->user->options.may_attract(e->user->options.context, group, e->now_ns);
}

static void note(void *context, const char *sentence)
{
	tell(context, "note", "%s", sentence);
}

static void tell_output(void *context, const struct forward_output *output)
{
	struct ip4 ip = { 0 };

	(void)ip4_read(output->packet, &ip);
	switch (output->kind) {
	case FORWARD_OUTER:
		tell(context, "output", "%zu octets into the tunnel to %s", output->packet.size,
		     address_format(output->endpoint).text);
		return;
	case FORWARD_ICMP:
		tell(context, "output", "an ICMP error to %s", address_format(ip.destination).text);
		return;
	case FORWARD_INNER:
		tell(context, "output", "%zu octets to %s, %s", output->packet.size,
		     address_format(ip.destination).text,
		     output->on_link ? "on the home link" : "by the routes of this host");
		return;
	case FORWARD_HOST:
		tell(context, "output", "%zu octets to this host itself", output->packet.size);
		return;
	case FORWARD_PORT:
		return;
	}
}

static struct forward_verdict run(const struct explaining *e, const struct forward_context *context,
                                  struct span packet)
{
	const struct forward_agent *agent = &e->settings.agents[0];
	const struct forward_network *network;
	struct ip4 ip;

	if (!context->may_attract(context->context, agent->group))
		context->note(context->context, "such packets are sent to the member that leads; "
		                                "this one has what comes its way nevertheless");
	if (ip4_read(packet, &ip) != HA_OK)
		return forward_home(context, agent->realm, packet, FORWARD_ROUTED);
	if (address_equal(ip.destination, agent->address))
		return ip.protocol == IP4_ICMP ? forward_icmp(context, packet)
		                               : forward_tunnel(context, packet);
	network = forward_heard_on(&e->settings, &ip);
	return network ? forward_broadcast(context, network, packet)
	               : forward_home(context, agent->realm, packet, FORWARD_ROUTED);
}

enum ha_error user_explain(struct user *user, struct span packet, dataplane_teller *teller,
                           void *context)
{
	struct explaining e = {
		.user = user,
		.tell = teller,
		.context = context,
		.now_ns = clock_monotonic_ns(),
	};
	struct forward_context trial = {
		.settings = &e.settings,
		.tunnels = user->options.tunnels,
		.soft = user->options.soft,
		.buffers = malloc(sizeof(struct forward_buffers)),
		.now_ns = e.now_ns,
		.context = &e,
		.may_forward = may_forward,
		.may_attract = may_attract,
		.emit = tell_output,
		.note = note,
		.trial = true,
	};
	struct forward_verdict verdict;

	if (!trial.buffers)
		return HA_E_NOMEM;
	pthread_mutex_lock(&user->mutex);
	e.host = user->host;
	e.settings = user->settings;
	memcpy(e.networks, user->networks, sizeof(e.networks));
	pthread_mutex_unlock(&user->mutex);
	e.settings.own = e.host.addresses;
	e.settings.networks = e.networks;
	verdict = run(&e, &trial, packet);
	tell(&e, "verdict", "%s", forward_reason_info(verdict.reason)->name);
	free(trial.buffers);
	return HA_OK;
}
