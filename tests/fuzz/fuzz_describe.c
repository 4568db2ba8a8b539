/* fuzz_describe.c - any datagram that is a request at all can be told in rows. */
#include <stdlib.h>
#include <string.h>

#include "agentd/flow/describe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_row(void *context, const struct explain_row *row)
{
	unsigned *rows = context;

	(*rows)++;
	if (!row->part || !row->name || strlen(row->value) >= sizeof(row->value) ||
	    strlen(row->meaning) >= sizeof(row->meaning))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct described_authentication became = { AUTHENTICATION_VALID, AUTHENTICATION_WRONG,
		                                         AUTHENTICATION_NO_ASSOCIATION };
	const struct span message = { data, size };
	struct registration_request request;
	unsigned rows = 0;
	const struct teller teller = { on_row, &rows, "request" };

	if (registration_request_decode(message, &request) != HA_OK)
		return 0;
	describe_fixed(&teller, &request, 1700000000000);
	describe_extensions(&teller, &request, message, &became);
	if (rows < 6 || rows > size + 7)
		abort();
	return 0;
}
