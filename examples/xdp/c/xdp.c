/* SPDX-License-Identifier: MIT */
/* Guest half: sets the rules and prints the counters. */
#include "traffic_guest.h"

WASM_BPF_EMBED(xdp_bpf, "xdp.bpf.o");

int main(int argc, char **argv)
{
	return traffic_main(
	    &(struct traffic_tool){
		.bytes = xdp_bpf,
		.size = WASM_BPF_SIZE(xdp_bpf),
		.programs = {"on_packet"},
		.synopsis = "xdp [-i S] [-c COUNT] [-d RULE]... [-v] INTERFACE",
		.summary =
		    "Counts the packets that come in on an interface, and drops those of rules.\n",
	    },
	    argc, argv);
}
