// SPDX-License-Identifier: MIT
/*
 * Rules of attaching, compared with what was opened.
 *
 * A word such as "uprobe:/usr/bin/bash:readline" means the file that has this name when the run
 * starts: a guest with a folder could exchange a file or a link later. So what words allow is
 * looked up once, before the guest's first instruction; what they deny is looked up then and at
 * each attach, and counts by either.
 */
#include <fcntl.h>
#include <fnmatch.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <linux/magic.h>
#include <unistd.h>

#include "attach_gate.h"
#include "attach_rules.h"
#include "internal.h"
#include "probe.h"

/* Words on a command line and in policies are few; bounds work on hostile input. */
#define MAX_RULES 4096
/* Cgroups nest at most as deep as their paths are long; bounds the way up. */
#define MAX_CGROUP_DEPTH 256
/* Longer build ids are not made: SHA-1 has 20 bytes. */
#define MAX_BUILD_ID 64

/* A file as it was when it was looked up. */
struct identity {
	bool is_known;
	dev_t device;
	ino_t inode;
	struct timespec changed;
	uint8_t build_id[MAX_BUILD_ID];
	size_t build_id_size;
};

struct rule {
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
	struct identity file;
	uint32_t interface;
};

struct shim_attach_rules {
	uint32_t references;
	/* Hertz; 0 for no limit. */
	uint32_t max_frequency;
	ino_t network;
	char *text;
	size_t count;
	struct rule rules[];
};

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

static bool is_binary(uint32_t kinds)
{
	return kinds & (PLACE_UPROBE | PLACE_USDT);
}

/* A place of another kind that is the same place: what is denied by one word is denied by each. */
static uint32_t related(uint32_t kinds)
{
	const uint32_t functions = PLACE_KPROBE | PLACE_FENTRY;
	const uint32_t tracepoints = PLACE_TP | PLACE_RAW_TP | PLACE_TP_BTF;

	return (kinds & functions ? functions : 0) | (kinds & tracepoints ? tracepoints : 0) |
	       (kinds & PLACE_UPROBE ? PLACE_UPROBE | PLACE_USDT : 0);
}

static bool has_pattern(const char *text)
{
	return strpbrk(text, "*?[") != NULL;
}

/* ---- files ----------------------------------------------------------------------------------- */

/* The build id among the notes of a file's segments. */
static void read_build_id(int fd, struct identity *identity)
{
	struct shim_elf file;
	size_t count;

	if (shim_elf__open(fd, &file))
		return;
	if (elf_getphdrnum(file.elf, &count))
		count = 0;
	for (size_t i = 0; i < count && !identity->build_id_size; i++) {
		GElf_Phdr segment;
		size_t at = 0, next, name, description;
		GElf_Nhdr note;
		Elf_Data *data;

		if (!gelf_getphdr(file.elf, (int)i, &segment) || segment.p_type != PT_NOTE ||
		    segment.p_filesz > 65536)
			continue;
		data = elf_getdata_rawchunk(file.elf, (int64_t)segment.p_offset, segment.p_filesz,
					    ELF_T_NHDR);
		while (data && (next = gelf_getnote(data, at, &note, &name, &description))) {
			at = next;
			if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != 4 ||
			    memcmp((char *)data->d_buf + name, "GNU", 4) || !note.n_descsz ||
			    note.n_descsz > MAX_BUILD_ID)
				continue;
			memcpy(identity->build_id, (char *)data->d_buf + description,
			       note.n_descsz);
			identity->build_id_size = note.n_descsz;
			break;
		}
	}
	shim_elf__close(&file);
}

static struct identity identify(int fd, bool is_elf)
{
	struct identity identity = {0};
	struct stat status;

	if (fstat(fd, &status))
		return identity;
	identity.is_known = true;
	identity.device = status.st_dev;
	identity.inode = status.st_ino;
	identity.changed = status.st_ctim;
	if (is_elf)
		read_build_id(fd, &identity);
	return identity;
}

static bool is_same_file(const struct identity *one, const struct identity *other)
{
	return one->is_known && other->is_known && one->device == other->device &&
	       one->inode == other->inode;
}

/* Content that was changed in place since it was looked up is not what was allowed. */
static bool is_unchanged(const struct identity *one, const struct identity *other)
{
	return is_same_file(one, other) && one->changed.tv_sec == other->changed.tv_sec &&
	       one->changed.tv_nsec == other->changed.tv_nsec;
}

/* Overlayfs gives one file two inodes; a copy has the same build id. */
static bool has_same_build(const struct identity *one, const struct identity *other)
{
	return one->build_id_size && one->build_id_size == other->build_id_size &&
	       !memcmp(one->build_id, other->build_id, one->build_id_size);
}

static int open_target(const struct rule *rule)
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

static bool is_file_kind(uint32_t kinds)
{
	return is_binary(kinds) || kinds & (PLACE_CGROUP | PLACE_NETNS);
}

/* The file that the rule's target names now. */
static struct identity look_up(const struct rule *rule)
{
	struct identity identity = {0};
	int fd;

	if (!rule->target || !is_file_kind(rule->kinds) || has_pattern(rule->target))
		return identity;
	fd = open_target(rule);
	/* Errors about the guest's own target are kept apart from those of words. */
	shim_probe_refuse(SHIM_REFUSED_NOTHING, 0);
	if (fd < 0)
		return identity;
	identity = identify(fd, is_binary(rule->kinds));
	close(fd);
	return identity;
}

