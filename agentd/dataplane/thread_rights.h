/* thread_rights.h - a thread keeps what it needs of the rights that the process
 * still has when it starts.
 *
 * May include: agentd/base. */
#ifndef AGENTD_DATAPLANE_THREAD_RIGHTS_H
#define AGENTD_DATAPLANE_THREAD_RIGHTS_H

#include <stdint.h>

/* Of the calling thread: only the capabilities of the mask (1 << CAP_...) remain, and
 * none is inherited by what it starts. Who was asked to stay root stays so. `subject`
 * begins the line of the log when the kernel refuses. A thread does this before it takes
 * its name, so that whoever sees the name sees what it has kept. */
void thread_rights_keep(uint32_t capabilities, const char *subject);

#endif
