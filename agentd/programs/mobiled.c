/* mobiled.c - the mobile node's program: what the command line asks for, and the life of the
 * process. What a mobile node does is in agentd/mobile. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "agentd/base/log.h"
#include "agentd/base/server_socket.h"
#include "agentd/mobile/run.h"
#include "agentd/programs/mobiled_documents.h"
#include "agentd/programs/notify.h"
#include "agentd/programs/privileges.h"
#include "mib/node.h"
#include "mib/snmp.h"

#define EXIT_USAGE 2
#define ONCE_MS 30000u /* for all that --once may take */
#define STATUS_MODE 0750

struct process {
	struct mobile_options options;
	struct mobile_keys keys;
	struct privileges privileges;
	struct server_socket status;
	struct mobile_run *run;
	struct mobile_desk *desk; /* NULL: nobody answers SNMP */
	struct mib_service *snmp;
	char report[512];
};

static int complain(const char *text)
{
	fprintf(stderr, "mobiled: %s\n", text);
	return EXIT_FAILURE;
}

static bool load(struct process *p, const char *path)
{
	struct config_error error;

	if (config_table_load(&mobile_config_table, path, &p->options, &error) == HA_OK)
		return true;
	fprintf(stderr, "%s\n", error.text);
	return false;
}

/* ---- running ---- */

/* As the user that this process has become. */
static enum ha_error open_status(struct process *p)
{
	enum ha_error why = server_socket_open(&p->status, p->options.status_socket, p->report,
	                                       sizeof(p->report));

	if (why != HA_OK)
		return why;
	if (listen(p->status.descriptor, 8) != 0)
		return ha_refuse(p->report, sizeof(p->report), ha_error_of_errno(errno),
		                 "status socket: %s", strerror(errno));
	mobile_run_answer(p->run, p->status.descriptor);
	return HA_OK;
}

/* With rights given up. Net-SNMP keeps nothing: there is no directory for it. */
static enum ha_error open_snmp(struct process *p)
{
	const struct mib_options options = {
		.roles = MIB_MOBILE_NODE,
		.mode = (enum snmp_mode)p->options.snmp_mode,
		.master = p->options.snmp_master,
		.context = p->options.snmp_context,
		.rightless = true,
		.tables = mib_node_tables,
		.table_count = mib_node_table_count,
	};
	enum ha_error why;

	p->snmp = mib_service_open(&options, &why, p->report, sizeof(p->report));
	if (!p->snmp)
		return why;
	p->desk = mobile_desk_open();
	if (!p->desk)
		return ha_refuse(p->report, sizeof(p->report), HA_E_NOMEM,
		                 "SNMP: no memory or descriptor left");
	mobile_run_serve(p->run, p->desk);
	mib_service_mobile(p->snmp, p->desk);
	return mib_service_start(p->snmp, p->report, sizeof(p->report));
}

static enum ha_error make_directory(struct process *p)
{
	char directory[CONFIG_TEXT_MAX];
	char *slash;

	snprintf(directory, sizeof(directory), "%s", p->options.status_socket);
	slash = strrchr(directory, '/');
	if (!slash || slash == directory)
		return HA_OK;
	*slash = '\0';
	return privileges_directory(&p->privileges, directory, STATUS_MODE, p->report,
	                            sizeof(p->report));
}

/* Keys are read and devices opened while that is permitted. --once goes without the socket, since
 * another one may be running. */
static enum ha_error start(struct process *p, bool once)
{
	const struct mobile_run_options options = { &p->options, &p->keys };
	enum ha_error why = mobile_keys_load(p->options.keys, &p->keys, p->report,
	                                     sizeof(p->report));

	if (why == HA_OK)
		why = privileges_find(p->options.user, &p->privileges, p->report,
		                      sizeof(p->report));
	p->privileges.address = true; /* addresses, routes and raw sockets, as long as it runs */
	if (why == HA_OK)
		p->run = mobile_run_open(&options, &why, p->report, sizeof(p->report));
	if (why == HA_OK)
		why = make_directory(p); /* for the status socket, and what a kill must not lose */
	if (why == HA_OK)
		why = privileges_become(&p->privileges, p->report, sizeof(p->report));
	if (why == HA_OK && !once)
		why = open_status(p);
	return why == HA_OK && !once ? open_snmp(p) : why;
}

static void stop(struct process *p)
{
	mib_service_stop(p->snmp);
	mobile_run_close(p->run);
	mib_service_close(p->snmp);
	mobile_desk_close(p->desk);
	if (p->status.descriptor >= 0) {
		server_socket_remove(&p->status);
		close(p->status.descriptor);
	}
	mobile_keys_wipe(&p->keys);
}

