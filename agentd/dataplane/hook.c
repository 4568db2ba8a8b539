/* hook.c - posix_spawn and a descriptor that tells of the end. */
#include "agentd/dataplane/hook.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

static char *const environment[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NULL
};

static int set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setsigmask(attributes, &none);
	posix_spawnattr_setsigdefault(attributes, &all);
	posix_spawnattr_setpgroup(attributes, 0);
	return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
	                                                    POSIX_SPAWN_SETPGROUP);
}

static int set_files(posix_spawn_file_actions_t *files)
{
	int number = posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY,
	                                              0);

	if (!number)
		number = posix_spawn_file_actions_addopen(files, STDOUT_FILENO, "/dev/null",
		                                          O_WRONLY, 0);
	if (!number)
		number = posix_spawn_file_actions_addclosefrom_np(files, STDERR_FILENO + 1);
	return number;
}

static int spawn(pid_t *pid, char *const words[])
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	int number = posix_spawnattr_init(&attributes);

	if (number)
		return number;
	number = posix_spawn_file_actions_init(&files);
	if (!number) {
		number = set_attributes(&attributes);
		if (!number)
			number = set_files(&files);
		if (!number)
			number = posix_spawn(pid, words[0], &files, &attributes, words,
			                     environment);
		posix_spawn_file_actions_destroy(&files);
	}
	posix_spawnattr_destroy(&attributes);
	return number;
}

enum ha_error hook_start(struct hook *hook, const char *program, const char *verb,
                         const char *object, const char *interface, uint64_t now_ns)
{
	char *const words[] = { (char *)program, (char *)verb, (char *)object, (char *)interface,
		                NULL };
	int number = spawn(&hook->pid, words);

	if (number) {
		hook->pid = 0;
		return ha_error_of_errno(number);
	}
	hook->killed = false;
	hook->deadline_ns = now_ns + HOOK_TIME_MS * UINT64_C(1000000);
	hook->fd = pidfd_open(hook->pid, 0);
	if (hook->fd >= 0)
		return HA_OK;
	number = errno;
	kill(-hook->pid, SIGKILL);
	waitpid(hook->pid, NULL, 0);
	hook->pid = 0;
	return ha_error_of_errno(number);
}

bool hook_ended(struct hook *hook, uint64_t now_ns, bool *well)
{
	int status = 0;
	pid_t pid = waitpid(hook->pid, &status, WNOHANG);

	*well = false;
	if (pid == 0) {
		if (now_ns >= hook->deadline_ns && !hook->killed) {
			kill(-hook->pid, SIGKILL);
			hook->killed = true;
		}
		return false;
	}
	*well = pid == hook->pid && !hook->killed && WIFEXITED(status) && WEXITSTATUS(status) == 0;
	close(hook->fd);
	hook->pid = 0;
	return true;
}
