// SPDX-License-Identifier: MIT
/* Compares one rule of attaching with a place, by what was opened. */
#include <fcntl.h>
#include <fnmatch.h>
#include <linux/magic.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "attach_match.h"
#include "attach_names.h"
#include "internal.h"
#include "probe.h"

/* Cgroups nest at most as deep as their paths are long; bounds the way up. */
#define MAX_CGROUP_DEPTH 256

/* ---- what words name
 * ------------------------------------------------------------------------------ */

static int open_target(const struct attach_rule *rule)
{
	char resolved[SHIM_PATH_SIZE];
	int fd = -ENOENT;

	if (rule->kinds & PLACE_CGROUP)
		return shim_path_open_cgroup(rule->target);
	if (rule->kinds & PLACE_NETNS)
		return shim_path_open_netns(rule->target);
	if (is_binary(rule->kinds) && shim_path_open_binary(rule->target, resolved, &fd))
		return -ENOENT;
	return fd;
}

struct file_identity attach_rule_look_up(const struct attach_rule *rule)
{
	struct file_identity identity = {0};
	int fd;

	if (!rule->target || !is_file_kind(rule->kinds) || attach_names_is_pattern(rule->target))
		return identity;
	fd = open_target(rule);
	/* Errors about the guest's own target are kept apart from those of words. */
	shim_probe_refuse(SHIM_REFUSED_NOTHING, 0);
	if (fd < 0)
		return identity;
	identity = file_identify(fd, is_binary(rule->kinds));
	close(fd);
	return identity;
}

ino_t attach_rules_network(void)
{
	struct stat status;

	return stat("/proc/thread-self/ns/net", &status) ? 0 : status.st_ino;
}

/* ---- interfaces, cgroups, network namespaces ------------------------------------------------- */

static bool matches_interface(const struct shim_attach_rules *rules, const struct attach_rule *rule,
			      const struct place *place)
{
	char name[IF_NAMESIZE];

	/* A number of another network namespace means another interface. */
	if (attach_rules_network() != rules->network && !rule->is_denied)
		return false;
	if (attach_names_is_pattern(rule->target))
		return if_indextoname(place->interface, name) && !fnmatch(rule->target, name, 0);
	if (rule->interface && rule->interface == place->interface)
		return true;
	/* An interface that was not there yet; what is denied counts by its name of now, too. */
	return (!rule->interface || rule->is_denied) &&
	       if_nametoindex(rule->target) == place->interface;
}

