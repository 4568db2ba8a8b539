/* receiver.c - a network thread: datagrams in, proposals out, replies out when
 * their proposals have taken effect. Never touches the disk.
 *
 * What is under way is bounded by the table of pending proposals; when it is
 * full the thread stops reading and the kernel's buffer, then the network,
 * drops: mobile nodes retransmit. */
#include "agentd/flow/internal.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agentd/base/address.h"
#include "agentd/base/log.h"
#include "agentd/flow/counters.h"
#include "agentd/flow/inbox.h"

#define REPLIES_MAX 256u
#define PENDING_NONE UINT32_MAX

/* Octets asked of the kernel, each way; it takes twice as much and counts about
 * 800 for a request: some 20 000. Enough for the burst of a checkpoint's or a
 * flush's stall, worked off in a tenth of a second. A slow disk needs longer,
 * and that is what the age limit is for. */
#define SOCKET_BUFFER (8 << 20)

/* A proposal under way: what to send when it has taken effect. */
struct pending {
	struct sockaddr_in to;
	uint32_t next_free;
	uint16_t reply_size;
	uint16_t code;
	bool deregistration;
	uint8_t reply[REGISTRATION_REPLY_MAX];
};

struct receiver {
	struct agent *agent;
	unsigned number;
	int socket;
	bool started;
	pthread_t thread;
	struct completions completions;

	struct pending pending[COMPLETIONS_MAX];
	uint32_t free_pending;
	uint32_t pending_count;

	struct inbox inbox;
	struct request_result results[INBOX_BATCH];
	struct replication_command commands[INBOX_BATCH];
	uint32_t proposed[INBOX_BATCH]; /* index of the datagram of each command */
	size_t command_count;

	struct mmsghdr out_headers[REPLIES_MAX];
	struct iovec out_vectors[REPLIES_MAX];
	uint32_t out_pending[REPLIES_MAX]; /* given back after sending, or PENDING_NONE */
	size_t out_count;
};

static uint32_t pending_take(struct receiver *r)
{
	uint32_t slot = r->free_pending;

	r->free_pending = r->pending[slot].next_free;
	r->pending_count++;
	return slot;
}

static void pending_give(struct receiver *r, uint32_t slot)
{
	r->pending[slot].next_free = r->free_pending;
	r->free_pending = slot;
	r->pending_count--;
}

/* ---- sending ---- */

static void send_replies(struct receiver *r)
{
	size_t sent = 0;

	while (sent < r->out_count) {
		int n = sendmmsg(r->socket, r->out_headers + sent, (unsigned)(r->out_count - sent),
		                 0);

		if (n > 0) {
			sent += (size_t)n;
		} else if (errno != EINTR) {
			flow_count(FLOW_SEND_FAILED);
			sent++; /* that one is lost; the node asks again */
		}
	}
	for (size_t i = 0; i < r->out_count; i++)
		if (r->out_pending[i] != PENDING_NONE)
			pending_give(r, r->out_pending[i]);
	r->out_count = 0;
}

/* `to` and `reply` must stay until send_replies. */
static void queue_reply(struct receiver *r, struct sockaddr_in *to, uint8_t *reply, size_t size,
                        uint32_t pending)
{
	if (r->out_count == REPLIES_MAX)
		send_replies(r);
	r->out_vectors[r->out_count] = (struct iovec){ reply, size };
	r->out_headers[r->out_count].msg_hdr = (struct msghdr){
		.msg_name = to,
		.msg_namelen = sizeof(*to),
		.msg_iov = &r->out_vectors[r->out_count],
		.msg_iovlen = 1,
	};
	r->out_pending[r->out_count++] = pending;
}

static void complete(struct receiver *r, struct completion done)
{
	struct pending *pending = &r->pending[done.pending];

	if (done.error != HA_OK) {
		flow_count(FLOW_APPLY_REFUSED);
		pending_give(r, done.pending);
		return;
	}
	request_count_reply((enum mip_code)pending->code, pending->deregistration);
	queue_reply(r, &pending->to, pending->reply, pending->reply_size, done.pending);
}

static void send_completed(struct receiver *r)
{
	struct completion done;

	completions_clear(&r->completions);
	while (completions_take(&r->completions, &done))
		complete(r, done);
	send_replies(r);
}

/* ---- receiving ---- */

