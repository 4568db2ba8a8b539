/* fuzz_association.c - whatever stands in a file of associations: what is taken
 * lies within the limits, what is refused is zeroed, and no error repeats
 * anything that could be a key. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/base/address.h"
#include "agentd/base/binding.h"
#include "agentd/state/association_file.h"

#define BATCH 4u
#define SECRET_RUN 12u /* hexadecimal digits in a row; the texts' own are shorter */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static bool is_label(const char *text)
{
	return strlen(text) < LABEL_MAX &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(text);
}

/* A node is found by its address, or by its name and then may have one of a pool. */
static void check_peer(const struct change *change)
{
	bool mobile = change->peer == PEER_MOBILE_NODE;

	require(mobile || change->peer == PEER_FOREIGN_AGENT);
	require(address_is_unicast(change->address) || (mobile && *change->nai));
	require(!*change->nai || (mobile && strlen(change->nai) <= MIP_NAI_MAX));
	require(!*change->pool || (mobile && !change->address.s_addr && is_label(change->pool)));
	require(!*change->policy || (mobile && is_label(change->policy)));
	require(change->bindings <= (mobile ? BINDING_LIMIT_MAX : 0));
	require(change->tolerance_s == 0 || (mobile && change->tolerance_s >= 4));
	require(change->tolerance_s <= 3600);
}

static void check_association(const struct change *change)
{
	bool chap = change->algorithm == MIP_CHAP;

	require(chap ? change->spi == MIP_SPI_CHAP && change->use == ASSOCIATION_AAA
	             : change->spi >= MIP_SPI_MIN);
	require(mip_algorithm_name(change->algorithm) != NULL);
	require(change->use == ASSOCIATION_HOME || change->use == ASSOCIATION_AAA);
	require(change->replay == REPLAY_TIMESTAMP || change->replay == REPLAY_NONCE);
	require(change->key_size >= MIP_KEY_SIZE_MIN && change->key_size <= MIP_KEY_SIZE_MAX);
}

static void check_change(const struct change *change)
{
	if (change->kind == CHANGE_SET) {
		require(*change->name && *change->value && !change->key_size);
		return;
	}
	require(change->kind == CHANGE_ADD_ASSOCIATION);
	check_peer(change);
	check_association(change);
}

static void check_error(const struct association_error *error)
{
	size_t run = 0;

	require(*error->text && error->line > 0);
	for (const char *c = error->text; *c; c++) {
		require((unsigned char)*c >= 0x20 && (unsigned char)*c < 0x7f);
		run = isxdigit((unsigned char)*c) ? run + 1 : 0;
		require(run < SECRET_RUN);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct association_reader reader;
	struct association_error error;
	struct change changes[BATCH];
	size_t count;
	FILE *file;

	if (size == 0)
		return 0;
	file = fmemopen((void *)(uintptr_t)data, size, "r");
	require(file != NULL);
	association_reader_start(&reader, file);
	for (;;) {
		memset(&error, 0, sizeof(error));
		enum ha_error why = association_reader_next(&reader, changes, BATCH, &count,
		                                            &error);

		for (size_t i = 0; i < count; i++)
			check_change(&changes[i]);
		if (why != HA_OK)
			check_error(&error);
		else if (count == 0)
			break;
	}
	association_reader_close(&reader);
	return 0;
}
