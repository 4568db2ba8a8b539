/* fuzz_node_key.c - any octets as the key file of a member: a sentence that tells
 * none of them, or a key that comes back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/base/hex.h"
#include "agentd/base/node_key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_key(const struct node_key *key)
{
	char text[16 + 2 * CLUSTER_KEY_OCTETS + 1] = "secret ";
	struct keyring_error error;
	struct node_key again;

	hex_format(key->secret_key, CLUSTER_KEY_OCTETS, text + strlen(text));
	require(node_key_parse("again", text, strlen(text), &again, &error) == HA_OK);
	require(memcmp(key, &again, sizeof(again)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct node_key zeros;
	struct keyring_error error = { "" };
	struct node_key key;

	if (node_key_parse("fuzz", (const char *)data, size, &key, &error) == HA_OK) {
		check_key(&key);
		return 0;
	}
	require(memcmp(&key, &zeros, sizeof(key)) == 0);
	require(strncmp(error.text, "fuzz:", 5) == 0);
	for (const char *c = error.text; *c; c++)
		require((unsigned char)*c >= 0x20 && *c != 0x7f);
	return 0;
}
