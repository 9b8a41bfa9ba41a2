/* SPDX-License-Identifier: MIT */
/* Guest half: loads the eBPF half, prints its events as lines until Ctrl-C. */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "wasm_bpf.h"
#ifndef BOOTSTRAP_UTC
#include "wasm_bpf_ext.h"
#endif
#include "bootstrap.h"

#define POLL_MS 100
#define NS_PER_SEC 1000000000ULL
#define NS_PER_MS 1000000ULL

WASM_BPF_EMBED(bootstrap_bpf, "bootstrap.bpf.o");

struct tracer {
	struct wasm_bpf_object object;
	unsigned long long min_duration_ms;
	bool verbose;
	unsigned long long execs, exits;
	bool output_closed;
	int records; /* id of the source, if the user requested records */
	/* Wall clock minus the kernel's time since boot; set by the first event. */
	unsigned long long boot_time_ns;
};

static const char usage[] =
    "Usage: bootstrap [-d MS] [-v] [-h]\n"
    "Prints every process that starts a program and every one that ends.\n"
    "\n"
    "  -d MS  only the ends of processes that lasted at least MS milliseconds\n"
    "  -v     print the settings first and counts at the end, to stderr\n"
    "  -h     this text, and so does --help\n";

/* ---- printing ------------------------------------------------------------------------------ */

/*
 * Returns the length of the UTF-8 character at @s if a terminal only shows it, 0 if it may be a
 * control character. Every process chooses its own name, so a name may hold escape sequences: in
 * ASCII (ESC [), as U+009B, or as a stray byte 0x9b.
 */
