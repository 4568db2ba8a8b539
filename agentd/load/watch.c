/* watch.c - the loop of a watch. What left lately is remembered by
 * identification, because an answer may come after the next request has left. */
#include "agentd/load/watch.h"

#include <inttypes.h>
#include <stdlib.h>

#include "agentd/base/clock.h"
#include "agentd/load/exchange.h"
#include "agentd/load/link.h"
#include "proto/codes.h"

#define REMEMBERED 4096u

struct watch {
	const struct load_settings *settings;
	const struct load_identity *identity;
	FILE *out;
	struct watch_result *result;
	struct load_node node;
	struct link link;
	uint64_t start_ns, now_ns;
	struct {
		uint64_t identification, sent_ns;
	} remembered[REMEMBERED]; /* by the number of the request */
};

static void put_request(struct watch *watch)
{
	uint64_t ntp = clock_ntp_of_ms(clock_wall_ms());
	struct load_node *node = &watch->node;
	struct mip_request request;

	node->identification = ntp > node->identification ? ntp : node->identification + 1;
	node->sent_ns = watch->now_ns;
	load_request_of(watch->identity, load_home(watch->identity, 0), node, &request);
	link_put(&watch->link,
	         load_request_encode(watch->identity, node, &request, link_room(&watch->link)));
	watch->remembered[watch->result->sent % REMEMBERED].identification = node->identification;
	watch->remembered[watch->result->sent % REMEMBERED].sent_ns = watch->now_ns;
	watch->result->sent++;
	link_send(&watch->link);
}

/* When the request of an acceptance left; 0 when that was long ago, or never. */
static uint64_t sent_ns_of(const struct watch *watch, uint64_t identification)
{
	for (unsigned i = 0; i < REMEMBERED; i++)
		if (watch->remembered[i].identification == identification)
			return watch->remembered[i].sent_ns;
	return 0;
}

static void take(struct watch *watch, struct span datagram)
{
	struct load_answer answer = load_answer_judge(watch->identity, &watch->node, 1, datagram,
	                                              watch->settings->echo);
	uint64_t sent_ns = sent_ns_of(watch, answer.reply.identification);

	if (answer.verdict == LOAD_BAD) {
		watch->result->bad++;
	} else if (!mip_code_is_accepted(answer.reply.code)) {
		watch->result->denied++;
	} else if (sent_ns != 0) {
		watch->result->accepted++;
		fprintf(watch->out, "%" PRIu64 " %" PRIu64 "\n", sent_ns, watch->now_ns);
		fflush(watch->out);
	}
}

static void receive(struct watch *watch)
{
	const struct link_batch *in = &watch->link.in;

	link_receive(&watch->link, 0);
	watch->now_ns = clock_monotonic_ns();
	for (unsigned d = 0; d < in->count; d++)
		take(watch, (struct span){ .at = in->octets[d], .size = in->headers[d].msg_len });
}

static bool goes_on(const struct watch *watch)
{
	const struct load_settings *settings = watch->settings;

	return !ferror(watch->out) &&
	       (settings->count == 0 || watch->result->sent < settings->count) &&
	       (settings->duration_ns == 0 ||
	        watch->now_ns - watch->start_ns < settings->duration_ns);
}

static void run_loop(struct watch *watch, volatile sig_atomic_t *stop)
{
	uint64_t due_ns;

	watch->start_ns = due_ns = watch->now_ns = clock_monotonic_ns();
	while (!*stop && goes_on(watch)) {
		if (watch->now_ns >= due_ns) {
			put_request(watch);
			due_ns = watch->now_ns + watch->settings->timeout_ns;
		}
		link_wait(&watch->link, due_ns - watch->now_ns);
		receive(watch);
	}
	due_ns = watch->now_ns + watch->settings->timeout_ns; /* for the last answer */
	while (!*stop && watch->now_ns < due_ns) {
		link_wait(&watch->link, due_ns - watch->now_ns);
		receive(watch);
	}
}

enum ha_error watch_run(const struct load_settings *settings, const struct load_identity *identity,
                        volatile sig_atomic_t *stop, FILE *out, struct watch_result *result)
{
	struct watch *watch = calloc(1, sizeof(*watch));
	enum ha_error error;

	if (!watch)
		return HA_E_NOMEM;
	*result = (struct watch_result){ 0 };
	watch->settings = settings;
	watch->identity = identity;
	watch->out = out;
	watch->result = result;
	error = load_node_init(&watch->node, identity, load_home(identity, 0));
	watch->node.lifetime_s = settings->lifetime_s;
	watch->node.tries = 1; /* always awaiting */
	if (error == HA_OK)
		error = link_open(&watch->link, &settings->target, settings->source, 1);
	if (error == HA_OK)
		run_loop(watch, stop);
	if (error == HA_OK && ferror(out))
		error = HA_E_IO;
	link_close(&watch->link);
	free(watch);
	return error;
}
