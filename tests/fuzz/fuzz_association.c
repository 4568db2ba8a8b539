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

static void check_change(const struct change *change)
{
	bool mobile = change->peer == PEER_MOBILE_NODE;

	require(change->kind == CHANGE_ADD_ASSOCIATION);
	require(mobile || change->peer == PEER_FOREIGN_AGENT);
	require(address_is_unicast(change->address));
	require(change->spi >= MIP_SPI_MIN);
	require(mip_algorithm_name(change->algorithm) != NULL);
	require(change->key_size >= MIP_KEY_SIZE_MIN && change->key_size <= MIP_KEY_SIZE_MAX);
	require(change->bindings <= (mobile ? BINDING_LIMIT_MAX : 0));
	require(change->tolerance_s == 0 || (mobile && change->tolerance_s >= 4));
	require(change->tolerance_s <= 3600);
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
