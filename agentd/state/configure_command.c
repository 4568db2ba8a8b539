/* configure_command.c - a command of configuration, change by change: each for
 * itself, or all of them or none. */
#include "agentd/state/configure.h"

static enum ha_error apply_audited(struct state *state, const struct state_capacity *allowed,
                                   const Hearth__Change *change, struct audit_row *audit,
                                   struct row_log *rows)
{
	enum ha_error error;

	audit_begin(state, change, audit);
	error = change_apply(state, audit->index, allowed, change, rows);
	if (error == HA_OK)
		audit_finish(state, change, audit, rows);
	return error;
}

static struct state_capacity allowed_by(const struct state *state,
                                        const struct Hearth__Configure *configure)
{
	if (!configure->has_peers)
		return state->capacity;
	return (struct state_capacity){ configure->peers, configure->associations,
		                        configure->bindings };
}

static enum ha_error apply_one(struct state *state, uint64_t index,
                               const struct Hearth__Configure *configure, size_t i,
                               struct state_outcome *out)
{
	const struct state_capacity allowed = allowed_by(state, configure);
	struct audit_row audit = { .index = index, .number = (uint16_t)i, .time_ms = out->time_ms };

	text_copy(audit.who, sizeof(audit.who), text_span(configure->who));
	return apply_audited(state, &allowed, configure->changes[i], &audit, &out->rows);
}

/* What nobody may go on after. */
static enum ha_error fatal_error(const struct state *state, const struct state_outcome *out)
{
	if (state->unopened != HA_OK)
		return state->unopened;
	return state->too_small ? HA_E_CAPACITY : out->rows.error;
}

static enum ha_error apply_each(struct state *state, uint64_t index,
                                const struct Hearth__Configure *configure,
                                struct state_outcome *out)
{
	state->farewell.cause = FAREWELL_TAKEN; /* with the node that had them */
	for (size_t i = 0; i < configure->n_changes; i++)
		out->results[i] = apply_one(state, index, configure, i, out);
	audit_trim(&out->rows);
	return fatal_error(state, out);
}

/* Of secrets and of keys sealed again each is for itself: nobody needs them as one. */
static bool is_for_itself(const Hearth__Change *change)
{
	return change->change_case == HEARTH__CHANGE__CHANGE_RESEAL ||
	       change->change_case == HEARTH__CHANGE__CHANGE_SECRET;
}

/* Would every change be made? *refused is the first that would not, and *why. Returns
 * what nobody may go on after. */
static enum ha_error try_each(struct state *state, uint64_t index,
                              const struct Hearth__Configure *configure, size_t *refused,
                              enum ha_error *why)
{
	struct state_outcome tried = { .time_ms = 0 };
	struct state *copy;
	enum ha_error error = trial_new(state, configure, &copy);
	size_t i = 0;

	*why = HA_OK;
	for (; error == HA_OK && i < configure->n_changes; i++) {
		*why = is_for_itself(configure->changes[i])
		               ? HA_E_UNSUPPORTED
		               : apply_one(copy, index, configure, i, &tried);
		error = fatal_error(copy, &tried);
		if (*why != HA_OK)
			break;
	}
	*refused = i;
	if (copy && copy->unopened != HA_OK)
		state->unopened_key = copy->unopened_key;
	row_log_free(&tried.rows);
	state_free(copy);
	return error;
}

static enum ha_error apply_whole(struct state *state, uint64_t index,
                                 const struct Hearth__Configure *configure,
                                 struct state_outcome *out)
{
	size_t refused;
	enum ha_error why, error = try_each(state, index, configure, &refused, &why);

	for (size_t i = 0; i < configure->n_changes; i++)
		out->results[i] = i == refused ? why : HA_E_NOT_DONE;
	if (error != HA_OK || why != HA_OK)
		return error;
	error = apply_each(state, index, configure, out);
	for (size_t i = 0; error == HA_OK && i < configure->n_changes; i++)
		if (out->results[i] != HA_OK)
			return HA_E_DAMAGED; /* the copy was another: half of it is no answer */
	return error;
}

enum ha_error configure_apply(struct state *state, uint64_t index,
                              const struct Hearth__Configure *configure, struct state_outcome *out)
{
	enum ha_error error;

	if (index <= state->configured)
		return HA_OK; /* the store had it when it was loaded */
	out->results = calloc(configure->n_changes + 1, sizeof(*out->results));
	if (!out->results)
		return HA_E_NOMEM;
	out->result_count = configure->n_changes;
	error = configure->whole ? apply_whole(state, index, configure, out)
	                         : apply_each(state, index, configure, out);
	out->next_id = state->next_id;
	out->unopened_key = state->unopened_key;
	return error;
}
