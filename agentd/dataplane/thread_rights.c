/* thread_rights.c - capset for one thread: the call of the kernel, since the
 * library's are for whole processes. */
#include "agentd/dataplane/thread_rights.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agentd/base/log.h"

void thread_rights_keep(uint32_t capabilities, const char *subject)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct rights[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	if (geteuid() == 0)
		return; /* asked to stay root */
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	rights[0].effective = rights[0].permitted = capabilities;
	if (syscall(SYS_capset, &header, rights) != 0)
		log_warning("%s: rights cannot be given up: %s", subject, strerror(errno));
}
