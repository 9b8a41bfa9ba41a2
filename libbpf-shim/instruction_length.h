/* SPDX-License-Identifier: MIT */
#ifndef LIBBPF_SHIM_INSTRUCTION_LENGTH_H
#define LIBBPF_SHIM_INSTRUCTION_LENGTH_H

#include <stddef.h>
#include <stdint.h>

/*
 * Length of the x86-64 instruction at `code`, 1 to 15. 0 for an opcode that is not in the tables,
 * an encoding whose length differs between processors, and an instruction that does not end within
 * `size` bytes.
 */
int shim_instruction_length(const uint8_t *code, size_t size);

#endif
