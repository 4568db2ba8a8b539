/* tc_attach.c - the hook of an interface: clsact, ingress, filters of ours at a place of
 * their own, one for each instance, of which the first that has something to do with a
 * packet ends the matter. The qdisc stays when we go: filters of others may hang on it. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "agentd/dataplane/tc_kernel.h"

#define OUR_FIRST_HANDLE 1u /* of instance 0 */
#define OUR_PRIORITY 0x4841u
#define OUR_NAME "hearth_ingress" /* of the program, in any version */

static struct bpf_tc_hook hook_of(int interface)
{
	return (struct bpf_tc_hook){ .sz = sizeof(struct bpf_tc_hook),
		                     .ifindex = interface,
		                     .attach_point = BPF_TC_INGRESS };
}

static struct bpf_tc_opts filter_of(unsigned instance)
{
	return (struct bpf_tc_opts){ .sz = sizeof(struct bpf_tc_opts),
		                     .handle = OUR_FIRST_HANDLE + instance,
		                     .priority = OUR_PRIORITY };
}

bool tc_object_is_attached(const struct tc_object *object, int interface)
{
	struct bpf_tc_hook hook = hook_of(interface);
	struct bpf_tc_opts filter = filter_of(object->instance);

	return bpf_tc_query(&hook, &filter) == 0 && filter.prog_id == object->program_id;
}

enum ha_error tc_object_attach(const struct tc_object *object, int interface, const char *name,
                               char *report, size_t size)
{
	struct bpf_tc_hook hook = hook_of(interface);
	struct bpf_tc_opts filter = filter_of(object->instance);
	int failed;

	if (tc_object_is_attached(object, interface))
		return HA_OK;
	failed = bpf_tc_hook_create(&hook);
	if (failed == 0 || failed == -EEXIST) {
		filter.prog_fd = object->program;
		filter.flags = BPF_TC_F_REPLACE;
		failed = bpf_tc_attach(&hook, &filter);
	}
	if (failed == 0)
		return HA_OK;
	return ha_refuse(report, size, ha_error_of_errno(-failed),
	                 "%s: the program cannot be put at its ingress: %s", name,
	                 strerror(-failed));
}

enum ha_error tc_object_detach(unsigned instance, int interface)
{
	struct bpf_tc_hook hook = hook_of(interface);
	struct bpf_tc_opts filter = filter_of(instance);
	int failed = bpf_tc_detach(&hook, &filter);

	return failed == 0 ? HA_OK : failed == -ENOENT ? HA_E_NOTFOUND : ha_error_of_errno(-failed);
}

static bool is_of_ours(uint32_t program)
{
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(program);
	bool found = fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &size) == 0 &&
	             strncmp(info.name, OUR_NAME, sizeof(info.name)) == 0;

	if (fd >= 0)
		close(fd);
	return found;
}

void tc_object_sweep(unsigned instance, const struct tc_object *object)
{
	struct if_nameindex *list = if_nameindex();

	for (const struct if_nameindex *at = list; at && at->if_index; at++) {
		struct bpf_tc_hook hook = hook_of((int)at->if_index);
		struct bpf_tc_opts filter = filter_of(instance);

		if (bpf_tc_query(&hook, &filter) == 0 &&
		    (!object || filter.prog_id != object->program_id) && is_of_ours(filter.prog_id))
			(void)tc_object_detach(instance, (int)at->if_index);
	}
	if_freenameindex(list);
}
