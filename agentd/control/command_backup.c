/* command_backup.c - this side's part of a backup: the store holds everything
 * that was acknowledged, and here it is. agentctl copies it, with the rights of
 * whoever asks. */
#include "agentd/base/log.h"
#include "agentd/control/call.h"

static enum call_progress finish_backup(struct call *call)
{
	struct agent_status status;
	struct config config;

	if (call->results[0] != HA_OK)
		return call_refuse(call, call->results[0],
		                   "no backup was made, the store cannot be written: %s",
		                   ha_strerror(call->results[0]));
	agent_status(call->agent, &status);
	agent_config(call->agent, &config);
	log_notice("backup by %s: the store holds entry %llu of the log and all before it",
	           call->who, (unsigned long long)status.store_index);
	answer_text(&call->answer, "store", "%s/store", config.data_directory);
	answer_number(&call->answer, "store_index", status.store_index);
	answer_record(&call->answer);
	return CALL_DONE;
}

enum call_progress call_backup(struct call *call)
{
	if (call->stored)
		return finish_backup(call);
	if (call->options.word_count)
		return call_usage(call);
	if (!call_reserve(call, 1))
		return call_refuse(call, HA_E_NOMEM, "out of memory");
	return call_checkpoint(call);
}
