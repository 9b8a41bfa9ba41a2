/* SPDX-License-Identifier: MIT */
/* Guest half: sets the rules and prints the counters. */
#include "traffic_guest.h"

WASM_BPF_EMBED(tc_bpf, "tc.bpf.o");

static uint64_t interval_s = 1, count = ~0ULL;
static bool verbose;

static bool attach(const struct bpf_object *object, const char *program, const char *interface)
{
	return bpf_program__attach_to(bpf_object__find_program_by_name(object, program), interface);
}

/* The host has already reported failures on stderr. */
static int run(const char *interface)
{
	struct bpf_object *object = bpf_object__open_mem(tc_bpf, WASM_BPF_SIZE(tc_bpf), NULL);
	int exit_code = 1;

	if (!object)
		return 1;
	if (verbose)
		fprintf(stderr, "rules: %d; interface: %s\n", traffic_rule_count, interface);
	/* Set the rules before attaching, so that every packet is checked. */
	if (!bpf_object__load(object) && traffic_set_rules(object) &&
	    attach(object, "on_ingress", interface) && attach(object, "on_egress", interface))
		exit_code = traffic_show(object, true, interval_s, count);
	bpf_object__close(object);
	return exit_code;
}

static const struct tool_option options[] = {
    TOOL_OPERAND("INTERFACE", "such as eth0: those of /sys/class/net"),
    TOOL_NUMBER('i', "interval", "S", interval_s, 1, 1000000000,
		"seconds between two outputs (default: 1)"),
    TOOL_NUMBER('c', "count", "N", count, 1, ~0ULL, "ends after that many"),
    TOOL_TEXT('d', "drop", "RULE", traffic_add_rule,
	      "tcp, udp, icmp, tcp:PORT, udp:PORT (the receiver's), or the address of\n"
	      "the other side; can be given again"),
    TOOL_FLAG('v', "verbose", verbose, true, "the settings first, to stderr"),
};

static const struct tool_command command = {
    .synopsis = "tc [-i S] [-c COUNT] [-d RULE]... [-v] INTERFACE",
    .summary = "Counts the packets of an interface, both ways, and drops those of rules.\n",
    TOOL_OPTIONS(options),
    .min_operands = 1,
    .max_operands = 1,
};

int main(int argc, char **argv)
{
	int exit_code = tool_parse(&command, argc, argv);

	return exit_code >= 0 ? exit_code : run(argv[optind]);
}
