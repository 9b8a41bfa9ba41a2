/* SPDX-License-Identifier: MIT */
/* Rules of attaching, as they are kept. */
#ifndef LIBBPF_SHIM_ATTACH_RULE_H
#define LIBBPF_SHIM_ATTACH_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "attach_place.h"
#include "file_identity.h"

struct attach_rule {
	bool is_denied;
	/* Each group that allows anything has to allow the place. */
	uint32_t group;
	uint32_t kinds;
	/* Text of the word, for messages. */
	const char *word;
	/* NULL for every place of the kinds. */
	const char *target;
	/* Of a binary: symbol, or PROVIDER:NAME; NULL for all. */
	const char *symbol;
	/* Looked up when the rules were made. */
	struct file_identity file;
	uint32_t interface;
};

struct shim_attach_rules {
	uint32_t references;
	/* Hertz; 0 for no limit. */
	uint32_t max_frequency;
	ino_t network;
	char *text;
	size_t count;
	struct attach_rule rules[];
};

static inline bool is_binary(uint32_t kinds)
{
	return kinds & (PLACE_UPROBE | PLACE_USDT);
}

static inline bool is_file_kind(uint32_t kinds)
{
	return is_binary(kinds) || kinds & (PLACE_CGROUP | PLACE_NETNS);
}

#endif
