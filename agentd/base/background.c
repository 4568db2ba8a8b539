/* background.c - a thread's own nice value, as Linux has it. */
#include "agentd/base/background.h"

#include <sys/resource.h>
#include <unistd.h>

#define NICE 10

void background_thread(void)
{
	/* What does not succeed costs others time, and nothing else. */
	(void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
}
