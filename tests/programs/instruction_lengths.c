// SPDX-License-Identifier: MIT
/*
 * Reads functions from standard input, each as a size of 32 bits and its code, and writes the
 * length of each instruction as a byte. A 0 ends a function at an instruction that cannot be
 * decoded.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../../libbpf-shim/instruction_length.h"

int main(void)
{
	static uint8_t code[1 << 24];
	uint32_t size;

	while (fread(&size, sizeof(size), 1, stdin) == 1) {
		if (size > sizeof(code) || fread(code, 1, size, stdin) != size)
			return EXIT_FAILURE;
		for (uint32_t at = 0; at < size;) {
			int length = shim_instruction_length(code + at, size - at);

			putchar(length);
			if (!length)
				break;
			at += (uint32_t)length;
		}
	}
	return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
