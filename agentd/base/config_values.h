/* config_values.h - for the files of the configuration and their tests: values
 * by the row of their option, and a file that is in memory already. Another program may have a table
 * and a struct of its own: config_table.h.
 *
 * May include: agentd/base/config.h. */
#ifndef AGENTD_BASE_CONFIG_VALUES_H
#define AGENTD_BASE_CONFIG_VALUES_H

#include "agentd/base/config.h"

/* Set one option, found already, of the struct that its table is about. HA_E_RANGE with *error,
 * *config untouched. */
enum ha_error config_set_option(void *config, const struct config_option *option, const char *value,
                                struct config_error *error);

/* As config_load has it, for the octets of a file of this name; and with `process` as
 * config_load_group. */
enum ha_error config_load_text(const char *name, const void *text, size_t size, struct config *out,
                               struct config_error *error);
enum ha_error config_load_group_text(const char *name, const void *text, size_t size,
                                     const struct config *process, struct config *out,
                                     struct config_error *error);

/* Decimal digits and nothing else, from `min` to `max`. false: *out stays as it is. */
bool config_number(const char *text, uint32_t min, uint32_t max, uint32_t *out);

/* The value of one option. */
void config_option_copy(void *to, const void *from, const struct config_option *option);

/* What may stand there, as the end of a sentence. Returns its length. */
size_t config_allowed(const struct config_option *option, char *out, size_t size);

/* Its place in the table, by full name; config_option_count() if there is none. */
size_t config_option_index(const char *name);

/* Of config_validate: what a foreign agent and advertisements must be like. */
enum ha_error config_visit_check(const struct config *config, struct config_error *error);

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
