/* verify.h - hold what an agent lists against what a record says was promised.
 *
 * May include: agentd/load. */
#ifndef AGENTD_LOAD_VERIFY_H
#define AGENTD_LOAD_VERIFY_H

#include <stdint.h>
#include <stdio.h>

#include "agentd/load/record.h"

struct verify_result {
	uint64_t nodes;        /* home addresses of the record */
	uint64_t bindings;     /* listed */
	uint64_t acknowledged; /* acceptances in the record */
	uint64_t unanswered;   /* requests without an answer: either outcome is allowed */
	uint64_t lost;
	uint64_t resurrected;
	uint64_t unexplained; /* bindings that the record does not know, or too many of one node */
};

/* One line per binding of a listing: home address, care-of address,
 * identification, separated by blanks. That is hexadecimal if it has exactly 16
 * digits, as in `agentctl bindings`, or stands after 0x, and decimal else.
 * `out` is owned by the caller. HA_E_SYNTAX, *line says where. */
struct listed {
	struct in_addr home;
	struct in_addr care_of;
	uint64_t identification;
};
enum ha_error listing_read(FILE *in, struct listed **out, size_t *count, size_t *line);

/* Compare. Sorts both. Findings go to `people` as sentences, a few of them.
 * `settle`, if given, receives what was found as the past of these nodes
 * (RECORD_OBSERVED). HA_E_NOMEM, or an error of that file. */
enum ha_error verify(struct load_record *records, size_t record_count, struct listed *listing,
                     size_t listing_count, uint64_t now_ms, FILE *people,
                     struct record_file *settle, struct verify_result *result);

#endif
