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
#include "agentd/programs/agentctl_words.h"
#include "agentd/programs/backup.h"
#include "agentd/programs/explain.h"
#include "agentd/programs/import.h"
#include "agentd/programs/keys.h"
#include "agentd/programs/print.h"
#include "agentd/programs/secret.h"
#include "agentd/programs/trace.h"

static int complain(const char *text)
{
	fprintf(stderr, "agentctl: %s\n", text);
	return EXIT_FAILURE;
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

/* Looked at before the key, which one would be asked for in vain. */
static int check_added(const struct command *command)
{
	if (command->word_count == command->verb_words)
		return agentctl_usage(command->verb, "an operand is missing");
	for (size_t i = command->verb_words; i < command->word_count; i++) {
		if (strncmp(command->words[i], "key=", 4) != 0)
			continue;
		complain(KEY_WORD_REFUSAL);
		return EXIT_USAGE;
	}
	return EXIT_SUCCESS;
}

static int ask_with_key(struct control_client *client, const struct command *command)
{
	struct secret secret;
	int status = check_added(command);

	if (status != EXIT_SUCCESS)
		return status;
	status = EXIT_FAILURE;
	if (secret_read(&secret, command->key_file) == HA_OK)
		status = ask(client, command, &secret);
	else
		complain(secret.report);
	secret_wipe(&secret);
	return status;
}

/* A word of a verb that has one operand and was given `had` before. */
static int refuse_operand(const struct command *command, const char *word, size_t had)
{
	const char *name = verb_infos[command->verb].name;

	if (strncmp(word, "--", 2) == 0)
		return agentctl_usage(command->verb, "%s has no option %.60s", name, word);
	return agentctl_usage(command->verb, "'%.60s': %s takes no %soperands", word, name,
	                      had ? "more " : "");
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
			return refuse_operand(command, command->words[i], options.path ? 1 : 0);
	}
	return options.path ? import_run(client, &options)
	                    : agentctl_usage(command->verb, "the file is missing");
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

/* Why not. */
static int refuse_backup(const struct command *command)
{
	char *const *words = command->words + command->verb_words;
	size_t count = command->word_count - command->verb_words;
	bool verify = count && strcmp(words[0], "--verify") == 0;

	if (count == verify)
		return agentctl_usage(command->verb, "the file is missing");
	if (verify || strncmp(words[0], "--", 2) == 0)
		return refuse_operand(command, words[verify ? 2 : 0], 1);
	return refuse_operand(command, words[1], 1);
}

static int backup(struct control_client *client, const struct command *command)
{
	const char *path = backup_file(command, false);

	return path ? backup_run(client, path, command->json) : refuse_backup(command);
}

static int make_key(const struct command *command)
{
	if (command->word_count == command->verb_words)
		return agentctl_usage(command->verb, "the file is missing");
	if (command->word_count > command->verb_words + 1)
		return refuse_operand(command, command->words[command->verb_words + 1], 1);
	return key_new_run(command->words[command->verb_words], command->json);
}

static int cluster_key(const struct command *command)
{
	char *const *words = command->words + command->verb_words;
	size_t count = command->word_count - command->verb_words;
	bool make = count && strcmp(words[0], "make") == 0;

	if (count == 0 || (!make && strcmp(words[0], "show") != 0))
		return agentctl_usage(command->verb, "%s needs make or show",
		                      verb_infos[command->verb].name);
	if (count == 1)
		return agentctl_usage(command->verb, "the file is missing");
	if (count > 2)
		return refuse_operand(command, words[2], 1);
	if (strncmp(words[1], "--", 2) == 0)
		return refuse_operand(command, words[1], 0);
	return make ? node_key_make_run(words[1], command->json)
	            : node_key_show_run(words[1], command->json);
}

/* Such a name comes of a variable that is not set, and nothing could be said of it. */
static bool names_no_file(const struct command *command)
{
	const enum verb_id verb = command->verb;
	bool empty = false;

	for (size_t i = command->verb_words; i < command->word_count; i++)
		empty = empty || !*command->words[i];
	return empty && (verb == VERB_association_import || verb == VERB_backup ||
	                 verb == VERB_key_new || verb == VERB_cluster_key || verb == VERB_explain);
}

/* What takes no agentd. */
static bool run_offline(const struct command *command, int *status)
{
	if (names_no_file(command))
		*status = agentctl_usage(command->verb, "the name of the file is empty");
	else if (command->verb == VERB_backup && backup_file(command, true))
		*status = backup_verify(backup_file(command, true), command->json);
	else if (command->verb == VERB_key_new)
		*status = make_key(command);
	else if (command->verb == VERB_cluster_key)
		*status = cluster_key(command);
	else
		return false;
	return true;
}

static int run_verb(struct control_client *client, const struct command *command)
{
	char *const *words = command->words + command->verb_words;
	size_t count = command->word_count - command->verb_words;

	if (command->verb == VERB_association_import)
		return import(client, command);
	if (command->verb == VERB_backup)
		return backup(client, command);
	if (command->verb == VERB_trace)
		return trace_run(client, words, count, command->json);
	if (command->verb == VERB_explain)
		return explain_run(client, words, count, command->json);
	if (command->verb == VERB_association_add)
		return ask_with_key(client, command);
	return ask(client, command, NULL);
}

static int run(const struct command *command)
{
	struct control_client client;
	int status;

	if (run_offline(command, &status))
		return status;
	if (control_client_open(&client, command->socket, command->timeout_s) == HA_OK) {
		client.group = command->group;
		status = run_verb(&client, command);
	} else {
		status = complain(client.report);
	}
	control_client_close(&client);
	return status;
}

static void write_version(FILE *out)
{
	fprintf(out, "agentctl %s\n", HEARTH_VERSION);
}

static int write_document(void (*write)(FILE *out))
{
	write(stdout);
	return fflush(stdout) == 0 ? EXIT_SUCCESS : complain("standard output cannot be written");
}

static int refuse_words(char *what)
{
	words_hide_keys(what);
	fprintf(stderr, "agentctl: %s; agentctl --help tells the usage\n", what);
	return EXIT_USAGE;
}

static int help(struct command *command)
{
	if (command->word_count == 0)
		return write_document(agentctl_help);
	if (!agentctl_help_of(stdout, command->words, command->word_count)) {
		snprintf(command->report, sizeof(command->report), "there is no command '%.60s'",
		         command->words[0]);
		return refuse_words(command->report);
	}
	return fflush(stdout) == 0 ? EXIT_SUCCESS : complain("standard output cannot be written");
}

int main(int argc, char **argv)
{
	struct command command = { .socket = AGENTCTL_SOCKET, .timeout_s = AGENTCTL_TIMEOUT_S };

	if (argc == 2 && strcmp(argv[1], "--manual") == 0)
		return write_document(agentctl_manual);
	if (!command_take(&command, argc, argv))
		return refuse_words(command.report);
	if (command.help)
		return help(&command);
	return command.version ? write_document(write_version) : run(&command);
}
