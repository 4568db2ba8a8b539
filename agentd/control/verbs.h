/* verbs.h - what can be asked of agentd: one row per verb, shared by the server,
 * `agentctl --help` and the manual page.
 *
 * May include: nothing of ours. */
#ifndef AGENTD_CONTROL_VERBS_H
#define AGENTD_CONTROL_VERBS_H

#include <stdbool.h>
#include <stddef.h>

enum verb_shape {
	VERB_OBJECT, /* one record */
	VERB_LIST,   /* any number of them */
	VERB_STREAM, /* each as it comes, perhaps without end */
};

enum verb_place {
	VERB_PROCESS,      /* as VERB_EVERYWHERE, and where there is no home agent, too */
	VERB_EVERYWHERE,   /* any member of a cluster answers */
	VERB_GROUP,        /* as VERB_EVERYWHERE, and of the group of visitors, too */
	VERB_GROUP_LEADER, /* as VERB_LEADER, likewise */
	VERB_ANYWHERE,     /* any but a witness, which has no bindings and no configuration */
	VERB_LEADER,       /* changes what is replicated */
	VERB_LOCAL,        /* agentctl does it itself, and asks no agentd */
};

/* X(id, name, arguments, shape, place, help) */
#define CONTROL_VERBS(X)                                                                           \
	X(status, "status", "", VERB_OBJECT, VERB_PROCESS, "what the agent is doing")              \
	X(alarms, "alarms", "", VERB_LIST, VERB_PROCESS,                                           \
	  "what is wrong now, of all groups of this process, the worst first")                     \
	X(bindings, "bindings", "[HOME|NAI] [--limit N] [--after HOME[,CARE-OF]] [--realm N]",     \
	  VERB_LIST, VERB_ANYWHERE,                                                                \
	  "mobility bindings in the order of home addresses, of all nodes or of one")              \
	X(bindings_remove, "bindings remove", "HOME|NAI [CARE-OF] [--realm N]", VERB_OBJECT,       \
	  VERB_LEADER, "end one binding of a mobile node, or all of them")                         \
	X(nodes, "nodes", "[ADDRESS|NAI] [--realm N]", VERB_LIST, VERB_ANYWHERE,                   \
	  "mobile nodes: who they are, their home address now or last, pool, policy, and limit "   \
	  "and number of bindings; of one node also what came of its requests")                    \
	X(node_set, "node set", "ADDRESS|NAI [policy=NAME|none] [bindings=N] [--realm N]",         \
	  VERB_OBJECT, VERB_LEADER, "change the policy or the limit of bindings of a mobile node") \
	X(association_list, "association list", "[ADDRESS|NAI] [--realm N]", VERB_LIST,            \
	  VERB_ANYWHERE, "mobility security associations, without their keys")                     \
	X(association_add, "association add",                                                      \
	  "mobile home=ADDRESS|nai=NAME spi=N algorithm=NAME [pool=NAME] [policy=NAME] "           \
	  "[use=mn-ha|mn-aaa] [replay=timestamp|nonce] [bindings=N] [realm=N] [tolerance=S] | "    \
	  "foreign-agent address=ADDRESS spi=N algorithm=NAME [realm=N] "                          \
	  "[--replace] [--key-file FILE]",                                                         \
	  VERB_OBJECT, VERB_LEADER,                                                                \
	  "add one; the key, in hexadecimal digits, comes from the file or standard input")        \
	X(association_remove, "association remove",                                                \
	  "[mobile|foreign-agent] ADDRESS|NAI [SPI [use=mn-ha|mn-aaa]] [--realm N]", VERB_OBJECT,  \
	  VERB_LEADER, "remove one, or without SPI all of a node or agent with its bindings")      \
	X(association_import, "association import", "FILE [--replace]", VERB_LIST, VERB_LEADER,    \
	  "add those of a file; lines that were refused are listed")                               \
	X(pool_list, "pool list", "", VERB_LIST, VERB_ANYWHERE,                                    \
	  "pools of home addresses, and how many of their addresses are taken")                    \
	X(pool_set, "pool set", "NAME FIRST-LAST sticky|released [realm=N]", VERB_OBJECT,          \
	  VERB_LEADER,                                                                             \
	  "make a pool or change its range; an address goes back when the operator says so, or "   \
	  "with the last binding of its node")                                                     \
	X(pool_remove, "pool remove", "NAME", VERB_OBJECT, VERB_LEADER,                            \
	  "remove a pool that no mobile node gets its address from")                               \
	X(pool_release, "pool release", "ADDRESS [--realm N]", VERB_OBJECT, VERB_LEADER,           \
	  "give an address back to its pool; the bindings of the node that has it end")            \
	X(explain, "explain",                                                                      \
	  "FILE|-|HEX [--source ADDRESS] [--port N] [--broadcast] [--at now|capture]", VERB_LIST,  \
	  VERB_ANYWHERE,                                                                           \
	  "how a captured request would be handled: octets, hexadecimal digits or a pcap file; "   \
	  "which check decides, and why; nothing is changed")                                      \
	X(key_list, "key list", "", VERB_LIST, VERB_ANYWHERE,                                      \
	  "the cluster's keys, and how much is sealed under each")                                 \
	X(key_rotate, "key rotate", "", VERB_OBJECT, VERB_LEADER,                                  \
	  "seal everything again, under the first key of the file, in the background")             \
	X(key_new, "key new", "FILE", VERB_OBJECT, VERB_LOCAL,                                     \
	  "put a new cluster key before the others of a key file, or make the file; no agentd is " \
	  "asked")                                                                                 \
	X(cluster_key, "cluster key", "make FILE | show FILE", VERB_OBJECT, VERB_LOCAL,            \
	  "make the key file of a new member of a cluster, or say which public key belongs to "    \
	  "one; no agentd is asked")                                                               \
	X(trace, "trace", "ADDRESS|NAI [--count N] [--pcap FILE] [--realm N]", VERB_STREAM,        \
	  VERB_ANYWHERE,                                                                           \
	  "requests of a mobile node and the replies to them as they pass, until interrupted or "  \
	  "N of them; also into a pcap file, in the place of no file of another kind")             \
	X(advertisements, "advertisements", "", VERB_LIST, VERB_PROCESS,                           \
	  "the interfaces that this agent advertises itself on, and as what")                      \
	X(visitors, "visitors", "", VERB_LIST, VERB_PROCESS,                                       \
	  "the mobile nodes that this foreign agent serves")                                       \
	X(visitors_remove, "visitors remove", "HOME [HOME-AGENT]", VERB_OBJECT, VERB_PROCESS,      \
	  "serve a mobile node no more, and tell its home agent where revocation was agreed on")   \
	X(pending, "pending", "", VERB_LIST, VERB_PROCESS,                                         \
	  "requests of visitors that wait for the answer of a home agent, the oldest first")       \
	X(groups, "groups", "", VERB_LIST, VERB_PROCESS,                                           \
	  "the home agents of this process and the foreign agent that it shares, with the part "   \
	  "that it has in each")                                                                   \
	X(trace_packet, "trace-packet",                                                            \
	  "SOURCE DESTINATION [SIZE] [df] [from CARE-OF [minimal|gre|udp PORT]]", VERB_LIST,       \
	  VERB_ANYWHERE,                                                                           \
	  "what this member would do now with a packet of so many octets, which with df must not " \
	  "be fragmented, or with from comes through a reverse tunnel from there: why, and what "  \
	  "it would send; nothing is sent")                                                        \
	X(counters, "counters", "", VERB_LIST, VERB_PROCESS, "all counters since the start")       \
	X(figures, "figures", "", VERB_LIST, VERB_EVERYWHERE,                                      \
	  "registration requests by what they ask for and what became of them, since the start "   \
	  "and by minute")                                                                         \
	X(violations, "violations", "", VERB_LIST, VERB_ANYWHERE,                                  \
	  "who failed authentication or replay protection here since the start, by the home "      \
	  "address that the requests claimed: how often, and what was wrong the last time")        \
	X(flushes, "flushes", "", VERB_LIST, VERB_EVERYWHERE,                                      \
	  "how long the flushes of the log took since the start, by duration")                     \
	X(config_list, "config list", "", VERB_LIST, VERB_PROCESS, "the settings in force")        \
	X(config_set, "config set", "NAME VALUE [--if-version N]", VERB_OBJECT, VERB_LEADER,       \
	  "change a setting of the cluster, or with policy.NAME.OPTION of a policy")               \
	X(config_unset, "config unset", "NAME [--if-version N]", VERB_OBJECT, VERB_LEADER,         \
	  "take a setting back to its default, or what a policy sets otherwise away")              \
	X(policy_list, "policy list", "", VERB_LIST, VERB_ANYWHERE,                                \
	  "what the policies of mobile nodes set otherwise, and how many nodes have them")         \
	X(audit, "audit", "[SETTING|ADDRESS|NAI] [--limit N] [--after CHANGE]", VERB_LIST,         \
	  VERB_ANYWHERE,                                                                           \
	  "who changed what of the configuration, when, from what to what, the newest first")      \
	X(audit_undo, "audit undo", "CHANGE", VERB_OBJECT, VERB_LEADER,                            \
	  "take back a change of the audit trail, unless what it changed has moved since")         \
	X(backup, "backup", "FILE | --verify FILE", VERB_OBJECT, VERB_LEADER,                      \
	  "copy all that was acknowledged to a file while agentd runs, in the place of no file "   \
	  "but an older backup, or say what a file holds")                                         \
	X(cluster_status, "cluster status", "", VERB_LIST, VERB_GROUP,                             \
	  "the members of the cluster, how far each lags behind the leader, and what to see to")   \
	X(cluster_transfer, "cluster transfer", "[MEMBER]", VERB_OBJECT, VERB_GROUP_LEADER,        \
	  "have that data member lead, or the one that is most advanced")                          \
	X(cluster_drain, "cluster drain", "", VERB_OBJECT, VERB_GROUP,                             \
	  "have another member lead, and not this one, until undrain or the end of agentd")        \
	X(cluster_undrain, "cluster undrain", "", VERB_OBJECT, VERB_GROUP,                         \
	  "let this member lead again")                                                            \
	X(cluster_admit, "cluster admit", "MEMBER", VERB_OBJECT, VERB_GROUP_LEADER,                \
	  "let that member come back with another disk, because it was replaced")                  \
	X(version, "version", "", VERB_OBJECT, VERB_PROCESS, "the version of agentd")

