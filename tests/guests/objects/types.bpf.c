// SPDX-License-Identifier: MIT
/* Configuration value of a type that kernel configurations do not have. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct setting {
	int first;
	int second;
};

extern struct setting CONFIG_SETTING __kconfig __weak;

SEC("socket")
int use(void *ctx)
{
	return CONFIG_SETTING.first;
}
