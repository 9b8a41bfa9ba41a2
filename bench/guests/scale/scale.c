// SPDX-License-Identifier: MIT
/*
 * The guest of bench/scale.ts; bench/native/scale.c is its native twin. Prints figures, one a line.
 *
 *	scale object PROGRAMS  ns to load an object, to attach its programs, of an update in each of
 *	                       its maps in turn, and of a poll of each of its empty buffers in turn
 *	scale wide BYTES       ns of a lookup in a per-CPU array with values of so many bytes
 *	scale wait PROGRAM     loads an object, attaches a program, prints "ready", waits for ever
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "wasm_bpf_ext.h"
#include "scale.h"

WASM_BPF_EMBED(scale_4, "scale_4.bpf.o");
WASM_BPF_EMBED(scale_16, "scale_16.bpf.o");
WASM_BPF_EMBED(scale_64, "scale_64.bpf.o");
WASM_BPF_EMBED(wide, "wide.bpf.o");

static uint64_t object;

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* Writes a number in base 4 with so many digits after a letter. */
static const char *name_of(char letter, int number, int digits)
{
	static char name[8];

	name[0] = letter;
	name[digits + 1] = '\0';
	for (int i = digits; i > 0; i--, number /= 4)
		name[i] = (char)('0' + number % 4);
	return name;
}

static int map(const char *name)
{
	int token = wasm_bpf_map_fd_by_name(object, name);

	if (token < 0)
		exit(1);
	return token;
}

static int ignore(void *ctx, void *data, size_t size)
{
	(void)ctx, (void)data, (void)size;
	return 0;
}

static void attach_all(int programs, int digits)
{
	for (int i = 0; i < programs; i++)
		if (wasm_attach_bpf_program(object, name_of('p', i, digits), NULL))
			exit(1);
	if (wasm_attach_bpf_program(object, "other", NULL))
		exit(1);
}

static double update_each(int maps, int digits)
{
	static int tokens[256];
	double start;

	for (int i = 0; i < maps; i++)
		tokens[i] = map(name_of('m', i, digits));
	start = now_ns();
	for (unsigned int i = 0; i < OPERATIONS; i++) {
		unsigned int key = 1;
		uint64_t value = i;

		if (wasm_bpf_map_operate(tokens[i % (unsigned int)maps], WASM_BPF_MAP_UPDATE, &key,
					 &value, NULL, 0))
			exit(1);
	}
	return (now_ns() - start) / OPERATIONS;
}

static double poll_each(int buffers)
{
	static char buffer[64];
	int tokens[10];
	double start;

	for (int i = 0; i < buffers; i++) {
		char name[] = {'b', (char)('0' + i), '\0'};

		tokens[i] = map(name);
		wasm_bpf_buffer_poll(object, tokens[i], ignore, NULL, buffer, sizeof(buffer), 0);
	}
	start = now_ns();
	for (int i = 0; i < POLLS; i++)
		if (wasm_bpf_buffer_poll(object, tokens[i % buffers], ignore, NULL, buffer,
					 sizeof(buffer), 0))
			exit(1);
	return (now_ns() - start) / POLLS;
}

static void measure_object(int programs)
{
	int digits = programs == 4 ? 1 : programs == 16 ? 2 : 3;
	double start = now_ns();

	switch (programs) {
	case 4:
		object = wasm_load_bpf_object(scale_4, WASM_BPF_SIZE(scale_4));
		break;
	case 16:
		object = wasm_load_bpf_object(scale_16, WASM_BPF_SIZE(scale_16));
		break;
	case 64:
		object = wasm_load_bpf_object(scale_64, WASM_BPF_SIZE(scale_64));
		break;
	}
	if (!object)
		exit(1);
	printf("%.0f\n", now_ns() - start);
	start = now_ns();
	attach_all(programs, digits);
	printf("%.0f\n", now_ns() - start);
	printf("%.2f\n", update_each(4 * programs, digits + 1));
	printf("%.2f\n", poll_each(programs == 4 ? 2 : programs == 16 ? 5 : 10));
}

static void measure_wide(int bytes)
{
	static char values[WIDEST];
	char name[8];
	double start;
	int token;

	object = wasm_load_bpf_object(wide, WASM_BPF_SIZE(wide));
	if (!object)
		exit(1);
	snprintf(name, sizeof(name), "w%d", bytes);
	token = map(name);
	/* The first half is slower: V8 compiles what is hot. */
	for (int round = 0; round < 2; round++) {
		start = now_ns();
		for (int i = 0; i < OPERATIONS; i++) {
			unsigned int key = 0;

			if (wasm_bpf_map_operate(token, WASM_BPF_MAP_LOOKUP, &key, values, NULL, 0))
				exit(1);
		}
	}
	printf("%.2f\n", (now_ns() - start) / OPERATIONS);
}

static void wait_for_ever(const char *program)
{
	static char buffer[64];
	int token;

	object = wasm_load_bpf_object(scale_4, WASM_BPF_SIZE(scale_4));
	if (!object || wasm_attach_bpf_program(object, program, NULL))
		exit(1);
	token = map("b0");
	printf("ready\n");
	fflush(stdout);
	while (wasm_bpf_buffer_poll(object, token, ignore, NULL, buffer, sizeof(buffer), -1) >= 0)
		;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "object"))
		measure_object(atoi(argv[2]));
	else if (argc == 3 && !strcmp(argv[1], "wide"))
		measure_wide(atoi(argv[2]));
	else if (argc == 3 && !strcmp(argv[1], "wait"))
		wait_for_ever(argv[2]);
	else
		return 2;
	return 0;
}
