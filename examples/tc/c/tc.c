/* SPDX-License-Identifier: MIT */
/* Guest half: sets the rules and prints the counters. */
#include "traffic_guest.h"

WASM_BPF_EMBED(tc_bpf, "tc.bpf.o");

int main(int argc, char **argv)
{
	return traffic_main(
	    &(struct traffic_tool){
		.bytes = tc_bpf,
		.size = WASM_BPF_SIZE(tc_bpf),
		.programs = {"on_ingress", "on_egress"},
		.synopsis = "tc [-i S] [-c COUNT] [-d RULE]... [-v] INTERFACE",
		.summary =
		    "Counts the packets of an interface, both ways, and drops those of rules.\n",
	    },
	    argc, argv);
}
