/* fuzz_config.c - whatever stands in a configuration file: it is taken, and
 * then every value is one that the table allows, or it is refused with one
 * printable sentence and nothing changes. The same as the file of a group. */
#include <stdlib.h>
#include <string.h>

#include "agentd/base/config_values.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* Each value, written out and read in again, is the same. */
static void check_values(const struct config *config)
{
	struct config_error error;
	struct config again;
	char text[CONFIG_TEXT_MAX];

	memset(&again, 0, sizeof(again));
	for (size_t i = 0; i < config_option_count(); i++) {
		const struct config_option *option = config_option_at(i);

		config_format(config, option, text, sizeof(text));
		require(config_set_option(&again, option, text, &error) == HA_OK);
		require(config_option_equal(config, &again, option));
	}
	require(config_validate(config, &error) == HA_OK);
}

static void check_refusal(const struct config_error *error)
{
	require(strncmp(error->text, "fuzz:", 5) == 0);
	for (const char *c = error->text; *c; c++)
		require((unsigned char)*c >= 0x20 && *c != 0x7f);
}

/* As the main file, or as that of a group: then nothing of the process is in it. */
static void check(const uint8_t *data, size_t size, const struct config *process)
{
	struct config_error error = { "" };
	struct config config, before;

	memset(&config, 0x5a, sizeof(config));
	before = config;
	if (config_load_group_text("fuzz", data, size, process, &config, &error) != HA_OK) {
		require(memcmp(&config, &before, sizeof(before)) == 0);
		check_refusal(&error);
		return;
	}
	check_values(&config);
	for (size_t i = 0; process && i < config_option_count(); i++)
		require(config_option_at(i)->of_group ||
		        config_option_equal(&config, process, config_option_at(i)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config process;

	check(data, size, NULL);
	config_defaults(&process);
	check(data, size, &process);
	return 0;
}
