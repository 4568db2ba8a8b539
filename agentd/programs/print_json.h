/* print_json.h - records as JSON on standard output: one array of objects for
 * a list, printed as it comes; an object in each line for a stream; one object for
 * the rest.
 *
 * May include: agentd/control/codec.h, verbs.h. */
#ifndef AGENTD_PROGRAMS_PRINT_JSON_H
#define AGENTD_PROGRAMS_PRINT_JSON_H

#include "agentd/control/codec.h"
#include "agentd/control/verbs.h"

void print_json_record(enum verb_shape shape, bool first, const struct control_value *values,
                       size_t count);
void print_json_list_end(bool empty);

#endif
