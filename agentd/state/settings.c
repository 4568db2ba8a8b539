/* settings.c - the cluster's settings as names and values; what they mean is
 * the option table's matter. */
#include "agentd/state/internal.h"

#include <stdio.h>

/* Where `name` is, or would be inserted. */
static size_t place_of(const struct state *state, const char *name)
{
	size_t i = 0;

	while (i < state->setting_count && strcmp(state->settings[i].name, name) < 0)
		i++;
	return i;
}

static enum ha_error insert(struct state *state, size_t at)
{
	if (state->setting_count == SETTINGS_MAX)
		return HA_E_CAPACITY;
	memmove(&state->settings[at + 1], &state->settings[at],
	        (state->setting_count - at) * sizeof(state->settings[0]));
	state->setting_count++;
	return HA_OK;
}

enum ha_error setting_put(struct state *state, const char *name, const char *value)
{
	enum ha_error error = HA_OK;
	size_t at;

	if (strlen(name) >= sizeof(state->settings[0].name) ||
	    strlen(value) >= sizeof(state->settings[0].value))
		return HA_E_RANGE;
	pthread_mutex_lock(&state->settings_lock);
	at = place_of(state, name);
	if (at == state->setting_count || strcmp(state->settings[at].name, name) != 0)
		error = insert(state, at);
	if (error == HA_OK) {
		struct setting *setting = &state->settings[at];

		snprintf(setting->name, sizeof(setting->name), "%s", name);
		snprintf(setting->value, sizeof(setting->value), "%s", value);
	}
	pthread_mutex_unlock(&state->settings_lock);
	return error;
}

void state_settings(struct state *state, state_setting_visitor *visit, void *context)
{
	pthread_mutex_lock(&state->settings_lock);
	for (size_t i = 0; i < state->setting_count; i++)
		visit(context, state->settings[i].name, state->settings[i].value);
	pthread_mutex_unlock(&state->settings_lock);
}
