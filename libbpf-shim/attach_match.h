/* SPDX-License-Identifier: MIT */
/* One rule of attaching, and the places that it matches. */
#ifndef LIBBPF_SHIM_ATTACH_MATCH_H
#define LIBBPF_SHIM_ATTACH_MATCH_H

#include "attach_rule.h"

/* The file that the rule's target names now. */
struct file_identity attach_rule_look_up(const struct attach_rule *rule);

/* Number of this thread's network namespace; 0 if it cannot be read. */
ino_t attach_rules_network(void);

/* Reports whether a place is among those that the rule's word is about. */
bool attach_rule_matches(const struct shim_attach_rules *rules, const struct attach_rule *rule,
			 const struct place *place);

#endif
