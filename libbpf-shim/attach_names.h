/* SPDX-License-Identifier: MIT */
/* One rule of attaching, and the names that it matches. */
#ifndef LIBBPF_SHIM_ATTACH_NAMES_H
#define LIBBPF_SHIM_ATTACH_NAMES_H

#include "attach_rule.h"

/* Reports whether a word's target is a pattern for names. */
bool attach_names_is_pattern(const char *text);

/* Reports whether a rule about places of this kind matches the name of one. */
bool attach_names_match(const struct attach_rule *rule, const struct place *place);

/*
 * Reports whether a rule that denies a hook of security modules is about a function that is nothing
 * else, such as security_file_open, or the other way round.
 */
bool attach_names_deny_hook(const struct attach_rule *rule, const struct place *place);

#endif
