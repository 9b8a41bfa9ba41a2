/* SPDX-License-Identifier: MIT */
/* One rule of attaching, and what it matches. */
#ifndef LIBBPF_SHIM_ATTACH_MATCH_H
#define LIBBPF_SHIM_ATTACH_MATCH_H

#include "attach_place.h"
#include "file_identity.h"

struct shim_attach_rules;

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

/* Reports whether a word's target is a pattern for names. */
bool attach_rule_has_pattern(const char *text);

/* The file that the rule's target names now. */
struct file_identity attach_rule_look_up(const struct attach_rule *rule);

/* Number of this thread's network namespace; 0 if it cannot be read. */
ino_t attach_rules_network(void);

/* Reports whether a place is among those that the rule's word is about. */
bool attach_rule_matches(const struct shim_attach_rules *rules, const struct attach_rule *rule,
			 const struct place *place);

/* Reports whether a rule about places of this kind matches the name of one. */
bool attach_names_match(const struct attach_rule *rule, const struct place *place);

/*
 * Reports whether a rule that denies a hook of security modules is about a function that is nothing
 * else, such as security_file_open, or the other way round.
 */
bool attach_names_deny_hook(const struct attach_rule *rule, const struct place *place);

#endif