/* Brings the tables' lines towards the cache before they are needed. */
static void prefetch(struct receiver *r)
{
	for (unsigned i = 0; i < r->inbox.count; i++) {
		struct in_addr home;

		memcpy(&home, r->inbox.octets[i] + 4, sizeof(home));
		state_prefetch(r->agent->state, PEER_MOBILE_NODE, r->agent->realm, home);
	}
}

static void keep_proposal(struct receiver *r, uint32_t i)
{
	struct request_result *result = &r->results[i];
	uint32_t slot = pending_take(r);
	struct pending *pending = &r->pending[slot];

	pending->to = r->inbox.from[i];
	pending->code = (uint16_t)result->code;
	pending->deregistration = result->deregistration;
	pending->reply_size = (uint16_t)result->reply_size;
	memcpy(pending->reply, result->reply, result->reply_size);
	r->proposed[r->command_count] = i;
	r->commands[r->command_count++] = (struct replication_command){
		.group = GROUP_DEFAULT,
		.ticket = (uint64_t)(r->number + 1) << 32 | slot,
		.command = result->command,
		.size = result->command_size,
	};
}

static void handle(struct receiver *r, const struct registration_policy *policy,
                   struct request_clock clock, uint32_t i, bool no_resources)
{
	struct request_result *result = &r->results[i];
	struct sockaddr_in *from = &r->inbox.from[i];

	const struct request_datagram datagram = {
		.payload = inbox_datagram(&r->inbox, i),
		.source = from->sin_addr,
		.source_port = ntohs(from->sin_port),
	};

	request_handle(r->agent, policy, clock, &datagram, no_resources, result);
	if (result->fate == REQUEST_ANSWERED) {
		request_count_reply(result->code, result->deregistration);
		queue_reply(r, from, result->reply, result->reply_size, PENDING_NONE);
	} else if (result->fate == REQUEST_PROPOSED) {
		keep_proposal(r, i);
	}
}

static void take_back(struct receiver *r)
{
	for (size_t i = 0; i < r->command_count; i++) {
		state_release(r->agent->state, &r->results[r->proposed[i]].node);
		pending_give(r, (uint32_t)r->commands[i].ticket);
	}
}

static void warn_full(void)
{
	static struct log_limit limit = { .per_second = 1 };
	uint64_t held_back;

	if (log_limit_pass(&limit, clock_monotonic_ns(), &held_back))
		log_warning("registrations are denied with code 130: the log is at its cap because "
		            "the store does not keep up; see storage.log-segments and the disk");
}

static void propose(struct receiver *r, const struct registration_policy *policy,
                    struct request_clock clock)
{
	size_t count = r->command_count;
	enum ha_error error = HA_OK;

	if (count > 0)
		error = replication_submit(r->agent->replication, r->commands, count);
	if (error != HA_OK)
		take_back(r);
	r->command_count = 0;
	if (error == HA_E_CAPACITY) {
		warn_full();
		for (size_t i = 0; i < count; i++)
			handle(r, policy, clock, r->proposed[i], true);
	} else if (error != HA_OK) {
		counter_add(&flow_counters, FLOW_DROPPED_BUSY, count);
	}
}

/* A datagram that waited so long has been sent again: an answer now would be to
 * a request that the node has given up. */
static bool is_stale(const struct receiver *r, uint32_t i, uint64_t now_ns)
{
	uint64_t limit_ns = r->agent->request_age_ms * UINT64_C(1000000);
	uint64_t arrived_ns = inbox_arrived_ns(&r->inbox, i);

	return limit_ns && arrived_ns && now_ns > arrived_ns && now_ns - arrived_ns > limit_ns;
}

static bool is_worth_a_look(const struct receiver *r, uint32_t i, uint64_t now_ns)
{
	if (is_stale(r, i, now_ns)) {
		flow_count(FLOW_DROPPED_STALE);
		return false;
	}
	if (inbox_is_cut(&r->inbox, i)) {
		flow_count(FLOW_DROPPED_OVERSIZE);
		return false;
	}
	return true;
}

static void receive_batch(struct receiver *r)
{
	struct registration_policy policy;
	struct request_clock clock;
	uint64_t now_ns;

	if (inbox_receive(&r->inbox, r->socket) == 0)
		return;
	policy_read(r->agent, &policy);
	now_ns = clock_wall_ns();
	clock.wall_ms = now_ns / 1000000u;
	clock.cluster_ms = agent_cluster_ms(r->agent);
	prefetch(r);
	for (uint32_t i = 0; i < r->inbox.count; i++)
		if (is_worth_a_look(r, i, now_ns))
			handle(r, &policy, clock, i, false);
	propose(r, &policy, clock);
	send_replies(r);
}

