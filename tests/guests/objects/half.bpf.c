// SPDX-License-Identifier: MIT
/* Program that ends with the first half of a double instruction. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

asm(".section \"socket\", \"ax\", @progbits\n"
    ".globl half\n"
    ".type half, @function\n"
    "half:\n"
    "r0 = 0\n"
    "exit\n"
    ".byte 0x18, 0, 0, 0, 0, 0, 0, 0\n"
    ".size half, . - half\n");
