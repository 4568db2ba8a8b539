/* agentctl.c - ask a running agentd. Words are looked up in the table of verbs
 * and sent as they are; what is done here is only what takes this side: files,
 * keys, and printing. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/control/client.h"
#include "agentd/control/verbs.h"
#include "agentd/programs/agentctl_help.h"
#include "agentd/programs/backup.h"
#include "agentd/programs/explain.h"
#include "agentd/programs/import.h"
#include "agentd/programs/keys.h"
#include "agentd/programs/print.h"
#include "agentd/programs/secret.h"
#include "agentd/programs/trace.h"

#define SOCKET_PATH "/run/hearth/agentd.sock"
#define TIMEOUT_S 30u
#define TIMEOUT_MAX_S 86400u
#define EXIT_USAGE 2

struct command {
	const char *socket;
	const char *key_file;
	bool json;
	uint32_t timeout_s;
	char *words[CONTROL_ARGUMENTS_MAX];
	size_t word_count;
	enum verb_id verb;
	size_t verb_words;
};

static int complain(const char *text)
{
	fprintf(stderr, "agentctl: %s\n", text);
	return EXIT_FAILURE;
}

static bool parse_timeout(const char *text, uint32_t *out)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || number < 1 || number > TIMEOUT_MAX_S)
		return false;
	*out = (uint32_t)number;
	return true;
}

/* Options of agentctl itself may stand anywhere. *used is how many words. */
static bool take_own_option(struct command *command, char **words, int count, int *used)
{
	const char *value = count > 1 ? words[1] : NULL;

	*used = 2;
	if (strcmp(words[0], "--json") == 0) {
		*used = 1;
		return command->json = true;
	}
	if (strcmp(words[0], "--socket") == 0)
		return (command->socket = value) != NULL;
	if (strcmp(words[0], "--key-file") == 0)
		return (command->key_file = value) != NULL;
	if (strcmp(words[0], "--timeout") == 0)
		return value && parse_timeout(value, &command->timeout_s);
	*used = 0;
	return true;
}

static bool take_words(struct command *command, int argc, char **argv)
{
	for (int i = 1, used; i < argc; i += used) {
		if (!take_own_option(command, argv + i, argc - i, &used))
			return false;
		if (used)
			continue;
		if (command->word_count == CONTROL_ARGUMENTS_MAX)
			return false;
		command->words[command->word_count++] = argv[i];
		used = 1;
	}
	command->verb = verb_of_words(command->words, command->word_count, &command->verb_words);
	return command->verb != VERB_COUNT &&
	       (!command->key_file || command->verb == VERB_association_add);
}

/* ---- asking ---- */

static int exit_status(const struct printer *printer)
{
	if (printer->error == HA_OK)
		return EXIT_SUCCESS;
	complain(*printer->message ? printer->message : ha_strerror(printer->error));
	return printer->error == HA_E_SYNTAX ? EXIT_USAGE : EXIT_FAILURE;
}

static int ask(struct control_client *client, const struct command *command,
               const struct secret *secret)
{
	struct control_request request = {
		.verb = verb_infos[command->verb].name,
		.arguments = (const char *const *)command->words + command->verb_words,
		.argument_count = command->word_count - command->verb_words,
		.secret = secret ? secret->text : NULL,
		.secret_size = secret ? secret->size : 0,
	};
	struct printer printer;
	struct control_sink sink;
	enum ha_error why;

	printer_start(&printer, command->json, verb_infos[command->verb].shape);
	sink = printer_sink(&printer);
	why = control_client_ask(client, &request, &sink);
	if (why != HA_OK)
		printer.error = why;
	if (!printer_finish(&printer))
		return complain("standard output cannot be written");
	return why == HA_OK ? exit_status(&printer) : complain(client->report);
}

static int ask_with_key(struct control_client *client, const struct command *command)
{
	struct secret secret;
	int status = EXIT_FAILURE;

	if (secret_read(&secret, command->key_file) == HA_OK)
		status = ask(client, command, &secret);
	else
		complain(secret.report);
	secret_wipe(&secret);
	return status;
}

static int import(struct control_client *client, const struct command *command)
{
	struct import_options options = { .json = command->json, .timeout_s = command->timeout_s };

	for (size_t i = command->verb_words; i < command->word_count; i++) {
		if (strcmp(command->words[i], "--replace") == 0)
			options.replace = true;
		else if (!options.path && strncmp(command->words[i], "--", 2) != 0)
			options.path = command->words[i];
		else
			return agentctl_usage(command->verb);
	}
	return options.path ? import_run(client, &options) : agentctl_usage(command->verb);
}

/* NULL: the words are not those of the verb. */
static const char *backup_file(const struct command *command, bool verify)
{
	char *const *words = command->words + command->verb_words;
	size_t count = command->word_count - command->verb_words;

	if (verify && (count != 2 || strcmp(words[0], "--verify") != 0))
		return NULL;
	if (count != (verify ? 2u : 1u) || strncmp(words[count - 1], "--", 2) == 0)
		return NULL;
	return words[count - 1];
}

static int backup(struct control_client *client, const struct command *command)
{
	const char *path = backup_file(command, false);

	return path ? backup_run(client, path, command->json) : agentctl_usage(command->verb);
}

static int make_key(const struct command *command)
{
	if (command->word_count != command->verb_words + 1)
		return agentctl_usage(command->verb);
	return key_new_run(command->words[command->verb_words], command->json);
}

static int run(const struct command *command)
{
	struct control_client client;
	int status;

	if (command->verb == VERB_backup && backup_file(command, true))
		return backup_verify(backup_file(command, true), command->json);
	if (command->verb == VERB_key_new)
		return make_key(command);
	if (control_client_open(&client, command->socket, command->timeout_s) != HA_OK)
		status = complain(client.report);
	else if (command->verb == VERB_association_import)
		status = import(&client, command);
	else if (command->verb == VERB_backup)
		status = backup(&client, command);
	else if (command->verb == VERB_trace)
		status = trace_run(&client, command->words + command->verb_words,
		                   command->word_count - command->verb_words, command->json);
	else if (command->verb == VERB_explain)
		status = explain_run(&client, command->words + command->verb_words,
		                     command->word_count - command->verb_words, command->json);
	else if (command->verb == VERB_association_add)
		status = ask_with_key(&client, command);
	else
		status = ask(&client, command, NULL);
	control_client_close(&client);
	return status;
}

static void write_version(FILE *out)
{
	fprintf(out, "agentctl %s\n", HEARTH_VERSION);
}

/* What needs no agent. false when `word` is nothing of that kind. */
static bool write_document(const char *word, int *status)
{
	static const struct {
		const char *option;
		void (*write)(FILE *out);
	} documents[] = {
		{ "--help", agentctl_help },
		{ "--manual", agentctl_manual },
		{ "--version", write_version },
	};

	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
		if (strcmp(word, documents[i].option) != 0)
			continue;
		documents[i].write(stdout);
		*status = fflush(stdout) == 0 ? EXIT_SUCCESS
		                              : complain("standard output cannot be written");
		return true;
	}
	return false;
}

int main(int argc, char **argv)
{
	struct command command = { .socket = SOCKET_PATH, .timeout_s = TIMEOUT_S };
	int status;

	if (argc == 2 && write_document(argv[1], &status))
		return status;
	if (!take_words(&command, argc, argv)) {
		agentctl_help(stderr);
		return EXIT_USAGE;
	}
	return run(&command);
}
