/* unpack.c - commands taken apart, mostly without the heap, and given to whom
 * they concern. */
#include "agentd/state/internal.h"

#include "agentd/state/command.h"
#include "proto/cluster.pb-c.h"

#define SCRATCH 1024u

struct scratch {
	_Alignas(16) uint8_t octets[SCRATCH];
	size_t used;
};

/* A configuration holds keys: what it was unpacked into is wiped. */
#define HEAP_HEADER 16u

static void *heap_alloc(size_t size)
{
	uint8_t *block = malloc(HEAP_HEADER + size);

	if (!block)
		return NULL;
	memcpy(block, &size, sizeof(size));
	return block + HEAP_HEADER;
}

static void heap_free(void *pointer)
{
	uint8_t *block;
	size_t size;

	if (!pointer)
		return;
	block = (uint8_t *)pointer - HEAP_HEADER;
	memcpy(&size, block, sizeof(size));
	mip_wipe(pointer, size);
	free(block);
}

/* Small messages never leave the stack; a configuration goes to the heap. */
static void *scratch_alloc(void *context, size_t size)
{
	struct scratch *scratch = context;
	size_t rounded = (size + 15u) & ~(size_t)15u;

	if (rounded > SCRATCH - scratch->used)
		return heap_alloc(size);
	scratch->used += rounded;
	return scratch->octets + scratch->used - rounded;
}

static void scratch_free(void *context, void *pointer)
{
	struct scratch *scratch = context;
	uintptr_t at = (uintptr_t)pointer, begin = (uintptr_t)scratch->octets;

	if (at < begin || at >= begin + SCRATCH)
		heap_free(pointer);
}

static enum ha_error apply_command(struct state *state, uint64_t index,
                                   const Hearth__Command *command, struct state_outcome *out)
{
	if (command->version == 0)
		return HA_E_MALFORMED;
	if (command->version > COMMAND_VERSION)
		return HA_E_NEWER;
	out->time_ms = command->time_ms;
	if (command->time_ms > state->time_ms)
		state->time_ms = command->time_ms;
	state->farewell = (struct farewell){ .out = out, .time_ms = command->time_ms };
	service_begin(state, index, command->time_ms);

	switch (command->command_case) {
	case HEARTH__COMMAND__COMMAND_REGISTRATION:
		if (command->registration->effect_case == HEARTH__REGISTER__EFFECT__NOT_SET)
			return HA_E_MALFORMED;
		out->error = apply_registration(state, index, command->registration,
		                                command->time_ms);
		return HA_OK;
	case HEARTH__COMMAND__COMMAND_EXPIRE:
		apply_expiry(state, index, command->expire, command->time_ms);
		return HA_OK;
	case HEARTH__COMMAND__COMMAND_DROP:
		out->error = apply_drop(state, index, command->drop, out);
		return HA_OK;
	case HEARTH__COMMAND__COMMAND_COMPLETE:
		out->error = apply_completion(state, index, command->complete);
		return HA_OK;
	case HEARTH__COMMAND__COMMAND_CONFIGURE:
		return configure_apply(state, index, command->configure, out);
	default:
		return HA_E_MALFORMED;
	}
}

enum ha_error state_apply(struct state *state, uint64_t index, struct span octets,
                          struct state_outcome *out)
{
	struct scratch scratch;
	ProtobufCAllocator allocator = { scratch_alloc, scratch_free, &scratch };
	Hearth__Command *command;
	enum ha_error error;

	scratch.used = 0;
	memset(out, 0, offsetof(struct state_outcome, dropped));
	command = hearth__command__unpack(&allocator, octets.size, octets.at);
	if (!command)
		return HA_E_MALFORMED;
	error = apply_command(state, index, command, out);
	state->farewell = (struct farewell){ .out = NULL };
	service_end(state);
	hearth__command__free_unpacked(command, &allocator);
	if (out->results)
		mip_wipe(scratch.octets, scratch.used);
	return error;
}

void state_outcome_free(struct state_outcome *outcome)
{
	free(outcome->results);
	free(outcome->ended);
	row_log_free(&outcome->rows);
	outcome->results = NULL;
	outcome->ended = NULL;
}
