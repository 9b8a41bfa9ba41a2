/* SPDX-License-Identifier: MIT */
/*
 * Helpers for command-line tools written as guests: text that is harmless to a terminal,
 * times, a table of options, a loop over events, a sleep that Ctrl-C ends, histograms.
 * With -std=c11 (rather than gnu11, the default) also -D_POSIX_C_SOURCE=200809L, for the clocks.
 */
#ifndef WASM_BPF_TOOL_H
#define WASM_BPF_TOOL_H

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bpf/libbpf.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TOOL_NS_PER_SEC 1000000000ULL
#define TOOL_NS_PER_MS 1000000ULL

/* ---- text ---------------------------------------------------------------------------------- */

/*
 * Bytes of the UTF-8 character at `s` if a terminal just shows it, 0 if it might obey it. Processes
 * choose their own names and paths, so these may hold escape sequences: in ASCII (ESC [), as
 * U+009B, or as a stray byte 0x9b.
 */
static inline size_t tool_harmless_character(const unsigned char *s)
{
	/* By length: what is below is a control character or an overlong encoding. */
	static const uint32_t least[] = {0, 0x20, 0xa0, 0x800, 0x10000};
	size_t length = s[0] < 0x80 ? 1 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	uint32_t c = s[0];

	if (length > 1)
		c = s[0] & (0x7fU >> length);
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

/**
 * @brief Prints text with what a terminal might obey as \xNN, and blanks up to `width` characters.
 * @param text ends with NUL
 */
static inline void tool_print_text(const char *text, int width)
{
	const unsigned char *s = (const unsigned char *)text;

	for (; *s; width--) {
		size_t length = tool_harmless_character(s);

		if (length) {
			fwrite(s, 1, length, stdout);
			s += length;
		} else {
			printf("\\x%02x", *s++);
			width -= 3;
		}
	}
	if (width > 0)
		printf("%*s", width, "");
}

/* ---- time ---------------------------------------------------------------------------------- */

static inline uint64_t tool_clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * TOOL_NS_PER_SEC + (uint64_t)now.tv_nsec;
}

/** @brief Prints a wall clock's time as HH:MM:SS, in the host's time zone. */
static inline void tool_print_time(uint64_t wall_ns)
{
	int64_t seconds = (int64_t)(wall_ns / TOOL_NS_PER_SEC);
	/* The offset may be negative, and the seconds count from 1970. */
	unsigned int s = (unsigned int)((seconds + wasm_bpf_local_offset(seconds) + 86400) % 86400);

	printf("%02u:%02u:%02u", s / 3600, s / 60 % 60, s % 60);
}

static inline void tool_print_now(void)
{
	tool_print_time(tool_clock_ns(CLOCK_REALTIME));
}

/**
 * @brief Sleeps. @return false when Ctrl-C, or another request to end, cut it short
 */
static inline bool tool_sleep_ms(uint64_t ms)
{
	uint64_t start = tool_clock_ns(CLOCK_MONOTONIC);
	struct timespec span;

	span.tv_sec = (time_t)(ms / 1000);
	span.tv_nsec = (long)(ms % 1000 * TOOL_NS_PER_MS);
	/* The host may end it early without an error: the clock shows it. */
	nanosleep(&span, NULL);
	return tool_clock_ns(CLOCK_MONOTONIC) - start >= ms * TOOL_NS_PER_MS;
}

/* ---- options ------------------------------------------------------------------------------- */

/**
 * @brief Reads a whole decimal number and explains errors on stderr.
 * @param what the option, for the error: "-p"
 * @return false when it is not a number, or not between `least` and `most`
 */
static inline bool tool_number(const char *what, const char *text, uint64_t least, uint64_t most,
			       uint64_t *number)
{
	const char *digit = text;

	errno = 0;
	*number = strtoull(text, NULL, 10);
	/* strtoull takes blanks, signs and what follows. */
	while (*digit >= '0' && *digit <= '9')
		digit++;
	if (*text && !*digit && !errno && *number >= least && *number <= most)
		return true;
	fprintf(stderr, "error: %s requires a number from %llu to %llu, not '%s'\n", what, least,
		most, text);
	return false;
}

/* Rows of a table, at most: bounds what tool_parse() keeps on its stack. */
#define TOOL_MAX_OPTIONS 32

