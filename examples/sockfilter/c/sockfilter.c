/* SPDX-License-Identifier: MIT */
/* Guest half: prints the packets of an interface until Ctrl-C. */
#include <arpa/inet.h>
#include <getopt.h>

#include "sockfilter.h"
#include "wasm_bpf_tool.h"

WASM_BPF_EMBED(sockfilter_bpf, "sockfilter.bpf.o");

static struct {
	struct config config;
	bool time, verbose;
	unsigned long long shown;
} tool;

static const char usage[] =
    "Usage: sockfilter [-T] [-t | -u] [-p PORT] [-v] INTERFACE\n"
    "Prints the TCP and UDP packets of an interface, as a packet socket sees them.\n"
    "\n"
    "  INTERFACE        such as eth0: those of /sys/class/net\n"
    "  -T, --timestamp  when, in local time\n"
    "  -t, --tcp        only TCP\n"
    "  -u, --udp        only UDP\n"
    "  -p, --port PORT  only from or to this port\n"
    "  -v, --verbose    counts at the end, to stderr\n"
    "  -h, --help       this text\n";

static const struct option options[] = {
    {"timestamp", no_argument, NULL, 'T'},
    {"tcp", no_argument, NULL, 't'},
    {"udp", no_argument, NULL, 'u'},
    {"port", required_argument, NULL, 'p'},
    {"verbose", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

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

/* The host has already reported failures on stderr. */
static int trace(const char *interface)
{
	struct bpf_object *object =
	    bpf_object__open_mem(sockfilter_bpf, WASM_BPF_SIZE(sockfilter_bpf), NULL);
	int exit_code = 1;

	if (!object)
		return 1;
	if (bpf_object__set_variable(object, "config", &tool.config, sizeof(tool.config)) ||
	    bpf_object__load(object) ||
	    !bpf_program__attach_to(bpf_object__find_program_by_name(object, "on_packet"),
				    interface))
		goto out_close;
	printf("%sDIR PROTO %-21s %-21s %5s %s\n", tool.time ? "TIME     " : "", "FROM", "TO",
	       "BYTES", "FLAGS");
	exit_code = tool_poll_ring(object, "events", handle_event, NULL, 0);
	tool_report(object, tool.shown, tool.verbose);
out_close:
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
	uint64_t number;
	int option;

	while ((option = getopt_long(argc, argv, "Ttup:vh", options, NULL)) != -1) {
		switch (option) {
		case 'T':
			tool.time = true;
			break;
		case 't':
			tool.config.protocol = PROTOCOL_TCP;
			break;
		case 'u':
			tool.config.protocol = PROTOCOL_UDP;
			break;
		case 'p':
			if (!tool_number("--port", optarg, 1, 65535, &number))
				return 2;
			tool.config.port = (unsigned short)number;
			break;
		case 'v':
			tool.verbose = true;
			break;
		case 'h':
			return fputs(usage, stdout) < 0;
		default:
			return wrong_usage();
		}
	}
	return argc - optind != 1 ? wrong_usage() : trace(argv[optind]);
}
