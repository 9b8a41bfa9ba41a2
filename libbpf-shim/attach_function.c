// SPDX-License-Identifier: MIT
/*
 * Gate of kprobes at an offset: the instruction has to be one of the function that is named, since
 * an offset of any size leads from an allowed function into every other.
 */
#include <stdio.h>
#include <string.h>

#include "attach_gate.h"
#include "internal.h"
#include "permissions.h"

/* Reads the next symbol of the kernel; false at the end. */
static bool read_symbol(FILE *symbols, unsigned long long *address, char name[FUNCTION_NAME_SIZE])
{
	char line[FUNCTION_NAME_SIZE + 64];

	while (fgets(line, sizeof(line), symbols)) {
		if (sscanf(line, "%llx %*c %511s", address, name) == 2)
			return true;
	}
	return false;
}

/* Returns the address of the only symbol of that name, or 0. */
static unsigned long long find_symbol(FILE *symbols, const char *wanted)
{
	unsigned long long address, found = 0;
	char name[FUNCTION_NAME_SIZE];

	while (read_symbol(symbols, &address, name)) {
		if (strcmp(name, wanted))
			continue;
		if (found && found != address)
			return 0;
		found = address;
	}
	return found;
}

/* Reports whether the instruction is before the next symbol. */
static bool is_inside(const char *function, uint64_t offset)
{
	const char *colon = strchr(function, ':');
	FILE *symbols = fopen("/proc/kallsyms", "re");
	unsigned long long start = 0, end = 0, address;
	char name[FUNCTION_NAME_SIZE];

	if (symbols)
		start = find_symbol(symbols, colon ? colon + 1 : function);
	if (start) {
		rewind(symbols);
		while (read_symbol(symbols, &address, name)) {
			if (address > start && (!end || address < end))
				end = address;
		}
	}
	if (symbols)
		fclose(symbols);
	return end && offset < end - start;
}

bool attach_gate_refuses_function(const struct shim_attach_rules *rules, const char *name,
				  uint64_t offset)
{
	const struct place place = {.kind = PLACE_KPROBE, .name = name, .called = name};

	if (attach_rules_refuse(rules, &place))
		return true;
	if (!rules || !offset || is_inside(name, offset))
		return false;
	shim_log_add("attach to kprobe:%s is refused: the offset leads out of the function\n",
		     name);
	return true;
}

int attach_gate_check_function(const char *name, uint64_t offset)
{
	if (gate_is_off(GATE_ATTACH) || !attach_in_progress)
		return 0;
	return attach_gate_refuses_function(attach_in_progress->rules, name, offset) ? -EPERM : 0;
}
