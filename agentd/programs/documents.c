/* documents.c - counters and manual pages, from the tables. */
#include "agentd/programs/documents.h"

#include "agentd/base/config_text.h"
#include "agentd/base/counters.h"
#include "agentd/dataplane/counters.h"
#include "agentd/dataplane/forward_reasons.h"
#include "agentd/dataplane/home_arp_counters.h"
#include "agentd/dataplane/home_route.h"
#include "agentd/dataplane/tc_keep.h"
#include "agentd/dataplane/user_counters.h"
#include "agentd/dataplane/visit_plane_counters.h"
#include "agentd/dataplane/visit_reasons.h"
#include "agentd/flow/counters.h"
#include "agentd/flow/figures.h"
#include "agentd/visit/counters.h"
#include "proto/codes.h"
#include "proto/foreign_codes.h"
#include "replication/counters.h"
#include "mib/counters.h"
#include "mib/refusal.h"

void counter_sets_register(void)
{
	counters_register(&flow_counters);
	counters_register(&request_counters);
	counters_register(&mip_code_counters);
	counters_register(&replication_counters);
	counters_register(&dataplane_counters);
	counters_register(&home_arp_counters);
	counters_register(&home_route_counters);
	counters_register(&forward_counters);
	counters_register(&user_counters);
	counters_register(&tc_counters);
	counters_register(&mib_counters);
	counters_register(&mib_set_counters);
	counters_register(&visiting_counters);
	counters_register(&visitor_counters);
	counters_register(&visit_plane_counters);
	counters_register(&foreign_code_counters);
}

struct document {
	FILE *out;
	const struct counter_set *set; /* of the last row */
};

static int write_row(void *context, const struct counter_set *set, const struct counter_info *info,
                     uint64_t value)
{
	struct document *document = context;

	(void)value;
	if (set != document->set)
		fprintf(document->out,
		        "\n## %s\n\n| counter | object of MIP-MIB | meaning |\n|---|---|---|\n",
		        set->name);
	document->set = set;
	if (info->mib_arc)
		fprintf(document->out, "| `%s` | 1.3.6.1.2.1.44.1.%u.3.%u | %s |\n", info->name,
		        (unsigned)set->mib_branch, info->mib_arc, info->help);
	else
		fprintf(document->out, "| `%s` | | %s |\n", info->name, info->help);
	return 0;
}

void counters_write_markdown(FILE *out)
{
	struct document document = { .out = out };

	fputs("# Counters of agentd\n\n"
	      "Written by `agentd --counters markdown`; do not edit. `agentctl counters` prints\n"
	      "them. They have 64 bits, start at zero with the process, and are those of this\n"
	      "node.\n",
	      out);
	counter_sets_register();
	counters_visit(write_row, &document);
}

void configuration_write_manual(FILE *out)
{
	fputs(".\\\" Written by agentd --options man; do not edit.\n"
	      ".TH AGENTD.YAML 5 \"\" \"Hearth\" \"Hearth\"\n"
	      ".SH NAME\nagentd.yaml \\- configuration of agentd, as home agent and as foreign agent\n"
	      ".SH DESCRIPTION\n"
	      "YAML of exactly two levels, section and option. Anchors, tags, lists and options\n"
	      "given twice are refused, and so is what is not in the list below.\n"
	      ".PP\n"
	      "At SIGHUP agentd reads the file again and takes over the options for which the\n"
	      "list does not say that a change needs a restart. A file that is refused changes\n"
	      "nothing. Options owned by the cluster are taken from the file only while the\n"
	      "store is empty; later\n.B agentctl config set\nand\n.B agentctl config unset\n"
	      "change them.\n"
	      ".SH OPTIONS\n",
	      out);
	config_write_manual(out);
	fputs(".SH SEE ALSO\n.BR agentd (8),\n.BR agentctl (8)\n", out);
}

