/* without_flush.c - fdatasync that does nothing, linked into agentd_without_flush
 * in place of the real one (-Wl,--wrap). It is neither seen by the kernel nor
 * by the recorder: everything that relies on it is a lie, and the power cut
 * test has to find that out. */
int __wrap_fdatasync(int fd);

int __wrap_fdatasync(int fd)
{
	(void)fd;
	return 0;
}