static size_t harmless_character(const unsigned char *s)
{
	/* Indexed by length: smaller values are control characters or overlong encodings. */
	static const uint32_t least[] = {0, 0x20, 0xa0, 0x800, 0x10000};
	size_t length = s[0] < 0x80 ? 1 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	uint32_t c = s[0];

	if (length > 1)
		c = s[0] & (0x7f >> length);
	for (size_t i = 1; i < length; i++) {
		/* The string's NUL is not a continuation byte, so this never reads past it. */
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (s[0] >> 6 == 2 || s[0] >= 0xf8 || c < least[length] || c == 0x7f || c > 0x10ffff)
		return 0;
	return length;
}

/* Copies @text with control characters as \xNN. @out holds 4 bytes for each, and a NUL. */
static const char *printable(const char *text, char *out)
{
	const unsigned char *s = (const unsigned char *)text;
	char *end = out;

	while (*s) {
		size_t length = harmless_character(s);

		if (length) {
			memcpy(end, s, length);
			end += length;
			s += length;
		} else {
			end += sprintf(end, "\\x%02x", *s++);
		}
	}
	*end = '\0';
	return out;
}

/*
 * Returns the seconds that local time is ahead of UTC. wasi-libc has no time zones; -DBOOTSTRAP_UTC
 * builds a module that imports nothing beyond `wasm_bpf`, for other runtimes of that interface.
 */
static int64_t local_offset(int64_t utc)
{
#ifdef BOOTSTRAP_UTC
	(void)utc;
	return 0;
#else
	return wasm_bpf_local_offset(utc);
#endif
}

/*
 * Prints the event's time by the wall clock, as HH:MM:SS in the host's time zone. The kernel counts
 * since boot. Events arrive slightly late, never early, so the smallest difference seen between the
 * two clocks is the best one.
 */
static void print_time(struct tracer *tracer, unsigned long long time_ns)
{
	struct timespec now;
	unsigned long long boot_time, s;

	clock_gettime(CLOCK_REALTIME, &now);
	boot_time =
	    (unsigned long long)now.tv_sec * NS_PER_SEC + (unsigned long)now.tv_nsec - time_ns;
	if (!tracer->boot_time_ns || boot_time < tracer->boot_time_ns)
		tracer->boot_time_ns = boot_time;

	s = (tracer->boot_time_ns + time_ns) / NS_PER_SEC;
	s = (s + (unsigned long long)local_offset((int64_t)s)) % 86400;
	printf("%02u:%02u:%02u ", (unsigned)(s / 3600), (unsigned)(s / 60 % 60),
	       (unsigned)(s % 60));
}

/*
 * Opens a source of records. Returns its id, 0 if the user requested none (-o, --filter and
 * others), or a negative error that the host has reported.
 */
static int open_records(void)
{
#ifdef BOOTSTRAP_UTC
	return 0;
#else
	return wasm_bpf_records_open(
	    "processes",
	    "u64 time @time(boot); u64 duration_ns; u32 kind @enum(EXEC,EXIT); "
	    "u32 pid; u32 ppid; u32 wait_status; char comm[16]; "
	    "char filename[128]",
	    NULL, 0, 0);
#endif
}

static int write_record(int records, const struct event *e)
{
#ifdef BOOTSTRAP_UTC
	(void)records;
	(void)e;
	return -WASM_BPF_EIO;
#else
	return wasm_bpf_records_write(records, e, sizeof(*e)) < 0 ? -WASM_BPF_EIO : 0;
#endif
}

static void print_exit(const struct event *e)
{
	unsigned int signal = e->wait_status & 0x7f;

	if (signal)
		printf("[signal %u]", signal);
	else
		printf("[%u]", e->wait_status >> 8 & 0xff);
	if (e->duration_ns)
		printf(" (%llums)", e->duration_ns / NS_PER_MS);
	putchar('\n');
}

static int handle_event(void *ctx, void *data, size_t size)
{
	char comm[4 * COMM_LEN + 1], filename[4 * FILENAME_LEN + 1];
	struct tracer *tracer = ctx;
	const struct event *e = data;

	if (size < sizeof(*e))
		return -WASM_BPF_EINVAL;
	if (tracer->records) {
		*(e->kind == EVENT_EXEC ? &tracer->execs : &tracer->exits) += 1;
		return write_record(tracer->records, e);
	}

	print_time(tracer, e->time_ns);
	printf("%-5s %-16s %-7u %-7u ", e->kind == EVENT_EXEC ? "EXEC" : "EXIT",
	       printable(e->comm, comm), e->pid, e->ppid);
	if (e->kind == EVENT_EXEC) {
		tracer->execs++;
		puts(printable(e->filename, filename));
	} else {
		tracer->exits++;
		print_exit(e);
	}
	/* A closed reader (| head) ends the trace without an error. */
	if (ferror(stdout)) {
		tracer->output_closed = errno == EPIPE;
		return -WASM_BPF_EIO;
	}
	return 0;
}

/* ---- the eBPF half --------------------------------------------------------------------------- */

/* Called between load and attach: the programs read it at the first event. */
static int configure(const struct tracer *tracer)
{
	struct config config = {.min_duration_ns = tracer->min_duration_ms * NS_PER_MS};
	struct wasm_bpf_map map;
	uint32_t zero = 0;

	if (wasm_bpf_object__find_map(tracer->object, "config", &map))
		return -1;
	return wasm_bpf_map__update(map, &zero, &config, WASM_BPF_ANY);
}

static void report(const struct tracer *tracer)
{
	struct stats stats = {0};
	struct wasm_bpf_map map;
	uint32_t zero = 0;

	if (!wasm_bpf_object__find_map(tracer->object, "stats", &map))
		wasm_bpf_map__lookup(map, &zero, &stats);
	if (tracer->verbose)
		fprintf(stderr, "%llu EXEC, %llu EXIT, %llu lost\n", tracer->execs, tracer->exits,
			stats.lost);
	else if (stats.lost)
		fprintf(stderr, "warning: %llu events lost, the ring buffer was full\n",
			stats.lost);
}

static int poll_until_interrupted(struct tracer *tracer)
{
	struct event event;
	struct wasm_bpf_events events = {
	    .object = tracer->object,
	    .handle_event = handle_event,
	    .ctx = tracer,
	    .buffer = &event,
	    .buffer_size = sizeof(event),
	};
	int n;

	if (wasm_bpf_object__find_map(tracer->object, "rb", &events.map))
		return 1;
	do
		n = wasm_bpf_events__poll(&events, POLL_MS);
	while (n >= 0);

	if (n == -WASM_BPF_EINTR || tracer->output_closed)
		return 0;
	fprintf(stderr, "bootstrap: cannot read events: error %d\n", -n);
	return 1;
}

/* The host has already reported why a load or an attach failed. */
static int trace(struct tracer *tracer)
{
	int exit_code = 1;

	if (wasm_bpf_object__load(&tracer->object, bootstrap_bpf, WASM_BPF_SIZE(bootstrap_bpf)))
		return 1;
	if (configure(tracer) || wasm_bpf_object__attach(tracer->object, "handle_exec") ||
	    wasm_bpf_object__attach(tracer->object, "handle_exit"))
		goto out_close;

	tracer->records = open_records();
	if (tracer->records < 0)
		goto out_close;
	if (!tracer->records &&
	    puts("TIME     EVENT COMM             PID     PPID    FILENAME/EXIT CODE") < 0) {
		fputs("bootstrap: cannot write the output\n", stderr);
		goto out_close;
	}
	exit_code = poll_until_interrupted(tracer);
	report(tracer);
out_close:
	wasm_bpf_object__close(tracer->object);
	return exit_code;
}

/* ---- options --------------------------------------------------------------------------------- */

static bool parse_ms(const char *text, unsigned long long *ms)
{
	char *end;

	errno = 0;
	*ms = strtoull(text, &end, 10);
	/* strtoull accepts signs and blanks; nanoseconds must fit 64 bits. */
	if (isdigit((unsigned char)text[0]) && !*end && !errno && *ms <= ~0ULL / NS_PER_MS)
		return true;
	fprintf(stderr, "bootstrap: -d wants whole milliseconds, not '%s'\n", text);
	return false;
}

static int wrong_usage(void)
{
	fputs(usage, stderr);
	return 2;
}

int main(int argc, char **argv)
{
	struct tracer tracer = {0};
	int option;

	if (argc == 2 && !strcmp(argv[1], "--help"))
		return fputs(usage, stdout) < 0;
	while ((option = getopt(argc, argv, "d:vh")) != -1) {
		if (option == 'h')
			return fputs(usage, stdout) < 0;
		if (option == 'v')
			tracer.verbose = true;
		else if (option != 'd' || !parse_ms(optarg, &tracer.min_duration_ms))
			return wrong_usage();
	}
	if (optind < argc)
		return wrong_usage();
	if (tracer.verbose)
		fprintf(stderr, "eBPF object: %zu bytes; minimum duration: %llu ms\n",
			WASM_BPF_SIZE(bootstrap_bpf), tracer.min_duration_ms);

	/* stdout is fully buffered on a pipe by default; print each event when it happens. */
	setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	return trace(&tracer);
}
