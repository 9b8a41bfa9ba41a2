// SPDX-License-Identifier: MIT
/*
 * Rules of attaching, compared with what was opened.
 *
 * A word such as "uprobe:/usr/bin/bash:readline" means the file that has this name when the run
 * starts: a guest with a folder could exchange a file or a link later. So what words allow is
 * looked up once, before the guest's first instruction; what they deny is looked up then and at
 * each attach, and counts by either.
 */
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attach_match.h"
#include "attach_names.h"
#include "attach_rules.h"
#include "internal.h"

/* Words on a command line and in policies are few; bounds work on hostile input. */
#define MAX_RULES 4096

/* ---- kinds ----------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	uint32_t kinds;
} kind_names[] = {
    {"iface", PLACE_INTERFACE},
    {"xdp", PLACE_XDP},
    {"tc", PLACE_TC},
    {"netkit", PLACE_NETKIT},
    {"socket", PLACE_SOCKET},
    {"cgroup", PLACE_CGROUP},
    {"netns", PLACE_NETNS},
    {"netfilter", PLACE_NETFILTER},
    {"perf_event", PLACE_PERF_EVENT},
    {"uprobe", PLACE_UPROBE},
    {"usdt", PLACE_USDT},
    {"tp", PLACE_TP},
    {"raw_tp", PLACE_RAW_TP},
    {"tp_btf", PLACE_TP_BTF},
    {"kprobe", PLACE_KPROBE},
    {"fentry", PLACE_FENTRY},
    {"lsm", PLACE_LSM},
    {"iter", PLACE_ITER},
    {"struct_ops", PLACE_STRUCT_OPS},
};

static uint32_t kinds_of(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof(kind_names) / sizeof(kind_names[0]); i++) {
		if (strlen(kind_names[i].name) == length &&
		    !strncmp(kind_names[i].name, name, length))
			return kind_names[i].kinds;
	}
	return 0;
}

static const char *name_of(enum place_kind kind)
{
	for (size_t i = 0; i < sizeof(kind_names) / sizeof(kind_names[0]); i++) {
		if (kind_names[i].kinds == (uint32_t)kind)
			return kind_names[i].name;
	}
	return "unknown";
}

/* ---- life ------------------------------------------------------------------------------------ */

void attach_rules_retain(struct shim_attach_rules *rules)
{
	rules->references++;
}

void attach_rules_release(struct shim_attach_rules *rules)
{
	if (!rules || --rules->references)
		return;
	free(rules->text);
	free(rules);
}

/* "GROUP+WORD" or "GROUP-WORD", a binary's symbol after a tab. */
static bool parse_line(char *line, struct attach_rule *rule)
{
	char *end, *colon;

	rule->group = (uint32_t)strtoul(line, &end, 10);
	if (end == line || (*end != '+' && *end != '-'))
		return false;
	rule->is_denied = *end == '-';
	rule->word = end + 1;
	colon = strchr(rule->word, ':');
	rule->kinds =
	    kinds_of(rule->word, colon ? (size_t)(colon - rule->word) : strlen(rule->word));
	if (!rule->kinds)
		return false;
	if (colon && is_binary(rule->kinds)) {
		char *tab = strchr(colon, '\t');

		if (tab)
			*tab = '\0';
		rule->symbol = tab ? tab + 1 : NULL;
	}
	rule->target = colon ? colon + 1 : NULL;
	return true;
}

static void find_targets(struct shim_attach_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++) {
		struct attach_rule *rule = &rules->rules[i];
		bool is_found = true;

		if (!rule->target || attach_names_is_pattern(rule->target))
			continue;
		if (rule->kinds & PLACE_INTERFACE) {
			rule->interface = if_nametoindex(rule->target);
			is_found = rule->interface;
		} else if (is_file_kind(rule->kinds)) {
			rule->file = attach_rule_look_up(rule);
			is_found = rule->file.is_known;
		}
		if (!is_found)
			shim_log_add("nothing is there yet: %s\n", rule->word);
	}
}

static void drop(void *object)
{
	attach_rules_release(object);
}