static ino_t own_network(void)
{
	struct stat status;

	return stat("/proc/thread-self/ns/net", &status) ? 0 : status.st_ino;
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
static bool parse_line(char *line, struct rule *rule)
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
		struct rule *rule = &rules->rules[i];
		bool is_found = true;

		if (!rule->target || has_pattern(rule->target))
			continue;
		if (rule->kinds & PLACE_INTERFACE) {
			rule->interface = if_nametoindex(rule->target);
			is_found = rule->interface;
		} else if (is_file_kind(rule->kinds)) {
			rule->file = look_up(rule);
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
	rules->network = own_network();
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

/* ---- interfaces, cgroups, network namespaces ------------------------------------------------- */

static bool matches_interface(const struct shim_attach_rules *rules, const struct rule *rule,
			      const struct place *place)
{
	char name[IF_NAMESIZE];

	/* A number of another network namespace means another interface. */
	if (own_network() != rules->network && !rule->is_denied)
		return false;
	if (has_pattern(rule->target))
		return if_indextoname(place->interface, name) && !fnmatch(rule->target, name, 0);
	if (rule->interface && rule->interface == place->interface)
		return true;
	/* An interface that was not there yet; what is denied counts by its name of now, too. */
	return (!rule->interface || rule->is_denied) &&
	       if_nametoindex(rule->target) == place->interface;
}

/* Reports whether the cgroup at `fd`, or one above it, is `wanted`. */
static bool is_below(int fd, const struct identity *wanted)
{
	int at = openat(fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (int depth = 0; at >= 0 && depth < MAX_CGROUP_DEPTH; depth++) {
		const struct identity identity = identify(at, false);
		struct statfs system;
		int above;

		if (fstatfs(at, &system) || (uint32_t)system.f_type != CGROUP2_SUPER_MAGIC)
			break;
		if (is_same_file(&identity, wanted)) {
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
static bool matches_cgroup(const struct rule *rule, const struct place *place)
{
	struct identity opened;
	int fd;
	bool is_above;

	if (rule->file.is_known && is_below(place->fd, &rule->file))
		return true;
	if (!rule->is_denied)
		return false;
	fd = shim_path_open_cgroup(rule->target);
	if (fd < 0)
		return false;
	opened = identify(place->fd, false);
	is_above = is_below(fd, &opened);
	if (!is_above) {
		opened = identify(fd, false);
		is_above = is_below(place->fd, &opened);
	}
	close(fd);
	return is_above;
}

static bool matches_network(const struct rule *rule, const struct place *place)
{
	const struct identity opened = identify(place->fd, false);
	struct identity now;

	if (is_same_file(&opened, &rule->file))
		return true;
	now = rule->is_denied ? look_up(rule) : (struct identity){0};
	return is_same_file(&opened, &now);
}

/* ---- binaries -------------------------------------------------------------------------------- */

static bool matches_path(const struct rule *rule, const struct place *place)
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

static bool matches_binary(const struct rule *rule, const struct place *place)
{
	struct identity opened, now;

	if (has_pattern(rule->target))
		return matches_path(rule, place);
	opened = identify(place->fd, rule->is_denied);
	if (!rule->is_denied)
		return is_unchanged(&opened, &rule->file);
	if (is_same_file(&opened, &rule->file) || has_same_build(&opened, &rule->file))
		return true;
	now = look_up(rule);
	return is_same_file(&opened, &now) || has_same_build(&opened, &now);
}

/* By where a function is, not by its name: libraries have several names for one. */
static bool matches_symbol(const struct rule *rule, const struct place *place)
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

/* ---- names ----------------------------------------------------------------------------------- */

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

static bool matches_function(const char *target, const char *name, bool is_denied)
{
	const char *call, *wanted;

	if (is_denied) {
		target = without_module(target);
		name = without_module(name);
	}
	call = without_call_prefix(name);
	wanted = without_call_prefix(target);
	if (!fnmatch(target, name, 0))
		return true;
	/* A program of several functions has a pattern; the kernel's list of them is looked at
	 * later. */
	if (is_denied && has_pattern(name) && !fnmatch(name, target, 0))
		return true;
	return call && wanted && !strncmp(target, "__x64_sys_", 10) && !fnmatch(wanted, call, 0);
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
static bool matches_tracepoint(const struct rule *rule, const struct place *place)
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

static bool matches_name(const struct rule *rule, const struct place *place)
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

/* ---- one place, all rules -------------------------------------------------------------------- */

static bool matches(const struct shim_attach_rules *rules, const struct rule *rule,
		    const struct place *place)
{
	const uint32_t kinds = rule->is_denied ? rule->kinds | related(rule->kinds) : rule->kinds;

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
	return matches_name(rule, place);
}

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

static bool refuse(const struct place *place, const char *why, const struct rule *rule,
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

bool attach_rules_refuse(const struct shim_attach_rules *rules, const struct place *place)
{
	uint32_t group = 0, groups = 0;

	for (size_t i = 0; rules && i < rules->count; i++) {
		const struct rule *rule = &rules->rules[i];

		if (rule->is_denied && matches(rules, rule, place))
			return refuse(place, "denied", rule, rule->group);
		if (!rule->is_denied && rule->group >= groups)
			groups = rule->group + 1;
	}
	for (; group < groups; group++) {
		bool is_limited = false, is_allowed = false;

		for (size_t i = 0; i < rules->count && !is_allowed; i++) {
			const struct rule *rule = &rules->rules[i];

			if (rule->is_denied || rule->group != group)
				continue;
			is_limited = true;
			is_allowed = matches(rules, rule, place);
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
