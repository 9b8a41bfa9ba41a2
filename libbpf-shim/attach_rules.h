/* SPDX-License-Identifier: MIT */
/*
 * Rules of attaching: to which places a run's programs may go. The words of users are parsed in
 * ebpf/permissions/; here a rule is compared with what was opened, not with what it was called.
 */
#ifndef LIBBPF_SHIM_ATTACH_RULES_H
#define LIBBPF_SHIM_ATTACH_RULES_H

#include "attach_place.h"

struct shim_attach_rules;

/* One reference more. */
void attach_rules_retain(struct shim_attach_rules *rules);

/* One reference less; accepts NULL. */
void attach_rules_release(struct shim_attach_rules *rules);

/*
 * Reports whether the rules refuse a place, and logs which rule does:
 * "attach to KIND:TARGET is refused: RULE". Without rules nothing is refused.
 */
bool attach_rules_refuse(const struct shim_attach_rules *rules, const struct place *place);

/* Like attach_rules_refuse(), by the rules that deny alone. */
bool attach_rules_deny(const struct shim_attach_rules *rules, const struct place *place);

/* Reports whether the rules refuse the frequency of a perf event, in hertz. */
bool attach_rules_refuse_frequency(const struct shim_attach_rules *rules, uint64_t frequency);

#endif
