/* transport_gate.c - questions of ZeroMQ, answered in a thread of its own: a
 * handshake must not wait for whoever uses the socket. A stranger costs one
 * question, and a line in the log now and then. */
#include "replication/transport_gate.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "agentd/base/clock.h"
#include "agentd/base/log.h"
#include "replication/counters.h"

#define ENDPOINT "inproc://zeromq.zap.01"
#define FRAME_MAX 256u

/* Frames of a question, in their order. */
enum question_frame {
	QUESTION_VERSION,
	QUESTION_ID,
	QUESTION_DOMAIN,
	QUESTION_ADDRESS,
	QUESTION_ROUTING_ID,
	QUESTION_MECHANISM,
	QUESTION_KEY,
	QUESTION_FRAMES
};

struct frame {
	size_t size; /* as it came: larger than FRAME_MAX when it was cut; 0 when it did not come */
	char at[FRAME_MAX];
};

struct transport_gate {
	void *socket;
	pthread_t thread;
	uint8_t self;
	size_t member_count;
	struct replication_member members[REPLICATION_MEMBERS_MAX];
	struct log_limit refusals;
};

static bool is(const struct frame *frame, const char *text)
{
	return frame->size == strlen(text) && memcmp(frame->at, text, frame->size) == 0;
}

/* 0: it is nobody's who may connect. The keys are public ones, so that it does
 * not matter how long comparing takes. */
static uint8_t member_of_key(const struct transport_gate *gate, const struct frame *key)
{
	if (key->size != REPLICATION_KEY_OCTETS)
		return 0;
	for (size_t i = 0; i < gate->member_count; i++)
		if (gate->members[i].number != gate->self &&
		    memcmp(gate->members[i].public_key, key->at, REPLICATION_KEY_OCTETS) == 0)
			return gate->members[i].number;
	return 0;
}

/* All frames of the next question; those beyond the last are let go. false: the
 * context ends. */
static bool read_question(void *socket, struct frame frames[QUESTION_FRAMES], size_t *count)
{
	int more = 1;
	size_t size = sizeof(more);

	for (size_t i = 0; i < QUESTION_FRAMES; i++)
		frames[i].size = 0;
	for (*count = 0; more;) {
		struct frame rest, *frame = *count < QUESTION_FRAMES ? &frames[*count] : &rest;
		int length = zmq_recv(socket, frame->at, FRAME_MAX, 0);

		if (length < 0 && zmq_errno() == EINTR)
			continue;
		if (length < 0 || zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size) != 0)
			return false;
		frame->size = (size_t)length;
		++*count;
	}
	return true;
}

/* Who asks to come in; 0: nobody who may. */
static uint8_t judge(const struct transport_gate *gate, const struct frame frames[QUESTION_FRAMES],
                     size_t count)
{
	bool is_question = count == QUESTION_FRAMES && is(&frames[QUESTION_VERSION], "1.0") &&
	                   is(&frames[QUESTION_DOMAIN], TRANSPORT_GATE_DOMAIN) &&
	                   is(&frames[QUESTION_MECHANISM], "CURVE");

	return is_question ? member_of_key(gate, &frames[QUESTION_KEY]) : 0;
}

static void complain(struct transport_gate *gate, const struct frame *address)
{
	uint64_t held_back;

	replication_count(REPLICATION_COUNTER_KEYS_REFUSED, 1);
	/* A member that was given a wrong key comes again and again: a line a minute. */
	if (!log_limit_pass(&gate->refusals, clock_monotonic_ns() / 60, &held_back))
		return;
	log_warning("%.*s: refused a connection to the cluster's port, since its key is that of no "
	            "other member",
	            (int)(address->size < 64 ? address->size : 64), address->at);
	if (held_back)
		log_warning("%llu more connections with keys of no member were refused",
		            (unsigned long long)held_back);
}

static void answer(void *socket, const struct frame *id, uint8_t member)
{
	char user[4];

	snprintf(user, sizeof(user), "%u", member);
	(void)zmq_send(socket, "1.0", 3, ZMQ_SNDMORE);
	(void)zmq_send(socket, id->at, id->size, ZMQ_SNDMORE);
	(void)zmq_send(socket, member ? "200" : "400", 3, ZMQ_SNDMORE);
	(void)zmq_send(socket, "", 0, ZMQ_SNDMORE);
	(void)zmq_send(socket, user, member ? strlen(user) : 0, ZMQ_SNDMORE);
	(void)zmq_send(socket, "", 0, 0);
}

static void *gate_run(void *context)
{
	struct transport_gate *gate = context;
	struct frame frames[QUESTION_FRAMES];
	size_t count;

	while (read_question(gate->socket, frames, &count)) {
		uint8_t member = judge(gate, frames, count);

		if (member == 0)
			complain(gate, &frames[QUESTION_ADDRESS]);
		answer(gate->socket, &frames[QUESTION_ID], member);
	}
	zmq_close(gate->socket);
	return NULL;
}

struct transport_gate *transport_gate_open(void *context, const struct replication_cluster *cluster,
                                           enum ha_error *why)
{
	struct transport_gate *gate = calloc(1, sizeof(*gate));

	*why = HA_E_NOMEM;
	if (!gate)
		return NULL;
	gate->self = cluster->self;
	gate->member_count = cluster->member_count;
	memcpy(gate->members, cluster->members, sizeof(gate->members));
	gate->refusals.per_second = 1;
	gate->socket = zmq_socket(context, ZMQ_REP);
	if (gate->socket && zmq_bind(gate->socket, ENDPOINT) == 0 &&
	    pthread_create(&gate->thread, NULL, gate_run, gate) == 0) {
		*why = HA_OK;
		return gate;
	}
	*why = HA_E_IO;
	if (gate->socket)
		zmq_close(gate->socket);
	free(gate);
	return NULL;
}

void transport_gate_close(struct transport_gate *gate)
{
	if (!gate)
		return;
	pthread_join(gate->thread, NULL);
	free(gate);
}