static int print_result(const struct process *p)
{
	char *text = mobile_run_status(p->run);
	bool told = text && fputs(text, stdout) >= 0 && fflush(stdout) == 0;

	free(text);
	return told && mobile_run_succeeded(p->run) ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int run(const char *path, bool once)
{
	static struct process process = { .status = { .descriptor = -1 } };
	struct process *p = &process;
	int status = EXIT_SUCCESS;

	if (!load(p, path))
		return EXIT_FAILURE;
	log_configure(p->options.log_level, p->options.log_format);
	privileges_harden();
	if (start(p, once) != HA_OK) {
		stop(p);
		return complain(p->report);
	}
	if (!once)
		notify_ready("running");
	if (!mobile_run_loop(p->run, once, ONCE_MS))
		status = EXIT_FAILURE;
	else if (once)
		status = print_result(p);
	notify_stopping();
	stop(p);
	return status;
}

static int run_always(const char *path)
{
	return run(path, false);
}

static int run_once(const char *path)
{
	return run(path, true);
}

/* ---- asking ---- */

static int check(const char *path)
{
	static struct process process;
	struct process *p = &process;

	if (!load(p, path))
		return EXIT_FAILURE;
	printf("%s: ok\n", path);
	if (mobile_keys_load(p->options.keys, &p->keys, p->report, sizeof(p->report)) != HA_OK ||
	    privileges_find(p->options.user, &p->privileges, p->report, sizeof(p->report)) != HA_OK)
		fprintf(stderr, "%s: before the start on this host: %s\n", path, p->report);
	mobile_keys_wipe(&p->keys);
	return EXIT_SUCCESS;
}

static int copy_answer(int fd)
{
	char octets[4096];
	ssize_t got;
	bool any = false;

	while ((got = read(fd, octets, sizeof(octets))) > 0) {
		if (fwrite(octets, 1, (size_t)got, stdout) != (size_t)got)
			return complain("the status cannot be written");
		any = true;
	}
	return any && fflush(stdout) == 0 ? EXIT_SUCCESS : complain("no status came");
}

static int complain_of_socket(const char *path, int number)
{
	if (number == ENOENT || number == ECONNREFUSED)
		fprintf(stderr, "mobiled: nobody answers on %s: is mobiled running?\n", path);
	else if (number == EACCES)
		fprintf(stderr, "mobiled: you may not use %s: that takes root or its group\n",
		        path);
	else
		fprintf(stderr, "mobiled: %s: %s\n", path, strerror(number));
	return EXIT_FAILURE;
}

static int ask_status(const char *path)
{
	static struct process process;
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd, status;

	if (!load(&process, path))
		return EXIT_FAILURE;
	snprintf(to.sun_path, sizeof(to.sun_path), "%.107s", process.options.status_socket);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&to, sizeof(to)) != 0)
		status = complain_of_socket(to.sun_path, errno);
	else
		status = copy_answer(fd);
	if (fd >= 0)
		close(fd);
	return status;
}

/* ---- the command line ---- */

static const struct {
	const char *option;
	int (*act)(const char *path);
	bool path_needed; /* else --config FILE may follow */
} acts[] = {
	{ "--once", run_once, false },
	{ "--status", ask_status, false },
	{ "--check", check, true },
};

static const struct {
	const char *option;
	void (*write)(FILE *out);
} documents[] = {
	{ "--help", mobiled_write_help },
	{ "--version", mobiled_write_version },
	{ "--example", mobiled_write_example },
	{ "--manual", mobiled_write_manual },
};

static int usage(void)
{
	mobiled_write_help(stderr);
	return EXIT_USAGE;
}

static int write_document(void (*write)(FILE *out))
{
	write(stdout);
	if (fflush(stdout) == 0 && !ferror(stdout))
		return EXIT_SUCCESS;
	perror("mobiled: standard output");
	return EXIT_FAILURE;
}

static const char *path_of(int count, char **words)
{
	if (count == 0)
		return MOBILED_CONFIG_PATH;
	return count == 2 && strcmp(words[0], "--config") == 0 ? words[1] : NULL;
}

int main(int argc, char **argv)
{
	const char *path = path_of(argc - 1, argv + 1);

	if (path)
		return run_always(path);
	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++)
		if (argc == 2 && strcmp(argv[1], documents[i].option) == 0)
			return write_document(documents[i].write);
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		if (strcmp(argv[1], acts[i].option) != 0)
			continue;
		if (acts[i].path_needed)
			path = argc == 3 ? argv[2] : NULL;
		else
			path = path_of(argc - 2, argv + 2);
		return path ? acts[i].act(path) : usage();
	}
	return usage();
}
