/* mutant.h - which deliberate fault agentd_mutants has: the one that the
 * environment variable HEARTH_MUTANT names, or the file that HEARTH_MUTANT_FILE
 * names, whose text may be another one from moment to moment. Only the edited
 * copies that mutate.py writes include this; the product never does.
 *
 * May include: the C library. */
#ifndef TESTS_CONFORMANCE_MUTANT_H
#define TESTS_CONFORMANCE_MUTANT_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MUTANT_FILE_SIZE 4096u /* a name, and zeros */

static inline const char *mutant_in_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *page = mmap(NULL, MUTANT_FILE_SIZE, PROT_READ, MAP_SHARED, fd, 0);

	if (page == MAP_FAILED)
		abort();
	close(fd);
	return page;
}

static inline bool mutant_is(const char *name)
{
	static const char *_Atomic page; /* two threads may both map it; then it is there twice */
	const char *path = getenv("HEARTH_MUTANT_FILE");
	const char *active = getenv("HEARTH_MUTANT");

	if (path) {
		active = page;
		if (!active)
			page = active = mutant_in_file(path);
	}
	return active && strcmp(active, name) == 0;
}

#define MUTANT(name) mutant_is(name)

#endif
