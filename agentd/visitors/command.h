/* command.h - commands about visitors as octets of a replicated log, and visitors as rows of a
 * store.
 *
 * Times in them are those of the cluster. What is a number of this host, the interface of
 * foreign_registration, stands for the number of a link in the configuration, which all members
 * have alike; the caller puts one in the place of the other.
 *
 * May include: agentd/visitors/visitors.h. */
#ifndef AGENTD_VISITORS_COMMAND_H
#define AGENTD_VISITORS_COMMAND_H

#include "agentd/visitors/visitors.h"

#define VISITOR_COMMAND_VERSION 1u
#define VISITOR_COMMAND_MAX 1024u /* octets */
#define VISITOR_ROW_MAX 1024u

/* Returns its length. */
size_t visitor_command_write(const struct visitor_command *command, uint64_t time_ms,
                             uint8_t out[VISITOR_COMMAND_MAX]);

/* HA_E_MALFORMED; HA_E_NEWER; HA_E_NOMEM cannot be told from the first. *out is untouched then. */
enum ha_error visitor_command_read(struct span octets, struct visitor_command *out,
                                   uint64_t *time_ms);

/* One visitor. */
size_t visitor_row_write(const struct foreign_visitor *visitor, uint8_t out[VISITOR_ROW_MAX]);
enum ha_error visitor_row_read(struct span octets, struct foreign_visitor *out);

#endif
