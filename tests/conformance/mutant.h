/* mutant.h - which deliberate fault agentd_mutants has: the one that the
 * environment variable HEARTH_MUTANT names. Only the edited copies that
 * mutate.py writes include this; the product never does.
 *
 * May include: the C library. */
#ifndef TESTS_CONFORMANCE_MUTANT_H
#define TESTS_CONFORMANCE_MUTANT_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static inline bool mutant_is(const char *name)
{
	const char *active = getenv("HEARTH_MUTANT");

	return active && strcmp(active, name) == 0;
}

#define MUTANT(name) mutant_is(name)

#endif
