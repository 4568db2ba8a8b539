/* replication.c - the face of replication: chooses the engine at the open and
 * hands every call on to it. */
#include "replication/replication.h"

#include "replication/engine.h"

struct replication *replication_open_over(const struct journal_io *io,
                                          const struct replication_options *options,
                                          const struct replication_machine *machine,
                                          enum ha_error *why, char *report, size_t size)
{
	const struct replication_engine *engine = options->cluster || options->node
	                                                  ? &replication_engine_cluster
	                                                  : &replication_engine_solo;

	return engine->open(io, options, machine, why, report, size);
}

struct replication *replication_open(const struct replication_options *options,
                                     const struct replication_machine *machine, enum ha_error *why,
                                     char *report, size_t size)
{
	return replication_open_over(&journal_io_system, options, machine, why, report, size);
}

struct replication_node *replication_node_open(const struct replication_node_options *options,
                                               enum ha_error *why, char *report, size_t size)
{
	return cluster_node_open(&journal_io_system, options, why, report, size);
}

enum ha_error replication_node_start(struct replication_node *node, char *report, size_t size)
{
	return cluster_node_start(node, report, size);
}

void replication_node_stop(struct replication_node *node)
{
	cluster_node_stop(node);
}

void replication_node_close(struct replication_node *node)
{
	if (node)
		cluster_node_close(node);
}

enum ha_error replication_start(struct replication *r)
{
	return r->engine->start(r);
}

enum ha_error replication_submit(struct replication *r, const struct replication_command *commands,
                                 size_t count)
{
	return r->engine->submit(r, commands, count);
}

uint64_t replication_may_answer_until(const struct replication *r)
{
	return r->engine->may_answer_until(r);
}

uint64_t replication_answer_begin(struct replication *r)
{
	return r->engine->answer_begin ? r->engine->answer_begin(r)
	                               : replication_may_answer_until(r);
}

void replication_answer_end(struct replication *r)
{
	if (r->engine->answer_end)
		r->engine->answer_end(r);
}

enum ha_error replication_transfer(struct replication *r, uint8_t member)
{
	return r->engine->transfer ? r->engine->transfer(r, member) : HA_E_UNSUPPORTED;
}

enum ha_error replication_drain(struct replication *r, bool drain)
{
	return r->engine->drain ? r->engine->drain(r, drain) : HA_E_UNSUPPORTED;
}

enum ha_error replication_admit(struct replication *r, uint8_t number)
{
	return r->engine->admit ? r->engine->admit(r, number) : HA_E_UNSUPPORTED;
}

void replication_hold(struct replication *r, uint64_t index)
{
	if (r->engine->hold)
		r->engine->hold(r, index);
}

void replication_trim(struct replication *r, uint64_t index)
{
	r->engine->trim(r, index);
}

void replication_status(struct replication *r, struct replication_status *out)
{
	r->engine->status(r, out);
}

void replication_flush_histogram(struct replication *r, uint64_t counts[REPLICATION_FLUSH_BUCKETS])
{
	r->engine->flush_histogram(r, counts);
}

void replication_stop(struct replication *r)
{
	r->engine->stop(r);
}

void replication_close(struct replication *r)
{
	if (r)
		r->engine->close(r);
}
