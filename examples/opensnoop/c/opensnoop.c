/* SPDX-License-Identifier: MIT */
/* Guest half: prints every file that is opened until Ctrl-C. */
#include <getopt.h>

#include "wasm_bpf_tool.h"
#include "opensnoop.h"

#define MAX_PID 0x7fffffff

WASM_BPF_EMBED(opensnoop_bpf, "opensnoop.bpf.o");

static struct {
	struct config config;
	bool time, uid, flags, verbose;
	unsigned long long duration_ns, shown;
} tool = {.config = {.uid = ANY_UID}};

static const char usage[] =
    "Usage: opensnoop [-T] [-U] [-e] [-x] [-p PID] [-t TID] [-u UID] [-n NAME] [-d S] [-v]\n"
    "Prints every file that is opened, and how that ended.\n"
    "\n"
    "  -T, --timestamp        when, in local time\n"
    "  -U, --print-uid        whose process it is\n"
    "  -e, --extended-fields  the flags, in octal\n"
    "  -x, --failed           only what failed\n"
    "  -p, --pid PID          only this process\n"
    "  -t, --tid TID          only this thread\n"
    "  -u, --uid UID          only this user's\n"
    "  -n, --name NAME        only processes whose name begins like that\n"
    "  -d, --duration S       ends after that many seconds\n"
    "  -v, --verbose          counts at the end, to stderr\n"
    "  -h, --help             this text\n";

static const struct option options[] = {
    {"timestamp", no_argument, NULL, 'T'},
    {"print-uid", no_argument, NULL, 'U'},
    {"extended-fields", no_argument, NULL, 'e'},
    {"failed", no_argument, NULL, 'x'},
    {"pid", required_argument, NULL, 'p'},
    {"tid", required_argument, NULL, 't'},
    {"uid", required_argument, NULL, 'u'},
    {"name", required_argument, NULL, 'n'},
    {"duration", required_argument, NULL, 'd'},
    {"verbose", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static void print_header(void)
{
	if (tool.time)
		fputs("TIME     ", stdout);
	if (tool.uid)
		fputs("UID     ", stdout);
	printf("%-7s %-16s %3s %3s ", "PID", "COMM", "FD", "ERR");
	if (tool.flags)
		fputs("FLAGS    ", stdout);
	puts("PATH");
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
	if (tool.uid)
		printf("%-7u ", e->uid);
	printf("%-7u ", e->pid);
	tool_print_text(e->comm, COMM_LEN);
	printf(" %3d %3d ", e->result < 0 ? -1 : e->result, e->result < 0 ? -e->result : 0);
	if (tool.flags)
		printf("%08o ", (unsigned int)e->flags);
	tool_print_text(e->path, 0);
	putchar('\n');
	return 0;
}

/* The host has already reported failures on stderr. */
static int trace(void)
{
	struct bpf_object *object =
	    bpf_object__open_mem(opensnoop_bpf, WASM_BPF_SIZE(opensnoop_bpf), NULL);
	int exit_code = 1;

	if (!object)
		return 1;
	/* The host opens files for the tool itself; --pid with its number shows them. */
	if (!tool.config.pid)
		tool.config.self = (unsigned int)wasm_bpf_host_pid();
	if (bpf_object__set_variable(object, "config", &tool.config, sizeof(tool.config)) ||
	    bpf_object__load(object) || bpf_object__attach(object))
		goto out_close;
	print_header();
	exit_code = tool_poll_ring(object, "events", handle_event, NULL, tool.duration_ns);
	tool_report(object, tool.shown, tool.verbose);
out_close:
	bpf_object__close(object);
	return exit_code;
}

/* ---- options --------------------------------------------------------------------------------- */

static bool set_name(const char *name)
{
	size_t length = strlen(name);

	if (!length || length >= COMM_LEN) {
		fprintf(stderr, "error: --name wants 1 to %d characters\n", COMM_LEN - 1);
		return false;
	}
	memcpy(tool.config.name, name, length);
	tool.config.name_length = (unsigned int)length;
	return true;
}

static bool take_number(int option, const char *text)
{
	uint64_t number;

	if (option == 'u') {
		if (!tool_number("--uid", text, 0, ANY_UID - 1, &number))
			return false;
		tool.config.uid = (unsigned int)number;
	} else if (option == 'd') {
		if (!tool_number("--duration", text, 1, 1000000000, &number))
			return false;
		tool.duration_ns = number * TOOL_NS_PER_SEC;
	} else {
		if (!tool_number(option == 'p' ? "--pid" : "--tid", text, 1, MAX_PID, &number))
			return false;
		*(option == 'p' ? &tool.config.pid : &tool.config.thread) = (unsigned int)number;
	}
	return true;
}

static int wrong_usage(void)
{
	fputs(usage, stderr);
	return 2;
}

int main(int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "TUexp:t:u:n:d:vh", options, NULL)) != -1) {
		switch (option) {
		case 'T':
			tool.time = true;
			break;
		case 'U':
			tool.uid = true;
			break;
		case 'e':
			tool.flags = true;
			break;
		case 'x':
			tool.config.only_failed = 1;
			break;
		case 'n':
			if (!set_name(optarg))
				return 2;
			break;
		case 'p':
		case 't':
		case 'u':
		case 'd':
			if (!take_number(option, optarg))
				return 2;
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
	return optind < argc ? wrong_usage() : trace();
}
