// SPDX-License-Identifier: MIT
/* Compares one rule of attaching with a place that has a name: function, tracepoint, hook,
 * structure. */
#include <fnmatch.h>
#include <string.h>

#include "attach_names.h"
#include "tracefs.h"

bool attach_names_is_pattern(const char *text)
{
	return strpbrk(text, "*?[") != NULL;
}

/* Prefixes of the functions that are system calls, so that "openat" names all of them. */
static const char *without_call_prefix(const char *name)
{
	static const char *const prefixes[] = {
	    "__x64_sys_", "__arm64_sys_", "__ia32_sys_", "__ia32_compat_sys_",
	    "__se_sys_",  "__do_sys_",	  "ksys_",
	};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		if (!strncmp(name, prefixes[i], strlen(prefixes[i])))
			return name + strlen(prefixes[i]);
	}
	return NULL;
}

/* The kernel takes functions of modules with and without "MODULE:". */
static const char *without_module(const char *name)
{
	const char *colon = strchr(name, ':');

	return colon ? colon + 1 : name;
}

/*
 * Reports whether a word allows a pattern of functions: the kernel's list of them is looked at
 * later. A word with a star at its end allows what starts with the rest of it.
 */
static bool allows_pattern(const char *target, const char *pattern)
{
	const size_t length = strlen(target);

	if (!strcmp(target, pattern))
		return true;
	return length && target[length - 1] == '*' && strcspn(target, "*?[") == length - 1 &&
	       !strncmp(target, pattern, length - 1);
}

static bool matches_function(const char *target, const char *name, bool is_denied)
{
	const char *call, *wanted;

	if (is_denied) {
		target = without_module(target);
		name = without_module(name);
	}
	if (!is_denied && attach_names_is_pattern(name))
		return allows_pattern(target, name);
	call = without_call_prefix(name);
	wanted = without_call_prefix(target);
	if (!fnmatch(target, name, 0))
		return true;
	if (is_denied && attach_names_is_pattern(name) && !fnmatch(name, target, 0))
		return true;
	return call && wanted && !strncmp(target, "__x64_sys_", 10) && !fnmatch(wanted, call, 0);
}

/* The name of a hook of security modules in that of a function that is nothing else, or NULL. */
static const char *hook_of(const char *function)
{
	static const char *const prefixes[] = {"security_", "bpf_lsm_"};

	for (size_t i = 0; function && i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		if (!strncmp(function, prefixes[i], strlen(prefixes[i])))
			return function + strlen(prefixes[i]);
	}
	return NULL;
}

bool attach_names_deny_hook(const struct attach_rule *rule, const struct place *place)
{
	const char *all = rule->target ? rule->target : "*";
	const char *target = rule->kinds & PLACE_LSM ? all : hook_of(rule->target);
	const char *name = place->kind == PLACE_LSM ? place->name : hook_of(place->name);

	return target && name && !fnmatch(target, name, 0);
}

/* "tcp" is tcp_congestion_ops, "sched_ext" sched_ext_ops. */
static bool matches_structure(const char *target, const char *name)
{
	const size_t length = strlen(target);

	return !fnmatch(target, name, 0) || (!strncmp(name, target, length) && name[length] == '_');
}

static bool matches_path_of_tracepoint(const char *path, void *target)
{
	return !fnmatch(target, path, 0);
}

/* Tracepoints by another mechanism have the same name, without the category. */
static bool matches_tracepoint(const struct attach_rule *rule, const struct place *place)
{
	const char *slash = place->kind == PLACE_TP ? strchr(place->name, '/') : NULL;

	if (rule->kinds & place->kind)
		return !fnmatch(rule->target, place->name, 0);
	if (!rule->is_denied)
		return false;
	if (slash)
		return !fnmatch(rule->target, slash + 1, 0);
	if (rule->kinds == PLACE_TP)
		return attach_visit_tracepoints(place->name, -1, matches_path_of_tracepoint,
						(void *)rule->target);
	return !fnmatch(rule->target, place->name, 0);
}

bool attach_names_match(const struct attach_rule *rule, const struct place *place)
{
	if (!place->name)
		return rule->is_denied;
	switch (place->kind) {
	case PLACE_TP:
	case PLACE_RAW_TP:
	case PLACE_TP_BTF:
		return matches_tracepoint(rule, place);
	case PLACE_KPROBE:
	case PLACE_FENTRY:
		return matches_function(rule->target, place->name, rule->is_denied);
	case PLACE_STRUCT_OPS:
		return matches_structure(rule->target, place->name);
	default:
		return !fnmatch(rule->target, place->name, 0);
	}
}