static void *run(void *argument)
{
	struct receiver *r = argument;
	struct agent *agent = r->agent;

	pthread_setname_np(pthread_self(), "network");
	while (!agent->finished) {
		bool room = r->pending_count + INBOX_BATCH <= COMPLETIONS_MAX;
		struct pollfd wait[2] = {
			{ .fd = r->completions.event, .events = POLLIN },
			{ .fd = room && !agent->stopping ? r->socket : -1, .events = POLLIN },
		};

		if (poll(wait, 2, -1) < 0 && errno != EINTR)
			break;
		if (wait[0].revents)
			send_completed(r);
		if (wait[1].revents)
			receive_batch(r);
	}
	send_completed(r);
	return NULL;
}

/* ---- life ---- */

static void ask_for_buffers(int fd)
{
	int octets = SOCKET_BUFFER;

	/* Beyond the administrator's limit when we may, up to it when not. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof(octets)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &octets, sizeof(octets));
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &octets, sizeof(octets)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &octets, sizeof(octets));
}

static const char *bind_trouble(int number)
{
	switch (number) {
	case EADDRINUSE:
		return "the port is taken by another process";
	case EACCES:
	case EPERM:
		return "ports below 1024 need root or CAP_NET_BIND_SERVICE";
	case EADDRNOTAVAIL:
		return "no interface of this machine has that address";
	default:
		return strerror(number);
	}
}

/* A socket bound to the home agent address, or -1 with errno. */
static int bound_socket(const struct config *config, bool shared)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr = config->home_agent_address,
		.sin_port = htons((uint16_t)config->home_agent_port),
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int yes = 1, number;

	if (fd >= 0 && shared)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof(yes));
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	number = errno;
	close(fd);
	errno = number;
	return -1;
}

/* Several threads share the port, several processes must not: the first
 * thread tries whether it can have the port alone. */
static enum ha_error bind_socket(struct receiver *r, char *report, size_t size)
{
	const struct config *config = &r->agent->config;
	bool shared = config->network_threads > 1;
	int alone = shared && r->number == 0 ? bound_socket(config, false) : -2;

	if (alone != -1) {
		if (alone >= 0)
			close(alone);
		r->socket = bound_socket(config, shared);
	}
	if (r->socket >= 0) {
		ask_for_buffers(r->socket);
		inbox_stamp(r->socket); /* without it nothing is known to be stale */
		return HA_OK;
	}
	snprintf(report, size, "cannot listen on %s port %u: %s",
	         address_format(config->home_agent_address).text, config->home_agent_port,
	         bind_trouble(errno));
	return ha_error_of_errno(errno);
}

enum ha_error receiver_open(struct agent *agent, unsigned number, struct receiver **out,
                            char *report, size_t size)
{
	struct receiver *r = calloc(1, sizeof(*r));
	enum ha_error error;

	if (!r) {
		snprintf(report, size, "%s", ha_strerror(HA_E_NOMEM));
		return HA_E_NOMEM;
	}
	*out = r;
	r->agent = agent;
	r->number = number;
	r->socket = -1;
	inbox_init(&r->inbox);
	for (uint32_t i = 0; i < COMPLETIONS_MAX; i++)
		r->pending[i].next_free = i + 1;
	error = completions_open(&r->completions);
	if (error != HA_OK)
		snprintf(report, size, "cannot make an eventfd: %s", ha_strerror(error));
	return error == HA_OK ? bind_socket(r, report, size) : error;
}

enum ha_error receiver_start(struct receiver *receiver)
{
	int number = pthread_create(&receiver->thread, NULL, run, receiver);

	receiver->started = number == 0;
	return ha_error_of_errno(number);
}

void receiver_join(struct receiver *receiver)
{
	if (!receiver->started)
		return;
	completions_wake(&receiver->completions);
	pthread_join(receiver->thread, NULL);
	receiver->started = false;
}

void receiver_close(struct receiver *receiver)
{
	if (!receiver)
		return;
	if (receiver->socket >= 0)
		close(receiver->socket);
	completions_close(&receiver->completions);
	free(receiver);
}

struct completions *receiver_completions(struct receiver *receiver)
{
	return &receiver->completions;
}