/** @brief One option of a tool, or an operand, which is only described. */
struct tool_option {
	/** 'p' for -p; 0 for an operand, and for an option that has a long name alone. */
	char letter;
	/** "pid" for --pid, or NULL; of an operand "BINARY". */
	const char *name;
	/** Name of the value: "PID". NULL for an option without one. */
	const char *value;
	/** Its lines of the help. NULL leaves it out: another spelling of an option. */
	const char *help;
	/** Variable that the number is stored in, and its size in bytes. */
	void *to;
	size_t size;
	/** Bounds of the number; an option without a value stores `least`. */
	uint64_t least, most;
	/** Takes a value that is not a number; returns false after an error on stderr. */
	bool (*take)(const char *text);
};

/*
 * Rows of the table: an option that stores a constant, one with a number, one with text. The letter
 * 0 is for a long name alone.
 */
#define TOOL_FLAG(letter, name, variable, stored, help)                                            \
	{                                                                                          \
		letter, name, NULL, help, &(variable), sizeof(variable), stored, stored, NULL      \
	}
#define TOOL_NUMBER(letter, name, value, variable, least, most, help)                              \
	{                                                                                          \
		letter, name, value, help, &(variable), sizeof(variable), least, most, NULL        \
	}
#define TOOL_TEXT(letter, name, value, take, help)                                                 \
	{                                                                                          \
		letter, name, value, help, NULL, 0, 0, 0, take                                     \
	}
#define TOOL_OPERAND(name, help)                                                                   \
	{                                                                                          \
		0, name, NULL, help, NULL, 0, 0, 0, NULL                                           \
	}

/** @brief A tool's command line: getopt's tables and the help are made from it. */
struct tool_command {
	/** After "Usage: ". */
	const char *synopsis;
	/** One line or more, each with its end. */
	const char *summary;
	/** Text after the options, or NULL. */
	const char *notes;
	/** Without --help, which tool_parse() adds. */
	const struct tool_option *options;
	size_t option_count;
	int min_operands, max_operands;
};

#define TOOL_OPTIONS(table) .options = (table), .option_count = sizeof(table) / sizeof((table)[0])

static inline bool tool_is_operand(const struct tool_option *option)
{
	return !option->letter && !option->to && !option->take;
}

static inline int tool_option_left(const struct tool_option *option, char *left, size_t size)
{
	char letter[] = {'-', option->letter, ',', ' ', '\0'};

	if (tool_is_operand(option))
		return snprintf(left, size, "%s", option->name);
	return snprintf(left, size, "%s--%s%s%s", option->letter ? letter : "    ", option->name,
			option->value ? " " : "", option->value ? option->value : "");
}

static inline void tool_print_option(FILE *out, const struct tool_option *option, int width)
{
	char left[80];

	tool_option_left(option, left, sizeof(left));
	fprintf(out, "  %-*s  ", width, left);
	for (const char *at = option->help; *at; at++) {
		fputc(*at, out);
		if (*at == '\n')
			fprintf(out, "%*s", width + 4, "");
	}
	fputc('\n', out);
}

/** @brief Prints the help. @return false when writing fails */
static inline bool tool_print_help(FILE *out, const struct tool_command *command)
{
	static const struct tool_option help = TOOL_OPERAND("-h, --help", "this text");
	int width = (int)strlen(help.name);
	char left[80];

	for (size_t i = 0; i < command->option_count; i++) {
		int length = command->options[i].help
				 ? tool_option_left(&command->options[i], left, sizeof(left))
				 : 0;

		if (length > width)
			width = length;
	}
	fprintf(out, "Usage: %s\n%s\n", command->synopsis, command->summary);
	for (size_t i = 0; i < command->option_count; i++) {
		if (command->options[i].help)
			tool_print_option(out, &command->options[i], width);
	}
	tool_print_option(out, &help, width);
	if (command->notes)
		fprintf(out, "\n%s", command->notes);
	return !ferror(out);
}

static inline bool tool_take_option(const struct tool_option *option, const char *text)
{
	uint64_t number = option->least;
	char called[64];

	if (option->take)
		return option->take(text);
	snprintf(called, sizeof(called), "--%s", option->name ? option->name : "");
	if (option->value && !tool_number(called, text, option->least, option->most, &number))
		return false;
	/* WebAssembly is little-endian: the first bytes are the low ones. */
	memcpy(option->to, &number, option->size);
	return true;
}

