/* server_connection.c - a client of the control socket: frames in, steps of a
 * call, frames out. One request is under way at a time, and while it is,
 * nothing is read: what a client can make us hold is one request and one page
 * of its answer. */
#include <stdio.h>
#include <stdlib.h>

#include "agentd/base/log.h"
#include "agentd/control/server_internal.h"

#define READ_OCTETS (64u << 10)

/* ---- the end of a connection ---- */

static void free_if_done(struct connection *c)
{
	if (!c->closed || c->waiting)
		return;
	octets_free(&c->in);
	answer_free(&c->call.answer);
	call_clear(&c->call);
	free(c);
}

static void unlink_connection(struct connection *c)
{
	struct connection **at = &c->server->connections;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	c->server->connection_count--;
}

static void log_import(const struct connection *c)
{
	if (c->import_changes)
		log_notice("%s by %s: %llu of %llu changes made",
		           verb_infos[VERB_association_import].name, c->who,
		           (unsigned long long)c->imported, (unsigned long long)c->import_changes);
}

/* What is written to the log from now on is of the group that is asked. Returns what was. */
static const char *speak(const struct call *call)
{
	return call->agent ? agent_speak(call->agent)
	                   : log_set_subject(call->guest ? GUEST_SUBJECT : NULL);
}

static void on_connection_closed(uv_handle_t *handle)
{
	struct connection *c = handle->data;
	const char *before = speak(&c->call);

	log_import(c);
	log_set_subject(before);
	unlink_connection(c);
	c->closed = true;
	free_if_done(c);
}

void connection_hang_up(struct connection *c)
{
	if (c->waiting && call_cancel(&c->call))
		c->waiting = false;
	if (!uv_is_closing((uv_handle_t *)&c->pipe))
		uv_close((uv_handle_t *)&c->pipe, on_connection_closed);
}

/* ---- answering ---- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
	struct connection *c = handle->data;

	(void)suggested;
	*out = uv_buf_init(NULL, 0);
	if (octets_reserve(&c->in, READ_OCTETS) == HA_OK)
		*out = uv_buf_init((char *)c->in.at + c->in.size, READ_OCTETS);
}

static void on_read(uv_stream_t *stream, ssize_t octets, const uv_buf_t *buffer)
{
	struct connection *c = stream->data;

	(void)buffer;
	if (octets == 0)
		return;
	/* Who watches has nothing to say: it is how we learn that he is gone. */
	if (octets < 0 || c->call.trace.open) {
		connection_hang_up(c);
		return;
	}
	c->in.size += (size_t)octets;
	connection_serve(c);
}

static void step(struct connection *c);

static void on_written(uv_write_t *write, int status)
{
	struct connection *c = write->data;

	c->writing = false;
	c->active_ms = uv_now(&c->server->loop->uv);
	if (status < 0 || c->hang_up || uv_is_closing((uv_handle_t *)&c->pipe)) {
		connection_hang_up(c);
		return;
	}
	if (!c->ended) {
		step(c);
		return;
	}
	call_clear(&c->call);
	connection_serve(c);
}

static void send_page(struct connection *c)
{
	struct answer *answer = &c->call.answer;
	uv_buf_t buffer;

	answer_seal(answer);
	if (answer->frame.size < CONTROL_HEADER_SIZE) { /* no memory for a word */
		connection_hang_up(c);
		return;
	}
	buffer = uv_buf_init((char *)answer->frame.at, (unsigned)answer->frame.size);
	c->write.data = c;
	c->writing = true;
	c->active_ms = uv_now(&c->server->loop->uv);
	if (uv_write(&c->write, (uv_stream_t *)&c->pipe, &buffer, 1, on_written) != 0) {
		c->writing = false;
		connection_hang_up(c);
	}
}

static void send_end(struct connection *c, enum ha_error error, const char *message)
{
	c->ended = true;
	answer_end(&c->call.answer, error, message);
	send_page(c);
}

/* What was changed goes to the log with who asked for it. */
static void log_change(struct connection *c)
{
	const struct call *call = &c->call;
	char subject[384];
	size_t made = 0;

	if (!call->changed)
		return;
	for (size_t i = 0; i < call->change_count; i++)
		made += call->results[i] == HA_OK;
	if (call->verb == VERB_association_import) {
		c->imported += made;
		c->import_changes += call->change_count;
		return;
	}
	call_subject(call, subject, sizeof(subject));
	log_notice("%s: %s by %s: %s", subject, verb_infos[call->verb].name, c->who,
	           made ? "done" : ha_strerror(call->results[0]));
}

/* Nothing is read while a call is under way, but for one that has no end: else
 * it would not be noticed when its client goes. */
static void watch(struct connection *c)
{
	if (c->call.trace.open && !c->reading)
		c->reading = uv_read_start((uv_stream_t *)&c->pipe, on_alloc, on_read) == 0;
}

