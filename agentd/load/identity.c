/* identity.c - numbers to addresses and keys. */
#include "agentd/load/identity.h"

#include <string.h>

static struct in_addr address_plus(struct in_addr first, uint32_t n)
{
	return (struct in_addr){ .s_addr = htonl(ntohl(first.s_addr) + n) };
}

enum ha_error load_seed_init(struct mip_key_state *out, const char *text)
{
	uint8_t padded[MIP_KEY_SIZE_MAX] = { 0 }; /* as HMAC itself pads a short key */
	size_t length = strlen(text);

	if (length == 0 || length > sizeof(padded))
		return HA_E_RANGE;
	memcpy(padded, text, length);
	return mip_key_state_init(out, MIP_HMAC_MD5, padded, sizeof(padded));
}

struct in_addr load_home(const struct load_identity *identity, uint32_t node)
{
	return address_plus(identity->first_home, node);
}

uint32_t load_node_of(const struct load_identity *identity, struct in_addr home)
{
	return ntohl(home.s_addr) - ntohl(identity->first_home.s_addr);
}

struct in_addr load_care_of(const struct load_identity *identity, uint32_t offset)
{
	return identity->care_of.s_addr
	               ? identity->care_of
	               : address_plus(identity->first_care_of, offset & LOAD_CARE_OF_MASK);
}

uint32_t load_first_offset(uint32_t node)
{
	return (node * 2654435761u) >> 12 & LOAD_CARE_OF_MASK;
}

void load_key(const struct load_identity *identity, struct in_addr home, uint8_t key[LOAD_KEY_SIZE])
{
	uint8_t digest[MIP_AUTHENTICATOR_SIZE_MAX] = { 0 };
	struct span octets = { .at = (const uint8_t *)&home, .size = sizeof(home) };

	mip_authenticator_compute(&identity->seed, octets, digest);
	memcpy(key, digest, LOAD_KEY_SIZE);
}

void load_key_state(const struct load_identity *identity, struct in_addr home,
                    struct mip_key_state *out)
{
	uint8_t key[LOAD_KEY_SIZE];

	load_key(identity, home, key);
	mip_key_state_init(out, identity->algorithm, key, sizeof(key));
	mip_wipe(key, sizeof(key));
}
