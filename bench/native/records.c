/* SPDX-License-Identifier: MIT */
/*
 * Prints records as a program on libbpf does: a callback for each event, printf, standard output.
 *
 * records jsonl|columns ROUNDS  prints ROUNDS times 1,000 events of 64 bytes; nanoseconds per event
 *                               go to standard error
 * records table                 prints 100,000 entries of a map, highest count first; milliseconds
 * go to standard error
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EVENTS 1000
#define ENTRIES 100000
#define BILLION 1000000000ULL

struct event {
	uint64_t ts;
	uint64_t lat_ns;
	uint32_t pid;
	uint32_t uid;
	int32_t ret;
	uint32_t state;
	char comm[24];
	uint64_t bytes;
};

struct entry {
	uint64_t count;
	uint32_t key;
	uint32_t cpu;
};

static const char *const states[] = {"CLOSED", "OPEN", "SENT", "RECEIVED"};

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * BILLION + (uint64_t)time.tv_nsec;
}

/* Text of the second that was last printed: most events share it. */
static const char *second_text(uint64_t second, const char *format)
{
	static uint64_t known = UINT64_MAX;
	static char text[64];
	time_t seconds = (time_t)second;
	struct tm local;

	if (second != known) {
		localtime_r(&seconds, &local);
		strftime(text, sizeof(text), format, &local);
		known = second;
	}
	return text;
}

static int print_json(void *context, void *data, size_t size)
{
	const struct event *e = data;

	(void)context;
	(void)size;
	printf("{\"ts\":\"%s.%09lluZ\",\"lat_ns\":%llu,\"pid\":%u,\"uid\":%u,\"ret\":%d,"
	       "\"state\":\"%s\",\"comm\":\"%s\",\"bytes\":%llu}\n",
	       second_text(e->ts / BILLION, "%Y-%m-%dT%H:%M:%S"),
	       (unsigned long long)(e->ts % BILLION), (unsigned long long)e->lat_ns, e->pid, e->uid,
	       e->ret, states[e->state & 3], e->comm, (unsigned long long)e->bytes);
	return 0;
}

static int print_columns(void *context, void *data, size_t size)
{
	const struct event *e = data;

	(void)context;
	(void)size;
	printf("%s.%03llu %10.2fms %7u %5u %6d %-10s %-16s %10llu\n",
	       second_text(e->ts / BILLION, "%H:%M:%S"),
	       (unsigned long long)(e->ts % BILLION / 1000000), (double)e->lat_ns / 1e6, e->pid,
	       e->uid, e->ret, states[e->state & 3], e->comm, (unsigned long long)e->bytes);
	return 0;
}

static void fill(struct event *events)
{
	for (int i = 0; i < EVENTS; i++) {
		events[i].ts = (uint64_t)(i / 100) * BILLION + (uint64_t)i * 123457;
		events[i].lat_ns = (uint64_t)i * 12345;
		events[i].pid = (uint32_t)(1000 + i * 7);
		events[i].uid = (uint32_t)(i % 3);
		events[i].ret = -(i % 5);
		events[i].state = (uint32_t)(i % 4);
		snprintf(events[i].comm, sizeof(events[i].comm), "process-%d", i % 50);
		events[i].bytes = (uint64_t)i * 1234567;
	}
}

static int print_events(int (*volatile print)(void *, void *, size_t), int rounds)
{
	static struct event events[EVENTS];
	uint64_t start;

	fill(events);
	start = now();
	for (int round = 0; round < rounds; round++) {
		for (int i = 0; i < EVENTS; i++)
			print(NULL, &events[i], sizeof(events[i]));
		/* As after each poll. */
		fflush(stdout);
	}
	fprintf(stderr, "%f\n", (double)(now() - start) / rounds / EVENTS);
	return 0;
}

static int by_count(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	return a->count < b->count ? 1 : a->count > b->count ? -1 : 0;
}

static int print_table(void)
{
	static struct entry entries[ENTRIES];
	uint64_t start;

	for (uint32_t i = 0; i < ENTRIES; i++)
		entries[i] = (struct entry){(uint64_t)i * 2654435761U % 1000003, i, i % 8};
	start = now();
	qsort(entries, ENTRIES, sizeof(entries[0]), by_count);
	printf("%10s %10s %3s\n", "KEY", "COUNT", "CPU");
	for (int i = 0; i < ENTRIES; i++)
		printf("%10u %10llu %3u\n", entries[i].key, (unsigned long long)entries[i].count,
		       entries[i].cpu);
	fflush(stdout);
	fprintf(stderr, "%f\n", (double)(now() - start) / 1e6);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "jsonl") == 0)
		return print_events(print_json, atoi(argv[2]));
	if (argc == 3 && strcmp(argv[1], "columns") == 0)
		return print_events(print_columns, atoi(argv[2]));
	if (argc == 2 && strcmp(argv[1], "table") == 0)
		return print_table();
	fprintf(stderr, "usage: records jsonl|columns ROUNDS | records table\n");
	return 2;
}