void agentd_write_manual(FILE *out)
{
	fputs(".\\\" Written by agentd --manual; do not edit.\n"
	      ".TH AGENTD 8 \"\" \"Hearth\" \"Hearth\"\n"
	      ".SH NAME\nagentd \\- Mobile IPv4 home agent and foreign agent\n"
	      ".SH SYNOPSIS\n.B agentd\n.RB [ \\-\\-config\n.IR FILE ]\n.br\n"
	      ".B agentd\n.BI \\-\\-restore \" BACKUP\"\n.RB [ \\-\\-config\n.IR FILE ]\n.RB [ \\-\\-group\n.IR N ]\n.br\n"
	      ".B agentd\n.BI \\-\\-check \" FILE\"\n.br\n"
	      ".B agentd\n.BR \\-\\-options \" {\" markdown | man }\n.br\n"
	      ".B agentd\n.B \\-\\-counters markdown\n.br\n"
	      ".B agentd\n.BR \\-\\-example | \\-\\-manual | \\-\\-version | \\-\\-help\n"
	      ".SH DESCRIPTION\n"
	      "agentd answers Registration Requests of mobile nodes as RFC 5944 has them. What it\n"
	      "grants is on stable storage before the reply is sent, and is there again after a\n"
	      "crash. It stays in the foreground and writes its log to standard error.\n"
	      ".PP\n"
	      "With care-of addresses it is a foreign agent too, or that alone.\n"
	      ".PP\n"
	      "Started as root it becomes the user of the configuration. Once its ports are bound\n"
	      "single threads keep CAP_NET_ADMIN, where packets are forwarded or the home agent's\n"
	      "address is moved; one keeps CAP_NET_RAW and CAP_NET_BIND_SERVICE too, where it\n"
	      "advertises, since interfaces come and go. Nothing keeps anything else.\n"
	      ".SH OPTIONS\n"
	      ".TP\n.BI \\-\\-config \" FILE\"\nInstead of /etc/hearth/agentd.yaml.\n"
	      ".TP\n.BI \\-\\-restore \" BACKUP\"\nFill the data directory, which must be empty, "
	      "from a file that\n.B agentctl backup\nmade, say what was in it, and end. Where there are several home agents in one\n"
	      "process, the directory is that of group 0, or of the one that\n.B \\-\\-group\n"
	      "names.\n"
	      ".TP\n.BI \\-\\-check \" FILE\"\nSay whether the file would be accepted, and if not, "
	      "which line is to blame and\nwhat is allowed there. What this host lacks for a start is said too.\n"
	      ".TP\n.B \\-\\-example\nPrint a commented configuration with all options.\n"
	      ".TP\n.BI \\-\\-options \" FORM\"\nPrint the options of the configuration as markdown "
	      "or as the page\n.BR agentd.yaml (5).\n"
	      ".TP\n.B \\-\\-counters markdown\nPrint what the counters count.\n"
	      ".TP\n.B \\-\\-manual\nPrint this page.\n"
	      ".TP\n.BR \\-\\-version \", \" \\-\\-help\nPrint the version, or the usage.\n"
	      ".SH SIGNALS\n"
	      ".TP\n.BR SIGTERM \", \" SIGINT\nFinish what was taken, write the store, end.\n"
	      ".TP\n.B SIGHUP\nRead the configuration again.\n"
	      ".SH EXIT STATUS\n"
	      "0 after a signal to end, 1 after a failure that the last line of the log names, "
	      "2\nfor a wrong command line.\n"
	      ".SH FILES\n"
	      ".TP\n.I /etc/hearth/agentd.yaml\nThe configuration, see\n.BR agentd.yaml (5).\n"
	      ".TP\n.I /var/lib/hearth\nThe store and the log.\n"
	      ".TP\n.I /run/hearth/agentd.sock\nThe socket of\n.BR agentctl (8).\n"
	      ".SH SEE ALSO\n.BR agentctl (8),\n.BR agentd.yaml (5),\n.BR mobiled (8)\n",
	      out);
}
