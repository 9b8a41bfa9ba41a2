/* SPDX-License-Identifier: MIT */
/* Guest half: prints the packets of an interface until Ctrl-C. */
#include <arpa/inet.h>

#include "sockfilter.h"
#include "wasm_bpf_tool.h"

WASM_BPF_EMBED(sockfilter_bpf, "sockfilter.bpf.o");

static struct {
	const char *interface;
	struct config config;
	bool time, verbose;
	unsigned long long shown;
} tool;

static void print_side(const struct event *e, const unsigned char *address, unsigned short port)
{
	char text[INET6_ADDRSTRLEN], side[INET6_ADDRSTRLEN + 8];

	inet_ntop(e->is_ipv6 ? AF_INET6 : AF_INET, address, text, sizeof(text));
	snprintf(side, sizeof(side), e->is_ipv6 ? "[%s]:%u" : "%s:%u", text, port);
	printf(" %-21s", side);
}

static void print_flags(const struct event *e)
{
	static const char letters[] = "FSRPA";

	for (int i = 0; letters[i]; i++) {
		if (e->tcp_flags & 1 << i)
			putchar(letters[i]);
	}
}

/* struct event, for the host's -o, --filter, --sort and others. */
static const char members[] = "u32 length; u16 sport; u16 dport; u8 saddr[16] @ip; "
			      "u8 daddr[16] @ip; u8 is_ipv6; u8 is_udp; u8 is_outgoing; "
			      "u8 tcp_flags @hex";

static int handle_event(void *ctx, void *data, size_t size)
{
	const struct event *e = (const struct event *)data;

	(void)ctx;
	if (size < sizeof(*e))
		return -EINVAL;
	tool.shown++;
	if (tool.time) {
		tool_print_now();
		putchar(' ');
	}
	printf("%-3s %-5s", e->is_outgoing ? "out" : "in", e->is_udp ? "udp" : "tcp");
	print_side(e, e->from, e->from_port);
	print_side(e, e->to, e->to_port);
	printf(" %5u ", e->bytes);
	print_flags(e);
	putchar('\n');
	return 0;
}

static bool attach(const struct bpf_object *object)
{
	return bpf_program__attach_to(bpf_object__find_program_by_name(object, "on_packet"),
				      tool.interface);
}

static void print_header(void)
{
	printf("%sDIR PROTO %-21s %-21s %5s %s\n", tool.time ? "TIME     " : "", "FROM", "TO",
	       "BYTES", "FLAGS");
}

static const struct tool_option options[] = {
    TOOL_OPERAND("INTERFACE", "such as eth0: those of /sys/class/net"),
    TOOL_FLAG('T', "timestamp", tool.time, true, "when, in local time"),
    TOOL_FLAG('t', "tcp", tool.config.protocol, PROTOCOL_TCP, "only TCP"),
    TOOL_FLAG('u', "udp", tool.config.protocol, PROTOCOL_UDP, "only UDP"),
    TOOL_NUMBER('p', "port", "PORT", tool.config.port, 1, 65535, "only from or to this port"),
    TOOL_FLAG('v', "verbose", tool.verbose, true, "counts at the end, to stderr"),
};

static const struct tool_command command = {
    .synopsis = "sockfilter [-T] [-t | -u] [-p PORT] [-v] INTERFACE",
    .summary = "Prints the TCP and UDP packets of an interface, as a packet socket sees them.\n",
    TOOL_OPTIONS(options),
    .min_operands = 1,
    .max_operands = 1,
};

int main(int argc, char **argv)
{
	int exit_code = tool_parse(&command, argc, argv);

	if (exit_code >= 0)
		return exit_code;
	tool.interface = argv[optind];
	return tool_trace(&(struct tool_tracer){
	    TOOL_TRACES(sockfilter_bpf, tool),
	    TOOL_CONFIG(tool),
	    .attach = attach,
	    .print_header = print_header,
	    .handle_event = handle_event,
	    TOOL_RECORDS("packets", members, struct event),
	});
}
