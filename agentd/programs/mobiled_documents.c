/* mobiled_documents.c - help, example and manual page, from the table of options and the lists
 * of counters. */
#include "agentd/programs/mobiled_documents.h"

#include "agentd/dataplane/node_packets.h"
#include "agentd/mobile/mobile.h"
#include "agentd/mobile/options.h"

void mobiled_write_version(FILE *out)
{
	fprintf(out, "mobiled %s\n", HEARTH_VERSION);
}

void mobiled_write_help(FILE *out)
{
	fputs("Mobile IPv4 mobile node.\n\n"
	      "usage: mobiled [--config FILE]            run, with this file instead of\n"
	      "                                          " MOBILED_CONFIG_PATH "\n"
	      "       mobiled --once [--config FILE]     register once, print what came of it as JSON;\n"
	      "                                          exit code 0 if it was accepted\n"
	      "       mobiled --status [--config FILE]   print how the running one is, as JSON\n"
	      "       mobiled --check FILE               say whether the file would be accepted\n"
	      "       mobiled --example                  print a commented configuration\n"
	      "       mobiled --manual                   print the manual page\n"
	      "       mobiled --version | --help\n",
	      out);
}

void mobiled_write_example(FILE *out)
{
	config_table_write_example(&mobile_config_table, out);
}

static void write_counters(FILE *out)
{
	static const struct {
		const char *name, *help;
	} rows[] = {
#define X(member, name, help) { name, help },
		MOBILE_COUNTS(X)
#undef X
#define X(symbol, name, help) { "packets-" name, help },
			NODE_FATES(X)
#undef X
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		fprintf(out, ".TP\n.B %s\n%s.\n", rows[i].name, rows[i].help);
}

void mobiled_write_manual(FILE *out)
{
	fputs(".\\\" Written by mobiled --manual; do not edit.\n"
	      ".TH MOBILED 8 \"\" \"Hearth\" \"Hearth\"\n"
	      ".SH NAME\nmobiled \\- Mobile IPv4 mobile node\n"
	      ".SH SYNOPSIS\n"
	      ".B mobiled\n[\\fB\\-\\-config\\fR \\fIFILE\\fR]\n.br\n"
	      ".B mobiled \\-\\-once\n[\\fB\\-\\-config\\fR \\fIFILE\\fR]\n.br\n"
	      ".B mobiled \\-\\-status\n[\\fB\\-\\-config\\fR \\fIFILE\\fR]\n.br\n"
	      ".B mobiled \\-\\-check\n\\fIFILE\\fR\n.br\n"
	      ".B mobiled \\-\\-example\n|\n.B \\-\\-manual\n|\n.B \\-\\-version\n|\n.B \\-\\-help\n"
	      ".SH DESCRIPTION\n"
	      "Keeps the home address of this host reachable wherever the host is attached: it listens\n"
	      "for agents and solicits them, registers with its home agent through a foreign agent or\n"
	      "with an address of its own, renews that in time, and ends it at home. Packets for the\n"
	      "home address come out of the device of the section packets, which has that address\n"
	      "while the host is away.\n"
	      ".PP\n"
	      "An address of its own is whatever address the interface has, by hand or from a DHCP\n"
	      "client: changes are followed as they come.\n"
	      ".PP\n"
	      "SIGTERM and SIGINT end it; what it changed on the host is taken away then, and at the\n"
	      "next start after it was killed.\n"
	      ".SH STATUS\n"
	      "state is one of searching, asking, registered, home, denied, off and ended. Counters:\n",
	      out);
	write_counters(out);
	fputs(".SH CONFIGURATION\n"
	      "YAML of exactly two levels, section and option.\n",
	      out);
	config_table_write_manual(&mobile_config_table, out);
	fputs(".SH EXIT STATUS\n"
	      "0 when it was done, 1 when it was refused or failed, or a binding could not be ended, 2 for\n"
	      "a wrong command line.\n"
	      ".SH FILES\n" MOBILED_CONFIG_PATH "\n"
	      ".SH SEE ALSO\n.BR agentd (8)\n",
	      out);
}
