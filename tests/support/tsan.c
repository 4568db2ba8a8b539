/* tsan.c - what ThreadSanitizer gets wrong about agentd; linked into its build
 * only, so that it holds for every user that a test runs agentd as, and into the
 * unit tests of what talks to other members.
 *
 * libuv closes descriptors by a raw system call, and the sanitizer does not see
 * openat either. So a segment file that gets the number of a control client's
 * socket is taken for that socket, and closing it for a race with the main
 * loop's epoll. Only close itself is left out; what surrounds it is watched.
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
	return "race:^system_close$\n"
	       "called_from_lib:libzmq.so\n"
	       "called_from_lib:libsodium.so\n";
}
