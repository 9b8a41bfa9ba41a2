/* SPDX-License-Identifier: MIT */
/* Guest half: sets the rules and prints the counters. */
#include <getopt.h>

#include "traffic_guest.h"

WASM_BPF_EMBED(tc_bpf, "tc.bpf.o");

static uint64_t interval_s = 1, count = ~0ULL;
static bool verbose;

static const char usage[] =
    "Usage: tc [-i S] [-c COUNT] [-d RULE]... [-v] INTERFACE\n"
    "Counts the packets of an interface, both ways, and drops those of rules.\n"
    "\n"
    "  INTERFACE         such as eth0: those of /sys/class/net\n"
    "  -i, --interval S  seconds between two outputs (default: 1)\n"
    "  -c, --count N     ends after that many\n"
    "  -d, --drop RULE   tcp, udp, icmp, tcp:PORT, udp:PORT (the receiver's), or the address of\n"
    "                    the other side; can be given again\n"
    "  -v, --verbose     the settings first, to stderr\n"
    "  -h, --help        this text\n";

static const struct option options[] = {
    {"interval", required_argument, NULL, 'i'}, {"count", required_argument, NULL, 'c'},
    {"drop", required_argument, NULL, 'd'},	{"verbose", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},		{NULL, 0, NULL, 0},
};

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

static int wrong_usage(void)
{
	fputs(usage, stderr);
	return 2;
}

int main(int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "i:c:d:vh", options, NULL)) != -1) {
		switch (option) {
		case 'i':
			if (!tool_number("--interval", optarg, 1, 1000000000, &interval_s))
				return 2;
			break;
		case 'c':
			if (!tool_number("--count", optarg, 1, ~0ULL, &count))
				return 2;
			break;
		case 'd':
			if (!traffic_add_rule(optarg))
				return 2;
			break;
		case 'v':
			verbose = true;
			break;
		case 'h':
			return fputs(usage, stdout) < 0;
		default:
			return wrong_usage();
		}
	}
	return argc - optind != 1 ? wrong_usage() : run(argv[optind]);
}
