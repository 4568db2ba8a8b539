/* config_values.h - for the files of the configuration and their tests: values
 * by the row of their option, and a file that is in memory already.
 *
 * May include: agentd/base/config.h. */
#ifndef AGENTD_BASE_CONFIG_VALUES_H
#define AGENTD_BASE_CONFIG_VALUES_H

#include "agentd/base/config.h"

/* Set one option, found already. HA_E_RANGE with *error, *config untouched. */
enum ha_error config_set_option(struct config *config, const struct option *option,
                                const char *value, struct config_error *error);

/* As config_load has it, for the octets of a file of this name; and with `process` as
 * config_load_group. */
enum ha_error config_load_text(const char *name, const void *text, size_t size, struct config *out,
                               struct config_error *error);
enum ha_error config_load_group_text(const char *name, const void *text, size_t size,
                                     const struct config *process, struct config *out,
                                     struct config_error *error);

/* The value of one option. */
void config_option_copy(struct config *to, const struct config *from, const struct option *option);

/* What may stand there, as the end of a sentence. Returns its length. */
size_t config_allowed(const struct option *option, char *out, size_t size);

/* Is it one of the kernel's own routing tables? */
bool config_table_is_local(uint32_t table);

/* The nearest name of an option in `section`, or of a section when that is
 * NULL; NULL when none resembles `name`. */
const char *config_nearest(const char *section, const char *name);

/* A copy of `text` for an error: cut to what fits, control characters as
 * question marks. */
struct config_excerpt {
	char text[64];
};
struct config_excerpt config_excerpt(const char *text);

#endif