int32_t shim_attach_rules__new(const void *text, uint32_t size, uint32_t max_frequency,
			       struct shim_attach_rules **out)
{
	struct shim_attach_rules *rules;
	size_t lines = 0;
	char *line, *rest;

	for (uint32_t i = 0; i < size; i++)
		lines += ((const char *)text)[i] == '\n';
	if (lines > MAX_RULES)
		return -E2BIG;
	rules = calloc(1, sizeof(*rules) + lines * sizeof(rules->rules[0]));
	if (!rules)
		return -ENOMEM;
	rules->references = 1;
	rules->max_frequency = max_frequency;
	rules->network = attach_rules_network();
	rules->text = malloc((size_t)size + 1);
	if (!rules->text) {
		attach_rules_release(rules);
		return -ENOMEM;
	}
	memcpy(rules->text, text, size);
	rules->text[size] = '\0';
	for (rest = rules->text; (line = strsep(&rest, "\n")) && rest; rules->count++) {
		if (!parse_line(line, &rules->rules[rules->count])) {
			attach_rules_release(rules);
			return -EINVAL;
		}
	}
	find_targets(rules);
	if (shim_owned_add(rules, drop)) {
		attach_rules_release(rules);
		return -ENOMEM;
	}
	*out = rules;
	return 0;
}

void shim_attach_rules__free(struct shim_attach_rules *rules)
{
	if (!rules)
		return;
	shim_owned_remove(rules);
	attach_rules_release(rules);
}

/* ---- one place, all rules -------------------------------------------------------------------- */

/* Room for a target in a message. */
#define SHOWN_SIZE 512

/* Writes the name of the place, on one line. */
static void show(const struct place *place, char shown[SHOWN_SIZE])
{
	char name[IF_NAMESIZE];
	const char *text = place->called ? place->called : place->name;

	if (place->kind & PLACE_INTERFACE && if_indextoname(place->interface, name))
		text = name;
	snprintf(shown, SHOWN_SIZE, "%s", text ? text : "");
	for (char *at = shown; *at; at++) {
		if ((unsigned char)*at < ' ')
			*at = '?';
	}
}

static bool refuse(const struct place *place, const char *why, const struct attach_rule *rule,
		   uint32_t group)
{
	const char *word = rule ? rule->word : "";
	char shown[SHOWN_SIZE];

	show(place, shown);
	shim_log_add("attach to %s:%s is refused: %s %u %s%s%s\n", name_of(place->kind), shown, why,
		     group, word, rule && rule->symbol ? ":" : "",
		     rule && rule->symbol ? rule->symbol : "");
	return true;
}

bool attach_rules_deny(const struct shim_attach_rules *rules, const struct place *place)
{
	for (size_t i = 0; rules && i < rules->count; i++) {
		const struct attach_rule *rule = &rules->rules[i];

		if (rule->is_denied && attach_rule_matches(rules, rule, place))
			return refuse(place, "denied", rule, rule->group);
	}
	return false;
}

bool attach_rules_refuse(const struct shim_attach_rules *rules, const struct place *place)
{
	uint32_t group = 0, groups = 0;

	if (attach_rules_deny(rules, place))
		return true;
	for (size_t i = 0; rules && i < rules->count; i++) {
		const struct attach_rule *rule = &rules->rules[i];

		if (!rule->is_denied && rule->group >= groups)
			groups = rule->group + 1;
	}
	for (; group < groups; group++) {
		bool is_limited = false, is_allowed = false;

		for (size_t i = 0; i < rules->count && !is_allowed; i++) {
			const struct attach_rule *rule = &rules->rules[i];

			if (rule->is_denied || rule->group != group)
				continue;
			is_limited = true;
			is_allowed = attach_rule_matches(rules, rule, place);
		}
		if (is_limited && !is_allowed)
			return refuse(place, "not allowed", NULL, group);
	}
	return false;
}

bool attach_rules_refuse_frequency(const struct shim_attach_rules *rules, uint64_t frequency)
{
	if (!rules || !rules->max_frequency || frequency <= rules->max_frequency)
		return false;
	shim_log_add("frequency %llu is refused: at most %u\n", (unsigned long long)frequency,
		     rules->max_frequency);
	return true;
}
