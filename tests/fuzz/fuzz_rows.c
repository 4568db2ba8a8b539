/* fuzz_rows.c - rows as damage could leave them: decoding must not read past
 * key or value, and what it accepts must be written the same again.
 *
 * The first octet chooses the kind of row, the second is the size of the key;
 * key and value follow. */
#include <stdlib.h>
#include <string.h>

#include "agentd/state/audit.h"
#include "agentd/state/rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

#define CHECK(name)                                                                                \
	static void check_##name(struct span key, struct span value)                               \
	{                                                                                          \
		struct row_octets k, v;                                                            \
		struct name##_row row;                                                             \
                                                                                                   \
		if (name##_row_decode(key, value, &row) != HA_OK)                                  \
			return;                                                                    \
		name##_row_key(&row, &k);                                                          \
		name##_row_value(&row, &v);                                                        \
		require(k.size == key.size && memcmp(k.at, key.at, k.size) == 0);                  \
		if (v.at[0] == value.at[0]) /* else it was of an earlier program */                \
			require(v.size == value.size && memcmp(v.at, value.at, v.size) == 0);      \
	}

CHECK(peer)
CHECK(association)
CHECK(replay)
CHECK(binding)
CHECK(node)

static void check_audit(struct span key, struct span value)
{
	struct audit_octets k, v;
	struct audit_row row;

	if (audit_row_decode(key, value, &row) != HA_OK)
		return;
	audit_row_key(&row, &k);
	audit_row_value(&row, &v);
	require(k.size == key.size && memcmp(k.at, key.at, k.size) == 0);
	require(v.size == value.size && memcmp(v.at, value.at, v.size) == 0);
}

/* A row of an earlier program is bare text, and is written with its version. */
static void check_setting(struct span key, struct span value)
{
	struct row_octets k, v;
	struct setting_row row, again;

	if (setting_row_decode(key, value, &row) != HA_OK)
		return;
	setting_row_key(&row, &k);
	setting_row_value(&row, &v);
	require(setting_row_decode((struct span){ k.at, k.size }, (struct span){ v.at, v.size },
	                           &again) == HA_OK);
	require(strcmp(row.name, again.name) == 0 && strcmp(row.value, again.value) == 0 &&
	        row.version == again.version);
}

/* In memory of exactly its size, so that one octet too far is seen. */
static struct span copy(const uint8_t *at, size_t size)
{
	uint8_t *exact = malloc(size);

	if (size)
		memcpy(exact, at, size);
	return (struct span){ exact, size };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const checks[])(struct span, struct span) = {
		check_peer, check_association, check_replay,  check_binding,
		check_node, check_audit,       check_setting,
	};
	struct span key, value;
	size_t key_size;

	if (size < 2)
		return 0;
	key_size = data[1] < size - 2 ? data[1] : size - 2;
	key = copy(data + 2, key_size);
	value = copy(data + 2 + key_size, size - 2 - key_size);
	checks[data[0] % (sizeof(checks) / sizeof(checks[0]))](key, value);
	free((void *)key.at);
	free((void *)value.at);
	return 0;
}
