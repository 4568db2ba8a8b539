/* tsan.c - what ThreadSanitizer gets wrong about agentd; linked into its build
 * only, so that it holds for every user that a test runs agentd as, and into the
 * unit tests of what talks to other members.
 *
 * libuv closes descriptors by a raw system call, and the sanitizer does not see
 * openat and opendir either. So a segment file or a directory that gets the number of
 * a control client's socket is taken for that socket: to write to it for a race with
 * the accept4 that made the socket, to close it for one with the main loop's epoll.
 * Only accept4, closedir and close itself are left out; what surrounds them is watched.
 * The sanitizer's own functions have a prefix, so those names are matched by their ends.
 *
 * ZeroMQ hands messages from thread to thread by atomics of its own, which the
 * sanitizer does not see, since the library is not built with it. So what the
 * library does within system calls and memcpy is not looked at, nor what libsodium
 * does there when it opens a packet for it. What we do with a message is, and so is
 * what we give libsodium until it has it. Naming the functions that open packets
 * would say less, but a write's stack is forgotten on a busy machine, and with it
 * the name. */

const char *__tsan_default_suppressions(void);

const char *__tsan_default_suppressions(void)
{
	return "race:accept4$\n"
	       "race:closedir$\n"
	       "race:^system_close$\n"
	       "called_from_lib:libzmq.so\n"
	       "called_from_lib:libsodium.so\n";
}
