/* tsan.c - what ThreadSanitizer gets wrong about agentd; linked into its build
 * only, so that it holds for every user that a test runs agentd as.
 *
 * libuv closes descriptors by a raw system call, and the sanitizer does not see
 * openat either. So a segment file that gets the number of a control client's
 * socket is taken for that socket, and closing it for a race with the main
 * loop's epoll. Only close itself is left out; what surrounds it is watched. */

const char *__tsan_default_suppressions(void);

const char *__tsan_default_suppressions(void)
{
	return "race:^system_close$\n";
}
