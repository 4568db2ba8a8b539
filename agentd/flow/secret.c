/* secret.c - the secret that nonces are derived from, one for all members: made
 * once by who finds none in the store, put in order sealed, and never shown. */
#include "agentd/flow/internal.h"

#include <stdio.h>

#include "agentd/state/seal.h"

/* With the policy's lock held. */
void secret_refresh(struct agent *agent)
{
	struct mip_key_state secret = { 0 };
	uint8_t octets[SECRET_OCTETS];

	if (state_secret(agent->state, SECRET_NONCE, octets))
		(void)mip_key_state_init(&secret, MIP_HMAC_SHA256, octets, sizeof(octets));
	agent->nonce_secret = secret;
	mip_wipe(octets, sizeof(octets));
	mip_wipe(&secret, sizeof(secret));
}

void secret_read(struct agent *agent, struct mip_key_state *out)
{
	pthread_mutex_lock(&agent->policy_lock);
	*out = agent->nonce_secret;
	pthread_mutex_unlock(&agent->policy_lock);
}

static enum ha_error make_secret(struct agent *agent)
{
	struct change change = { .kind = CHANGE_SECRET, .name = SECRET_NONCE };
	uint8_t octets[SECRET_OCTETS];
	size_t failed;
	enum ha_error error;

	keyring_random(octets, sizeof(octets));
	error = seal_secret(agent->keyring, SECRET_NONCE, octets, &change.sealed);
	mip_wipe(octets, sizeof(octets));
	if (error == HA_OK)
		error = seed_configure(agent, &change, 1, &failed);
	return error == HA_E_EXISTS ? HA_OK : error; /* another leader made it */
}

bool secret_is_made(struct agent *agent)
{
	uint8_t octets[SECRET_OCTETS];
	bool is_there = state_secret(agent->state, SECRET_NONCE, octets) != 0;

	mip_wipe(octets, sizeof(octets));
	return is_there;
}

enum ha_error secret_run(struct agent *agent, char *report, size_t size)
{
	enum ha_error error = secret_is_made(agent) ? HA_OK : make_secret(agent);

	if (error != HA_OK)
		snprintf(report, size, "cannot make the secret of nonces: %s", ha_strerror(error));
	return error;
}