/**
 * @brief Takes the options of a command line; `optind` is then the index of the first operand.
 * @return -1 when the tool is to run; otherwise its exit code, after help or an error: 0, 1 or 2
 */
static inline int tool_parse(const struct tool_command *command, int argc, char **argv)
{
	struct option names[TOOL_MAX_OPTIONS + 2] = {{"help", no_argument, NULL, 'h'}};
	char letters[2 * TOOL_MAX_OPTIONS + 2] = "h";
	size_t name_count = 1, letter_count = 1;
	/* Above all characters: options without a letter, by their row. */
	const int rows = 256;
	int letter;

	for (size_t i = 0; i < command->option_count && i < TOOL_MAX_OPTIONS; i++) {
		const struct tool_option *option = &command->options[i];

		if (tool_is_operand(option))
			continue;
		if (option->letter) {
			letters[letter_count++] = option->letter;
			if (option->value)
				letters[letter_count++] = ':';
		}
		if (option->name) {
			names[name_count].name = option->name;
			names[name_count].has_arg = option->value ? required_argument : no_argument;
			names[name_count++].val = option->letter ? option->letter : rows + (int)i;
		}
	}
	while ((letter = getopt_long(argc, argv, letters, names, NULL)) != -1) {
		size_t i = 0;

		if (letter == 'h')
			return tool_print_help(stdout, command) ? 0 : 1;
		if (letter >= rows)
			i = (size_t)(letter - rows);
		else
			while (i < command->option_count && command->options[i].letter != letter)
				i++;
		if (i == command->option_count)
			return tool_print_help(stderr, command), 2;
		if (!tool_take_option(&command->options[i], optarg))
			return 2;
	}
	if (argc - optind >= command->min_operands && argc - optind <= command->max_operands)
		return -1;
	tool_print_help(stderr, command);
	return 2;
}

/* ---- output -------------------------------------------------------------------------------- */

/**
 * @brief Ends a batch of output: to be called after each poll. A terminal gets lines as they come,
 * a pipe or file a batch at a time.
 * @return false when writing fails; the error is on stderr. When the reader of a pipe
 *         has gone (`| head`), the host ends the guest instead
 */
static inline bool tool_flush(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return true;
	fputs("error: Cannot write the output\n", stderr);
	return false;
}

/* ---- the usual loop ------------------------------------------------------------------------ */

/* Wait of a poll in milliseconds; events end it, so that batches of output are not delayed. */
#define TOOL_POLL_MS 100

/**
 * @brief Hands the events of a ring buffer to a callback until Ctrl-C, and flushes after each
 * batch.
 * @param map its name
 * @param duration_ns ends after that time as well; 0 never
 * @return the tool's exit code: 0 after Ctrl-C or the duration, 1 otherwise
 */
static inline int tool_poll_ring(const struct bpf_object *object, const char *map,
				 ring_buffer_sample_fn handle_event, void *ctx,
				 uint64_t duration_ns)
{
	struct ring_buffer *ring =
	    ring_buffer__new(bpf_object__find_map_fd_by_name(object, map), handle_event, ctx, NULL);
	uint64_t start = tool_clock_ns(CLOCK_MONOTONIC);
	int n = 0;

	if (!ring)
		return 1;
	while (n >= 0 && tool_flush()) {
		if (duration_ns && tool_clock_ns(CLOCK_MONOTONIC) - start >= duration_ns)
			break;
		n = ring_buffer__poll(ring, TOOL_POLL_MS);
	}
	ring_buffer__free(ring);
	if (n < 0 && n != -EINTR)
		fprintf(stderr, "error: Cannot read events: %s\n", strerror(-n));
	return (n >= 0 || n == -EINTR) && !ferror(stdout) && tool_flush() ? 0 : 1;
}

/**
 * @brief Prints the number of lost events on stderr, and with `verbose` of those shown: the eBPF
 * half counts the lost ones in its variable `lost`, an unsigned long long.
 */
static inline void tool_report(const struct bpf_object *object, uint64_t shown, bool verbose)
{
	unsigned long long lost = 0;

	bpf_object__get_variable(object, "lost", &lost, sizeof(lost));
	if (verbose)
		fprintf(stderr, "%llu shown, %llu lost\n", (unsigned long long)shown, lost);
	else if (lost)
		fprintf(stderr, "warning: %llu events lost, the ring buffer was full\n", lost);
}

