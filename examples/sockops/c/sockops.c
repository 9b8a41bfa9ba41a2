/* SPDX-License-Identifier: MIT */
/* Guest half: prints the TCP connections of a cgroup until Ctrl-C. */
#include <arpa/inet.h>
#include <getopt.h>

#include "sockops.h"
#include "wasm_bpf_tool.h"

WASM_BPF_EMBED(sockops_bpf, "sockops.bpf.o");

static struct {
	bool time, verbose;
	unsigned long long shown;
} tool;

static const char usage[] =
    "Usage: sockops [-T] [-v] CGROUP\n"
    "Prints the TCP connections of a cgroup's processes: their beginning and their end.\n"
    "\n"
    "  CGROUP           a directory of cgroup2, such as /sys/fs/cgroup/system.slice\n"
    "  -T, --timestamp  when, in local time\n"
    "  -v, --verbose    counts at the end, to stderr\n"
    "  -h, --help       this text\n";

static const struct option options[] = {
    {"timestamp", no_argument, NULL, 'T'},
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

static int handle_event(void *ctx, void *data, size_t size)
{
	static const char *const kinds[] = {"connect", "accept", "close"};
	const struct event *e = (const struct event *)data;

	(void)ctx;
	if (size < sizeof(*e) || e->kind > EVENT_CLOSE)
		return -EINVAL;
	tool.shown++;
	if (tool.time) {
		tool_print_now();
		putchar(' ');
	}
	printf("%-7s", kinds[e->kind]);
	print_side(e, e->local, e->local_port);
	print_side(e, e->remote, e->remote_port);
	printf(" %7u %9llu %9llu %7u\n", e->round_trip_us, e->bytes_sent, e->bytes_received,
	       e->retransmitted);
	return 0;
}

/* The host has already reported failures on stderr. */
static int trace(const char *cgroup)
{
	struct bpf_object *object =
	    bpf_object__open_mem(sockops_bpf, WASM_BPF_SIZE(sockops_bpf), NULL);
	int exit_code = 1;

	if (!object)
		return 1;
	if (bpf_object__load(object) ||
	    !bpf_program__attach_to(bpf_object__find_program_by_name(object, "on_socket"), cgroup))
		goto out_close;
	printf("%s%-7s %-21s %-21s %7s %9s %9s %s\n", tool.time ? "TIME     " : "", "EVENT",
	       "LOCAL", "REMOTE", "RTT(us)", "SENT", "RECEIVED", "RETRANS");
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
	int option;

	while ((option = getopt_long(argc, argv, "Tvh", options, NULL)) != -1) {
		switch (option) {
		case 'T':
			tool.time = true;
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
