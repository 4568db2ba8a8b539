/* keys.c - a key file is made here, where the operator is, not by agentd: every
 * member of a cluster needs the same one. */
#include "agentd/programs/keys.h"

#include <stdio.h>
#include <stdlib.h>

#include "agentd/base/keyring.h"
#include "agentd/programs/print.h"

static int print_made(const char *path, const struct keyring_entry *made, bool json)
{
	struct control_value values[] = {
		{ .name = "file", .kind = CONTROL_TEXT, .text = path },
		{ .name = "key", .kind = CONTROL_NUMBER, .number = made->id },
		{ .name = "fingerprint", .kind = CONTROL_TEXT, .text = made->fingerprint },
	};
	struct control_end end = { .error = HA_OK, .message = "" };
	struct control_sink sink;
	struct printer printer;

	printer_start(&printer, json, VERB_OBJECT);
	sink = printer_sink(&printer);
	sink.record(sink.context, values, sizeof(values) / sizeof(values[0]));
	sink.end(sink.context, &end);
	if (printer_finish(&printer))
		return EXIT_SUCCESS;
	fputs("agentctl: standard output cannot be written\n", stderr);
	return EXIT_FAILURE;
}

int key_new_run(const char *path, bool json)
{
	struct keyring_error error;
	struct keyring_entry made;

	if (keyring_extend(path, &made, &error) == HA_OK)
		return print_made(path, &made, json);
	fprintf(stderr, "agentctl: %s\n", error.text);
	return EXIT_FAILURE;
}
