/* keys.c - key files are made here, where the operator is, not by agentd: what is
 * in one must be on every member of a cluster, or in the configuration of every
 * member. */
#include "agentd/programs/keys.h"

#include <stdio.h>
#include <stdlib.h>

#include "agentd/base/hex.h"
#include "agentd/base/keyring.h"
#include "agentd/base/node_key.h"
#include "agentd/programs/print.h"

static int print_values(const struct control_value *values, size_t count, bool json)
{
	struct control_end end = { .error = HA_OK, .message = "" };
	struct control_sink sink;
	struct printer printer;

	printer_start(&printer, json, VERB_OBJECT);
	sink = printer_sink(&printer);
	sink.record(sink.context, values, count);
	sink.end(sink.context, &end);
	if (printer_finish(&printer))
		return EXIT_SUCCESS;
	fputs("agentctl: standard output cannot be written\n", stderr);
	return EXIT_FAILURE;
}

static int complain(const struct keyring_error *error)
{
	fprintf(stderr, "agentctl: %s\n", error->text);
	return EXIT_FAILURE;
}

int key_new_run(const char *path, bool json)
{
	struct keyring_error error;
	struct keyring_entry made;
	struct control_value values[] = {
		{ .name = "file", .kind = CONTROL_TEXT, .text = path },
		{ .name = "key", .kind = CONTROL_NUMBER },
		{ .name = "fingerprint", .kind = CONTROL_TEXT, .text = made.fingerprint },
	};

	if (keyring_extend(path, &made, &error) != HA_OK)
		return complain(&error);
	values[1].number = made.id;
	return print_values(values, sizeof(values) / sizeof(values[0]), json);
}

static int print_public(const char *path, const uint8_t public_key[CLUSTER_KEY_OCTETS], bool json)
{
	char digits[2 * CLUSTER_KEY_OCTETS + 1];
	struct control_value values[] = {
		{ .name = "file", .kind = CONTROL_TEXT, .text = path },
		{ .name = "public-key", .kind = CONTROL_TEXT, .text = digits },
	};

	hex_format(public_key, CLUSTER_KEY_OCTETS, digits);
	return print_values(values, sizeof(values) / sizeof(values[0]), json);
}

int node_key_make_run(const char *path, bool json)
{
	uint8_t public_key[CLUSTER_KEY_OCTETS];
	struct keyring_error error;

	if (node_key_create(path, public_key, &error) != HA_OK)
		return complain(&error);
	return print_public(path, public_key, json);
}

int node_key_show_run(const char *path, bool json)
{
	struct keyring_error error;
	struct node_key key;
	enum ha_error why = node_key_load(path, true, &key, &error);
	int status = why == HA_OK ? print_public(path, key.public_key, json) : complain(&error);

	node_key_wipe(&key);
	return status;
}
