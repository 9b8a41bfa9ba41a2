// SPDX-License-Identifier: MIT
/*
 * Capabilities that a thread or a process gives up.
 *
 * A guest's thread keeps none, but those that root's files need in folders that were granted, and
 * before Linux 5.19 what map operations need; other threads keep theirs. A supervisor, with all of
 * its threads and the programs that it starts, keeps those of its run.
 */
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

#ifndef CAP_BPF
#define CAP_BPF 39 /* Linux 5.8 */
#endif

#define BIT(capability) (1ULL << (capability))

struct capabilities {
	uint64_t effective, permitted, inheritable;
};

static int read_own(struct capabilities *own)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data))
		return -errno;
	own->effective = data[0].effective | (uint64_t)data[1].effective << 32;
	own->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	own->inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
	return 0;
}

static int write_own(const struct capabilities *own)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	for (uint32_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		data[i].effective = (uint32_t)(own->effective >> 32 * i);
		data[i].permitted = (uint32_t)(own->permitted >> 32 * i);
		data[i].inheritable = (uint32_t)(own->inheritable >> 32 * i);
	}
	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

/* Reports whether a map command gets as far as its descriptor, which there is not. */
static bool can_operate_on_maps(void)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = ~0U;
	return !syscall(SYS_bpf, BPF_MAP_LOOKUP_ELEM, &attr, sizeof(attr)) || errno != EPERM;
}

/*
 * Makes `kept` effective with as little more as map operations take: nothing since Linux 5.19, then
 * CAP_BPF, before 5.8 CAP_SYS_ADMIN. It is tried, since distributions carry changes back.
 */
static int keep_for_maps(struct capabilities *own, uint64_t kept)
{
	const uint64_t more[] = {0, BIT(CAP_BPF), BIT(CAP_SYS_ADMIN)};

	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
		int err;

		if ((more[i] & own->permitted) != more[i])
			continue;
		own->effective = (kept | more[i]) & own->permitted;
		err = write_own(own);
		if (err)
			return err;
		if (can_operate_on_maps())
			return 0;
	}
	/* None of them helps: a user without rights, or a filter. */
	own->effective = kept & own->permitted;
	return 0;
}

/* So that no program that it might start gets any back; the root user's, neither. */
static void close_ways_back(uint64_t kept)
{
	const int bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
			 SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
			 SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;

	/* Without CAP_SETPCAP these change nothing, and there is less to take. */
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	prctl(PR_SET_SECUREBITS, bits, 0, 0, 0);
	for (int capability = 0; capability < 64; capability++) {
		/* Past the last one, or without the right. */
		if (!(kept & BIT(capability)) && prctl(PR_CAPBSET_DROP, capability, 0, 0, 0))
			break;
	}
}

int32_t shim_capabilities__reduce(int32_t files)
{
	uint64_t kept = files ? BIT(CAP_DAC_READ_SEARCH) : 0;
	struct capabilities own;
	int err = read_own(&own);

	if (files == SHIM_FILES_WRITABLE)
		kept |= BIT(CAP_DAC_OVERRIDE) | BIT(CAP_FOWNER);
	if (!err)
		close_ways_back(kept);
	if (!err)
		err = keep_for_maps(&own, kept);
	if (err)
		return err;
	own.permitted = own.effective;
	own.inheritable = 0;
	return write_own(&own);
}

/* ---- of a process ------------------------------------------------------------------------------
 */

static uint64_t bound_to;

/* In a signal's handler, too: system calls alone. */
static int bound_this(void)
{
	struct capabilities own;
	int err;

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	for (int capability = 0; capability < 64; capability++) {
		if (bound_to & BIT(capability))
			continue;
		if (!prctl(PR_CAPBSET_DROP, capability, 0, 0, 0))
			continue;
		/* EINVAL: past the last one. */
		if (errno != EINVAL)
			return -errno;
		break;
	}
	err = read_own(&own);
	if (err)
		return err;
	own.effective &= bound_to;
	own.permitted &= bound_to;
	/* Root's programs get these in addition to the bounding set: capabilities(7). */
	own.inheritable &= bound_to;
	return write_own(&own);
}

int32_t shim_capabilities__bound(uint64_t kept)
{
	int err;

	bound_to = kept;
	err = bound_this();
	return err ? err : shim_in_other_threads(bound_this);
}

uint64_t shim_capabilities__bounding(void)
{
	uint64_t set = 0;

	for (int capability = 0; capability < 64; capability++) {
		if (prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 1)
			set |= BIT(capability);
	}
	return set;
}