/* Reports whether the cgroup at `fd`, or one above it, is `wanted`. */
static bool is_below(int fd, const struct file_identity *wanted)
{
	int at = openat(fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (int depth = 0; at >= 0 && depth < MAX_CGROUP_DEPTH; depth++) {
		const struct file_identity identity = file_identify(at, false);
		struct statfs system;
		int above;

		if (fstatfs(at, &system) || (uint32_t)system.f_type != CGROUP2_SUPER_MAGIC)
			break;
		if (file_is_same(&identity, wanted)) {
			close(at);
			return true;
		}
		above = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		close(at);
		at = above;
	}
	if (at >= 0)
		close(at);
	return false;
}

/* A program judges the processes of a cgroup and of all below it. */
static bool matches_cgroup(const struct attach_rule *rule, const struct place *place)
{
	struct file_identity opened;
	int fd;
	bool is_above;

	if (rule->file.is_known && is_below(place->fd, &rule->file))
		return true;
	if (!rule->is_denied)
		return false;
	fd = shim_path_open_cgroup(rule->target);
	if (fd < 0)
		return false;
	opened = file_identify(place->fd, false);
	is_above = is_below(fd, &opened);
	if (!is_above) {
		opened = file_identify(fd, false);
		is_above = is_below(place->fd, &opened);
	}
	close(fd);
	return is_above;
}

static bool matches_network(const struct attach_rule *rule, const struct place *place)
{
	const struct file_identity opened = file_identify(place->fd, false);
	struct file_identity now;

	if (file_is_same(&opened, &rule->file))
		return true;
	now = rule->is_denied ? attach_rule_look_up(rule) : (struct file_identity){0};
	return file_is_same(&opened, &now);
}

/* ---- binaries -------------------------------------------------------------------------------- */

static bool matches_path(const struct attach_rule *rule, const struct place *place)
{
	char link[64], path[4096];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/thread-self/fd/%d", place->fd);
	length = readlink(link, path, sizeof(path) - 1);
	if (length <= 0)
		return false;
	path[length] = '\0';
	return !fnmatch(rule->target, path, 0);
}

static bool matches_binary(const struct attach_rule *rule, const struct place *place)
{
	struct file_identity opened, now;

	if (attach_names_is_pattern(rule->target))
		return matches_path(rule, place);
	opened = file_identify(place->fd, rule->is_denied);
	if (!rule->is_denied)
		return file_is_unchanged(&opened, &rule->file);
	if (file_is_same(&opened, &rule->file) || file_has_same_build(&opened, &rule->file))
		return true;
	now = attach_rule_look_up(rule);
	return file_is_same(&opened, &now) || file_has_same_build(&opened, &now);
}

/* By where a function is, not by its name: libraries have several names for one. */
static bool matches_symbol(const struct attach_rule *rule, const struct place *place)
{
	struct shim_elf file;
	bool is_match = !rule->is_denied;

	if (!rule->symbol || !strcmp(rule->symbol, "*"))
		return true;
	if (place->kind == PLACE_USDT || rule->kinds == PLACE_USDT)
		return rule->kinds == PLACE_USDT && place->name &&
		       !fnmatch(rule->symbol, place->name, 0);
	if (!place->count || shim_elf__open(place->fd, &file))
		return rule->is_denied;
	/* An allowing rule covers all offsets, a denying one any. */
	for (size_t i = 0; i < place->count; i++) {
		const bool is_covered = shim_elf__covers(&file, rule->symbol, place->offsets[i]);

		if (is_covered == rule->is_denied) {
			is_match = rule->is_denied;
			break;
		}
	}
	shim_elf__close(&file);
	return is_match;
}

/* ---- one rule
 * ------------------------------------------------------------------------------------- */

/* A place of another kind that is the same place: what is denied by one word is denied by each. */
static uint32_t related(uint32_t kinds)
{
	const uint32_t functions = PLACE_KPROBE | PLACE_FENTRY;
	const uint32_t tracepoints = PLACE_TP | PLACE_RAW_TP | PLACE_TP_BTF;

	return (kinds & functions ? functions : 0) | (kinds & tracepoints ? tracepoints : 0) |
	       (kinds & PLACE_UPROBE ? PLACE_UPROBE | PLACE_USDT : 0);
}

bool attach_rule_matches(const struct shim_attach_rules *rules, const struct attach_rule *rule,
			 const struct place *place)
{
	const uint32_t kinds = rule->is_denied ? rule->kinds | related(rule->kinds) : rule->kinds;
	const uint32_t hooks = PLACE_LSM | PLACE_KPROBE | PLACE_FENTRY;

	if (rule->is_denied && rule->kinds & hooks && place->kind & hooks &&
	    (rule->kinds & PLACE_LSM || place->kind == PLACE_LSM) &&
	    attach_names_deny_hook(rule, place))
		return true;
	if (!(kinds & place->kind))
		return false;
	if (!rule->target)
		return true;
	if (gate_is_naive() && place->called)
		return !fnmatch(rule->target, place->called, 0);
	if (place->kind & PLACE_INTERFACE)
		return matches_interface(rules, rule, place);
	if (place->kind == PLACE_CGROUP)
		return matches_cgroup(rule, place);
	if (place->kind == PLACE_NETNS)
		return matches_network(rule, place);
	if (is_binary(place->kind))
		return matches_binary(rule, place) && matches_symbol(rule, place);
	return attach_names_match(rule, place);
}

#ifdef SHIM_TEST_GATES
bool gate_is_off(enum gate gate)
{
	const char *off = getenv("SHIM_TEST_GATES");

	return off && strchr(off, '0' + (int)gate);
}

bool gate_is_naive(void)
{
	const char *off = getenv("SHIM_TEST_GATES");

	return off && strchr(off, 'n');
}
#endif
