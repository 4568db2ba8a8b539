/* engine.h - what stands behind the face of replication.h: a table of functions
 * per engine; and the face over a disk of the caller's, for tests.
 *
 * May include: replication, agentd/base. */
#ifndef REPLICATION_ENGINE_H
#define REPLICATION_ENGINE_H

#include "replication/journal_io.h"
#include "replication/replication.h"

/* The functions are those of replication.h; each gets what its own `open` gave.
 * NULL, where allowed, is for what an engine has no use for. */
struct replication_engine {
	struct replication *(*open)(const struct journal_io *io,
	                            const struct replication_options *options,
	                            const struct replication_machine *machine, enum ha_error *why,
	                            char *report, size_t size);
	enum ha_error (*start)(struct replication *r);
	enum ha_error (*submit)(struct replication *r, const struct replication_command *commands,
	                        size_t count);
	uint64_t (*may_answer_until)(const struct replication *r);
	uint64_t (*answer_begin)(struct replication *r);                  /* or NULL */
	void (*answer_end)(struct replication *r);                        /* or NULL */
	enum ha_error (*transfer)(struct replication *r, uint8_t member); /* or NULL */
	enum ha_error (*drain)(struct replication *r, bool drain);        /* or NULL */
	enum ha_error (*admit)(struct replication *r, uint8_t number);    /* or NULL */
	void (*hold)(struct replication *r, uint64_t index);              /* or NULL */
	void (*trim)(struct replication *r, uint64_t index);
	void (*status)(struct replication *r, struct replication_status *out);
	void (*flush_histogram)(struct replication *r, uint64_t counts[REPLICATION_FLUSH_BUCKETS]);
	void (*stop)(struct replication *r);
	void (*close)(struct replication *r); /* never NULL; stops first */
};

extern const struct replication_engine replication_engine_solo;    /* one voter */
extern const struct replication_engine replication_engine_cluster; /* several */

/* The first member of what an engine opens. */
struct replication {
	const struct replication_engine *engine;
};

/* As replication_open; `io` is static. */
struct replication *replication_open_over(const struct journal_io *io,
                                          const struct replication_options *options,
                                          const struct replication_machine *machine,
                                          enum ha_error *why, char *report, size_t size);

/* A node is the cluster engine's only: as replication_node_open and its like. */
struct replication_node *cluster_node_open(const struct journal_io *io,
                                           const struct replication_node_options *options,
                                           enum ha_error *why, char *report, size_t size);
enum ha_error cluster_node_start(struct replication_node *node, char *report, size_t size);
void cluster_node_stop(struct replication_node *node);
void cluster_node_close(struct replication_node *node);

#endif
