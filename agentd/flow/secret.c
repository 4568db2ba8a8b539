/* secret.c - the secret that nonces are derived from, one for all members: made
 * once by who finds none in the store, put in order like a setting, and never
 * shown. */
#include "agentd/flow/internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "agentd/base/log.h"

#define SECRET_SIZE 32u

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

static bool octets_of_hex(const char *text, uint8_t out[SECRET_SIZE])
{
	if (strlen(text) != 2 * (size_t)SECRET_SIZE)
		return false;
	for (size_t i = 0; i < SECRET_SIZE; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static void take_secret(void *context, const char *name, const char *value)
{
	struct mip_key_state *out = context;
	uint8_t octets[SECRET_SIZE];

	if (strcmp(name, SECRET_NONCE) != 0)
		return;
	if (!octets_of_hex(value, octets))
		log_error("the secret of nonces in the store cannot be read: nodes with nonces are "
		          "denied with code 133");
	else
		(void)mip_key_state_init(out, MIP_HMAC_SHA256, octets, sizeof(octets));
	mip_wipe(octets, sizeof(octets));
}

/* With the policy's lock held. */
void secret_refresh(struct agent *agent)
{
	struct mip_key_state secret = { 0 };

	state_settings(agent->state, take_secret, &secret);
	agent->nonce_secret = secret;
	mip_wipe(&secret, sizeof(secret));
}

void secret_read(struct agent *agent, struct mip_key_state *out)
{
	pthread_mutex_lock(&agent->policy_lock);
	*out = agent->nonce_secret;
	pthread_mutex_unlock(&agent->policy_lock);
}

static bool make_secret(struct change *change)
{
	uint8_t octets[SECRET_SIZE];
	bool made = getrandom(octets, sizeof(octets), 0) == (ssize_t)sizeof(octets);

	*change = (struct change){ .kind = CHANGE_SET };
	snprintf(change->name, sizeof(change->name), "%s", SECRET_NONCE);
	for (size_t i = 0; made && i < sizeof(octets); i++)
		snprintf(change->value + 2 * i, 3, "%02x", octets[i]);
	mip_wipe(octets, sizeof(octets));
	return made;
}

enum ha_error secret_run(struct agent *agent, char *report, size_t size)
{
	struct mip_key_state secret;
	struct change change;
	size_t failed;
	enum ha_error error = HA_OK;

	secret_read(agent, &secret);
	if (secret.algorithm == 0) {
		error = make_secret(&change) ? seed_configure(agent, &change, 1, &failed)
		                             : ha_error_of_errno(errno);
		mip_wipe(&change, sizeof(change));
	}
	if (error != HA_OK)
		snprintf(report, size, "cannot make the secret of nonces: %s", ha_strerror(error));
	mip_wipe(&secret, sizeof(secret));
	return error;
}