static void stop_reading(struct connection *c)
{
	if (c->reading)
		uv_read_stop((uv_stream_t *)&c->pipe);
	c->reading = false;
}

/* What waited for the agent, or would go on to ask it. */
static void turn_away(struct connection *c)
{
	const char *what = c->call.changed || c->call.stored || c->call.drop.made
	                           ? "agentd starts again over the store of another member: it "
	                             "is not known what became of this, ask again in a moment"
	                           : "agentd starts again over the store of another member: ask "
	                             "again in a moment";

	c->waiting = false;
	stop_reading(c);
	connection_refuse(c, HA_E_BUSY, what);
}

static void take_step(struct connection *c)
{
	struct call *call = &c->call;

	if (call->group && call->group->paused) {
		turn_away(c);
		return;
	}
	if (!c->waiting) /* what a call said before it waited stays said */
		answer_begin(&call->answer);
	c->waiting = true; /* until call_step says otherwise: the change may be quicker */
	switch (call_step(call)) {
	case CALL_WAIT:
		watch(c);
		return;
	case CALL_MORE:
		c->waiting = false;
		if (call->answer.error == HA_OK)
			send_page(c);
		else
			send_end(c, call->answer.error, NULL);
		return;
	case CALL_DONE:
		c->waiting = false;
		stop_reading(c);
		log_change(c);
		send_end(c, call->error, *call->message ? call->message : NULL);
		return;
	}
}

static void step(struct connection *c)
{
	const char *before = speak(&c->call);

	take_step(c);
	log_set_subject(before);
}

void connection_refuse(struct connection *c, enum ha_error error, const char *message)
{
	c->hang_up = true;
	answer_begin(&c->call.answer);
	send_end(c, error, message);
}

void connection_resume(struct connection *c)
{
	if (!uv_is_closing((uv_handle_t *)&c->pipe)) {
		step(c);
		return;
	}
	c->waiting = false;
	free_if_done(c);
}

static void refuse_group(struct connection *c)
{
	const struct call_groups *groups = c->call.groups;
	char message[256];
	size_t length = (size_t)snprintf(message, sizeof(message), "there is no group %u here, %s",
	                                 c->call.request.group,
	                                 groups->count == 0  ? "and no home agent"
	                                 : groups->count > 1 ? "but"
	                                                     : "only group");

	for (size_t i = 0; i < groups->count && length < sizeof(message); i++)
		length += (size_t)snprintf(message + length, sizeof(message) - length, "%s %u",
		                           i ? "," : "", agent_group(groups->of[i].agent));
	if (c->call.request.group == CONFIG_GROUP_VISITORS)
		snprintf(message, sizeof(message),
		         "there is no group %u here: no foreign agent is shared with other members "
		         "(foreign-agent.shared)",
		         CONFIG_GROUP_VISITORS);
	answer_begin(&c->call.answer);
	send_end(c, HA_E_NOTFOUND, message);
}

static bool choose_group(struct call *call)
{
	call->group = NULL;
	call->agent = NULL;
	call->guest = call->request.group == CONFIG_GROUP_VISITORS ? call->groups->guest : NULL;
	if (call->guest)
		return true;
	if (call->groups->count == 0)
		return call->request.group == 0;
	for (size_t i = 0; i < call->groups->count; i++) {
		const struct call_group *group = &call->groups->of[i];

		if (agent_group(group->agent) != call->request.group)
			continue;
		call->group = group;
		call->agent = group->agent;
		return true;
	}
	return false;
}

/* A frame that is no request ends the connection: its peer is not agentctl. */
static void begin(struct connection *c, size_t size)
{
	struct call *call = &c->call;
	enum ha_error why;

	stop_reading(c);
	c->ended = false;
	c->active_ms = uv_now(&c->server->loop->uv);
	why = control_request_decode(c->in.at + CONTROL_HEADER_SIZE, size, &call->request);
	octets_drop(&c->in, CONTROL_HEADER_SIZE + size);
	if (c->in.size == 0)
		octets_free(&c->in);
	if (why == HA_OK && !choose_group(call)) {
		refuse_group(c);
		return;
	}
	if (why == HA_OK) {
		step(c);
		return;
	}
	connection_refuse(c, why, "not a request of this protocol");
}

void connection_serve(struct connection *c)
{
	size_t size = 0;

	if (c->in.size >= CONTROL_HEADER_SIZE) {
		if (!frame_header_decode(c->in.at, CONTROL_REQUEST_MAX, &size)) {
			connection_hang_up(c);
			return;
		}
		if (c->in.size >= CONTROL_HEADER_SIZE + size) {
			begin(c, size);
			return;
		}
	}
	if (c->reading)
		return;
	c->reading = uv_read_start((uv_stream_t *)&c->pipe, on_alloc, on_read) == 0;
	if (!c->reading)
		connection_hang_up(c);
}