/** @brief A tool that prints the events of its ring buffer `events`. */
struct tool_tracer {
	/** The eBPF half, as WASM_BPF_EMBED() has it. */
	const unsigned char *bytes;
	size_t size;
	/** Value of its variable `config`; NULL for a half without one. */
	const void *config;
	size_t config_size;
	/** NULL attaches every program to what its section names. */
	bool (*attach)(const struct bpf_object *object);
	/** Called when all is attached. */
	void (*print_header)(void);
	ring_buffer_sample_fn handle_event;
	/** 0 goes on until Ctrl-C. */
	uint64_t duration_ns;
	/** Events that were printed, for tool_report(). */
	const unsigned long long *shown;
	bool verbose;
	/**
	 * Source of the events as records, which the host shows when -o, --filter or others request
	 * it: its name, members as text (see docs/records.md) and size of a record. NULL without.
	 */
	const char *records;
	const char *members;
	size_t record_size;
};

/** @brief Members of a tracer for an embedded half, and for the fields `shown` and `verbose` of
 * `tool`. */
#define TOOL_TRACES(half, tool)                                                                    \
	.bytes = (half), .size = WASM_BPF_SIZE(half), .shown = &(tool).shown,                      \
	.verbose = (tool).verbose

/** @brief Members of a tracer for the field `config` of `tool`. */
#define TOOL_CONFIG(tool) .config = &(tool).config, .config_size = sizeof((tool).config)

/** @brief Members of a tracer for events of a type that are records of a source. */
#define TOOL_RECORDS(source, text, type)                                                           \
	.records = (source), .members = (text), .record_size = sizeof(type)

/** @brief Events that go to the host as they are. */
struct tool_records {
	int32_t id;
	size_t size;
	unsigned long long shown;
};

static inline int tool_write_record(void *ctx, void *data, size_t size)
{
	struct tool_records *records = (struct tool_records *)ctx;

	if (size < records->size)
		return -EINVAL;
	records->shown++;
	return wasm_bpf_records_write(records->id, data, (int32_t)records->size) < 0 ? -EIO : 0;
}

/**
 * @brief Loads, configures and attaches the eBPF half, prints events until Ctrl-C and reports lost
 * ones. The host reports failures of the first three on stderr.
 * @return the tool's exit code
 */
static inline int tool_trace(const struct tool_tracer *tracer)
{
	struct bpf_object *object = bpf_object__open_mem(tracer->bytes, tracer->size, NULL);
	struct tool_records records = {0, tracer->record_size, 0};
	int exit_code = 1;

	if (!object)
		return 1;
	if ((tracer->config &&
	     bpf_object__set_variable(object, "config", tracer->config, tracer->config_size)) ||
	    bpf_object__load(object) ||
	    (tracer->attach ? !tracer->attach(object) : bpf_object__attach(object)))
		goto out_close;
	if (tracer->records)
		records.id = wasm_bpf_records_open(tracer->records, tracer->members, NULL, 0, 0);
	/* The host has reported why. */
	if (records.id < 0)
		goto out_close;
	if (!records.id)
		tracer->print_header();
	exit_code =
	    tool_poll_ring(object, "events", records.id ? tool_write_record : tracer->handle_event,
			   records.id ? &records : NULL, tracer->duration_ns);
	tool_report(object, records.id ? records.shown : *tracer->shown, tracer->verbose);
out_close:
	bpf_object__close(object);
	return exit_code;
}

/* ---- histograms ---------------------------------------------------------------------------- */

/** @brief Prints a histogram whose slot N counts values from 2^N to 2^(N+1) - 1, the first also 0.
 */
static inline void tool_print_log2(const uint32_t *slots, int count, const char *unit)
{
	static const char stars[] = "****************************************";
	uint64_t most = 0;
	int last = -1;

	for (int i = 0; i < count; i++) {
		if (slots[i])
			last = i;
		if (slots[i] > most)
			most = slots[i];
	}
	if (last < 0)
		return;
	printf("%15s%-14s: count     distribution\n", "", unit);
	for (int i = 0; i <= last; i++) {
		uint64_t low = i ? 1ULL << i : 0, high = (2ULL << i) - 1;
		int length = (int)(slots[i] * (sizeof(stars) - 1) / most);

		printf("%14llu -> %-11llu: %-9u|%-40.*s|\n", low, high, slots[i], length, stars);
	}
}

#ifdef __cplusplus
}
#endif

#endif /* WASM_BPF_TOOL_H */