enum verb_id {
#define X(id, name, arguments, shape, place, help) VERB_##id,
	CONTROL_VERBS(X)
#undef X
	VERB_COUNT
};

struct verb_info {
	const char *name; /* one or two words */
	const char *arguments;
	enum verb_shape shape;
	enum verb_place place;
	const char *help;
};

extern const struct verb_info verb_infos[VERB_COUNT];

/* By the full name. VERB_COUNT when there is none. */
enum verb_id verb_find(const char *name);

/* From the words of a command line; *used receives how many name the verb.
 * A first word alone stands for its "list". VERB_COUNT when there is none. */
enum verb_id verb_of_words(char *const *words, size_t count, size_t *used);

/* Do names of two words begin with this one? */
bool verb_is_group(const char *first);

/* How many words that are not options the table gives a verb. */
struct verb_operands {
	size_t least, most;
};
struct verb_operands verb_operands(enum verb_id verb);

/* A word that is told as wrong may be a key in the wrong place: hexadecimal digits
 * of which there are as many as a key has become dots. */
void words_hide_keys(char *text);

/* Said by agentctl, before it asks for the key, and by agentd. */
#define KEY_WORD_REFUSAL                                                                           \
	"a key does not belong on a command line, where others can read it: give it on standard "  \
	"input or with --key-file"

#endif
