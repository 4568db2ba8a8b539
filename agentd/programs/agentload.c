/* agentload.c - load generator and measuring tool: chooses what the command
 * line asks for and prints what came of it. All work is in agentd/load. */
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "agentd/base/address.h"
#include "agentd/base/clock.h"
#include "agentd/load/flood.h"
#include "agentd/load/options.h"
#include "agentd/load/plan.h"
#include "agentd/load/replay.h"
#include "agentd/load/report.h"
#include "agentd/load/storm.h"
#include "agentd/load/verify.h"
#include "agentd/load/watch.h"

enum status {
	STATUS_DONE = 0,
	STATUS_FAILED = 1,
	STATUS_USAGE = 2
};

struct command {
	const struct load_options *options;
	const struct load_identity *identity;
	const struct load_mode *mode; /* NULL unless it sends registrations */
};

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static enum status failed(const char *what, enum ha_error error)
{
	fprintf(stderr, "agentload: %s: %s\n", what, ha_strerror(error));
	return STATUS_FAILED;
}

static enum status print_associations(const struct command *command)
{
	const struct load_options *options = command->options;

	for (uint32_t node = 0; node < options->nodes; node++) {
		struct in_addr home = load_home(command->identity, node);
		uint8_t key[LOAD_KEY_SIZE];

		load_key(command->identity, home, key);
		printf("mobile home=%s spi=%" PRIu32 " algorithm=%s key=",
		       address_format(home).text, options->spi, options->algorithm);
		for (size_t i = 0; i < sizeof(key); i++)
			printf("%02x", key[i]);
		printf(" bindings=%" PRIu32 "\n", options->bindings);
	}
	return ferror(stdout) ? STATUS_FAILED : STATUS_DONE;
}

static enum status run_load(const struct command *command)
{
	static struct load_result result;
	static struct record_file record;
	struct load_settings settings;
	enum ha_error error = HA_OK;

	load_options_settings(command->options, command->mode, &settings);
	record_none(&record);
	if (command->options->record)
		error = record_open(&record, command->options->record);
	if (error != HA_OK)
		return failed(command->options->record, error);
	prctl(PR_SET_TIMERSLACK, 1); /* a rate is kept to the microsecond */
	error = load_run(&settings, command->identity, command->mode, &record, &stop, &result);
	if (record_close(&record) != HA_OK && error == HA_OK)
		error = HA_E_IO;
	if (error != HA_OK)
		return failed("cannot run the load", error);
	report_run(stdout, command->mode->name, &settings, &result);
	report_run_for_people(stderr, &result);
	return result.first_accepted_ns != 0 && result.bad == 0 ? STATUS_DONE : STATUS_FAILED;
}

static enum status load_record_file(const struct command *command, struct load_record **records,
                                    size_t *count)
{
	enum ha_error error;

	if (!command->options->record) {
		fprintf(stderr, "agentload: --record is needed\n");
		return STATUS_USAGE;
	}
	error = record_load(command->options->record, records, count);
	return error == HA_OK ? STATUS_DONE : failed(command->options->record, error);
}

static enum status read_listing(const struct command *command, struct listed **listing,
                                size_t *count)
{
	const char *path = command->options->listing;
	FILE *in = path ? fopen(path, "re") : stdin;
	enum ha_error error;
	size_t line = 0;

	if (!in)
		return failed(path, HA_E_NOTFOUND);
	error = listing_read(in, listing, count, &line);
	if (path)
		fclose(in);
	if (error == HA_OK)
		return STATUS_DONE;
	fprintf(stderr,
	        "agentload: %s, line %zu: %s; a line is: home address, care-of address, "
	        "identification\n",
	        path ? path : "standard input", line, ha_strerror(error));
	return STATUS_FAILED;
}

static enum status compare(const struct command *command, struct load_record *records,
                           size_t record_count, struct listed *listing, size_t listing_count)
{
	static struct record_file settle;
	struct verify_result result;
	enum ha_error error = HA_OK;

	record_none(&settle);
	if (command->options->settle)
		error = record_open(&settle, command->options->record);
	if (error == HA_OK)
		error = verify(records, record_count, listing, listing_count, clock_wall_ms(),
		               stderr, command->options->settle ? &settle : NULL, &result);
	if (record_close(&settle) != HA_OK && error == HA_OK)
		error = HA_E_IO;
	if (error != HA_OK)
		return failed("cannot compare", error);
	report_verify(stdout, &result);
	return result.lost + result.resurrected + result.unexplained == 0 ? STATUS_DONE
	                                                                  : STATUS_FAILED;
}

static enum status run_verify(const struct command *command)
{
	struct load_record *records = NULL;
	struct listed *listing = NULL;
	size_t record_count, listing_count;
	enum status status = load_record_file(command, &records, &record_count);

	if (status == STATUS_DONE)
		status = read_listing(command, &listing, &listing_count);
	if (status == STATUS_DONE)
		status = compare(command, records, record_count, listing, listing_count);
	free(listing);
	free(records);
	return status;
}

