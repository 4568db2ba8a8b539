/* text.h - facts as short texts, by value.
 *
 * May include: proto, agentd/base. */
#ifndef AGENTD_CONTROL_TEXT_H
#define AGENTD_CONTROL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/base/address.h"

struct time_text {
	char text[32];
};
/* Unix milliseconds as UTC; "never" for UINT64_MAX. */
struct time_text time_format(uint64_t unix_ms);

struct flags_text {
	char text[12];
};
/* The bits of a Registration Request as the letters of RFC 5944 section 3.3; "-" for none. */
struct flags_text flags_format(uint8_t flags);

const char *encapsulation_name(unsigned encapsulation);

/* Decimal digits only. */
bool number_parse(const char *text, uint32_t *out);
bool number64_parse(const char *text, uint64_t *out);

#endif
