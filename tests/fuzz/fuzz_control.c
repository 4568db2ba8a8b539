/* fuzz_control.c - whatever arrives on the control socket, at either end. What
 * was decoded as a request encodes to what decodes the same; what was decoded
 * as an answer has names and texts that can be read.
 *
 * The first octet chooses: even a request, odd an answer; the rest is the
 * message. */
#include <stdlib.h>
#include <string.h>

#include "agentd/control/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check_same(const struct control_request *a, const struct control_request *b)
{
	require(strcmp(a->verb, b->verb) == 0);
	require(a->argument_count == b->argument_count);
	for (size_t i = 0; i < a->argument_count; i++)
		require(strcmp(a->arguments[i], b->arguments[i]) == 0);
	require(a->secret_size == b->secret_size);
	require(a->secret_size == 0 || memcmp(a->secret, b->secret, a->secret_size) == 0);
}

static void check_request(const uint8_t *at, size_t size)
{
	struct control_request request, again;
	struct octets frame = { 0 };
	size_t length;

	if (control_request_decode(at, size, &request) != HA_OK) {
		require(request.message == NULL && request.verb == NULL);
		return;
	}
	require(control_request_encode(&request, &frame) == HA_OK);
	require(frame_header_decode(frame.at, CONTROL_REQUEST_MAX, &length));
	require(length == frame.size - CONTROL_HEADER_SIZE);
	require(control_request_decode(frame.at + CONTROL_HEADER_SIZE, length, &again) == HA_OK);
	check_same(&request, &again);
	control_request_free(&request);
	control_request_free(&again);
	octets_free(&frame);
}

static size_t read_values(const struct control_value *values, size_t count)
{
	size_t octets = 0;

	require(count <= CONTROL_VALUES_MAX);
	for (size_t i = 0; i < count; i++) {
		octets += strlen(values[i].name);
		if (values[i].kind == CONTROL_TEXT)
			octets += strlen(values[i].text);
	}
	return octets;
}

static void on_record(void *context, const struct control_value *values, size_t count)
{
	*(size_t *)context += read_values(values, count);
}

static void on_end(void *context, const struct control_end *end)
{
	*(size_t *)context += read_values(end->facts, end->fact_count) + strlen(end->message);
}

static void check_answer(const uint8_t *at, size_t size)
{
	size_t octets = 0;
	struct control_sink sink = { .context = &octets, .record = on_record, .end = on_end };
	bool ended;

	(void)control_answer_decode(at, size, &sink, &ended);
	require(octets <= size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *exact;

	if (size == 0)
		return 0;
	exact = malloc(size - 1); /* of exactly its size, so that one octet too far is seen */
	if (!exact)
		return 0;
	memcpy(exact, data + 1, size - 1);
	if (data[0] % 2)
		check_answer(exact, size - 1);
	else
		check_request(exact, size - 1);
	free(exact);
	return 0;
}
