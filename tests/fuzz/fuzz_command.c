/* fuzz_command.c - entries of a log as nobody here writes them: applying any
 * octets keeps the limits, and the rows that follow can be read.
 *
 * The input is a row of entries, each with its size in two octets before it. */
#include <stdlib.h>

#include "agentd/state/audit.h"
#include "agentd/state/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check_rows(const struct row_log *rows)
{
	struct row_change change;
	size_t at = 0;

	while (row_log_next(rows, &at, &change)) {
		struct peer_row peer;
		struct association_row association;
		struct audit_row audit;
		bool put = change.operation == ROW_PUT;

		require(put || change.operation == ROW_TRIM || change.value.size == 0);
		if (put && change.kind == ROW_AUDIT)
			require(audit_row_decode(change.key, change.value, &audit) == HA_OK);
		if (put && change.kind == ROW_PEER)
			require(peer_row_decode(change.key, change.value, &peer) == HA_OK);
		if (put && change.kind == ROW_ASSOCIATION)
			require(association_row_decode(change.key, change.value, &association) ==
			        HA_OK);
	}
	require(at == rows->size);
}

/* What is to be told is revocable and was not over. */
static void check_ended(const struct state_outcome *outcome)
{
	require(outcome->ended_count <= STATE_ENDED_MAX);
	for (size_t i = 0; i < outcome->ended_count; i++) {
		require(outcome->ended[i].binding.features & BINDING_REVOCABLE);
		require(outcome->ended[i].binding.expires_ms > outcome->time_ms);
	}
}

static void check_state(struct state *state, const struct state_capacity *capacity)
{
	struct state_totals totals;
	uint64_t places[4];
	uint32_t *slots;
	size_t count;

	state_totals(state, &totals);
	require(totals.mobile_nodes + totals.foreign_agents <= capacity->peers);
	require(totals.associations <= capacity->associations);
	require(totals.bindings_committed <= capacity->bindings);
	require(totals.bindings <= totals.bindings_committed);
	require(state_expired(state, totals.time_ms, places, 4) <= 4);
	require(state_take_dirty(state, &slots, &count) == HA_OK);
	require(count <= capacity->peers);
	for (size_t i = 0; i < count; i++) {
		struct state_peer_rows rows;

		require(!state_copy_peer(state, slots[i], &rows) ||
		        rows.binding_count <= BINDING_LIMIT_MAX);
	}
	free(slots);
}

static struct keyring *ring(void)
{
	static const uint8_t key[KEYRING_KEY_OCTETS] = { 1 };
	static struct keyring *one;

	if (!one)
		require((one = keyring_new()) && keyring_add(one, 1, key) == HA_OK);
	return one;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct state_capacity capacity = { 4, 6, 10 };
	struct reader in = reader_over(data, size);
	enum ha_error error = HA_OK, why;
	struct state *state = state_new(&capacity, ring(), &why);

	require(state != NULL);
	for (uint64_t index = 1; error == HA_OK && reader_left(&in) > 2; index++) {
		struct state_outcome outcome;
		struct span command;

		command.size = get_u16(&in);
		command.size = command.size < reader_left(&in) ? command.size : reader_left(&in);
		command.at = reader_take(&in, command.size);
		error = state_apply(state, index, command, &outcome);
		require(error != HA_E_DAMAGED); /* a whole is judged as it is made */
		check_rows(&outcome.rows);
		check_ended(&outcome);
		state_outcome_free(&outcome);
		check_state(state, &capacity);
	}
	state_free(state);
	return 0;
}