static enum status run_replay(const struct command *command)
{
	struct load_record *records = NULL;
	struct load_settings settings;
	struct replay_result result;
	size_t record_count;
	enum status status = load_record_file(command, &records, &record_count);
	enum ha_error error;

	if (status != STATUS_DONE)
		return status;
	load_options_settings(command->options, NULL, &settings);
	if (settings.count == 0)
		settings.count = settings.nodes;
	error = replay(&settings, command->identity, records, record_count, stderr, &stop, &result);
	free(records);
	if (error != HA_OK)
		return failed("cannot replay", error);
	report_replay(stdout, &result);
	return result.accepted == 0 ? STATUS_DONE : STATUS_FAILED;
}

static enum status run_storm(const struct command *command)
{
	static struct storm_result result;
	struct load_settings settings;
	enum ha_error error;

	load_options_settings(command->options, NULL, &settings);
	if (settings.rate == 0 || settings.tries == 0 || settings.tries > STORM_TRIES_MAX) {
		fprintf(stderr, "agentload: storm needs a --rate, and --tries from 1 to %u\n",
		        STORM_TRIES_MAX);
		return STATUS_USAGE;
	}
	prctl(PR_SET_TIMERSLACK, 1);
	error = storm_run(&settings, command->identity, &stop, &result);
	if (error != HA_OK)
		return failed("cannot run the storm", error);
	report_storm(stdout, &settings, &result);
	report_storm_for_people(stderr, &result);
	return result.completed > 0 && result.bad == 0 ? STATUS_DONE : STATUS_FAILED;
}

static enum status run_watch(const struct command *command)
{
	struct load_settings settings;
	struct watch_result result;
	enum ha_error error;

	load_options_settings(command->options, NULL, &settings);
	prctl(PR_SET_TIMERSLACK, 1);
	error = watch_run(&settings, command->identity, &stop, stdout, &result);
	if (error != HA_OK)
		return failed("cannot watch", error);
	report_watch(stdout, &result);
	return result.accepted > 0 && result.bad == 0 ? STATUS_DONE : STATUS_FAILED;
}

static enum status flood_with(const struct command *command, const struct flood_kind *kind,
                              const struct load_record *records, size_t record_count)
{
	static struct flood_result result;
	struct load_settings settings;
	struct flood *flood;
	enum ha_error error;

	load_options_settings(command->options, NULL, &settings);
	prctl(PR_SET_TIMERSLACK, 1);
	error = flood_new(&flood, &settings, command->identity, kind, records, record_count);
	if (error != HA_OK)
		return failed(kind->replays ? command->options->record : "cannot prepare the flood",
		              error);
	error = flood_run(flood, &stop, &result);
	flood_free(flood);
	if (error != HA_OK)
		return failed("cannot run the flood", error);
	report_flood(stdout, kind->name, &result);
	return STATUS_DONE;
}

static enum status run_flood(const struct command *command)
{
	const struct flood_kind *kind = flood_kind_find(command->options->kind);
	struct load_record *records = NULL;
	size_t record_count = 0;
	enum status status = STATUS_DONE;

	if (!kind) {
		fprintf(stderr, "agentload: unknown kind '%s'; see --help\n",
		        command->options->kind);
		return STATUS_USAGE;
	}
	if (kind->replays)
		status = load_record_file(command, &records, &record_count);
	if (status == STATUS_DONE)
		status = flood_with(command, kind, records, record_count);
	free(records);
	return status;
}

static const struct {
	const char *name;
	enum status (*run)(const struct command *command);
} commands[] = {
	{ "associations", print_associations },
	{ "verify", run_verify },
	{ "replay", run_replay },
	{ "storm", run_storm },
	{ "watch", run_watch },
	{ "flood", run_flood },
};

static enum status run_mode(struct command *command)
{
	const char *name = command->options->mode;

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, name) == 0)
			return commands[i].run(command);
	command->mode = load_mode_find(name);
	if (command->mode)
		return run_load(command);
	fprintf(stderr, "agentload: unknown mode '%s'; see --help\n", name);
	return STATUS_USAGE;
}

int main(int argc, char **argv)
{
	struct load_options options;
	struct load_options_error error;
	struct load_identity identity;

	if (load_options_parse(argc - 1, argv + 1, &options, &error) != HA_OK) {
		fprintf(stderr, "agentload: %s\n", error.text);
		return STATUS_USAGE;
	}
	if (options.help || options.version) {
		if (options.help)
			load_options_usage(stdout);
		else
			printf("agentload %s\n", HEARTH_VERSION);
		return STATUS_DONE;
	}
	if (load_options_identity(&options, &identity, &error) != HA_OK) {
		fprintf(stderr, "agentload: %s\n", error.text);
		return STATUS_USAGE;
	}
	catch_signals();
	return (int)run_mode(&(struct command){ .options = &options, .identity = &identity });
}
