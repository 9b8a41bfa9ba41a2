// SPDX-License-Identifier: MIT
/*
 * Program that denies access: for each byte of standard input it prints its function's decision.
 * Its USDT probes include ones in the format of sys/sdt.h and malformed ones.
 */
#include <stdio.h>

/* A breakpoint in the number would change it. */
__attribute__((noinline)) int wasm_bpf_test_allowed(void)
{
	int result;

#if defined(__x86_64__)
	__asm__ volatile("movl $0, %0" : "=r"(result));
#else
	__asm__ volatile("mov %w0, #0" : "=r"(result));
#endif
	return result;
}

/* Its second instruction is an invalid opcode. */
__attribute__((noinline)) void wasm_bpf_test_undecodable(int never)
{
	if (never)
		__asm__ volatile(
		    ".globl wasm_bpf_test_after\n.byte 0x06\nwasm_bpf_test_after: nop");
}

/* Function symbol that is located in data. */
__asm__(".pushsection .data\n"
	".globl wasm_bpf_test_data\n"
	".type wasm_bpf_test_data, @function\n"
	"wasm_bpf_test_data: .8byte 0\n"
	".size wasm_bpf_test_data, 8\n"
	".popsection\n");

/* Counters of probes: in the right section, and where another number is. */
__attribute__((section(".probes"))) volatile unsigned short wasm_bpf_test_semaphore;
volatile unsigned short wasm_bpf_test_number = 7;

#define NOTE(name, place, semaphore)                                                               \
	__asm__ volatile(".pushsection .note.stapsdt,\"?\",\"note\"\n"                             \
			 ".balign 4\n"                                                             \
			 ".4byte 992f-991f, 994f-993f, 3\n"                                        \
			 "991: .asciz \"stapsdt\"\n"                                               \
			 "992: .balign 4\n"                                                        \
			 "993: .8byte " place ", 0, " semaphore "\n"                               \
			 ".asciz \"wasm_bpf_test\"\n"                                              \
			 ".asciz \"" name "\"\n"                                                   \
			 ".asciz \"\"\n"                                                           \
			 "994: .balign 4\n"                                                        \
			 ".popsection\n")

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	while (getchar() != EOF) {
		__asm__ volatile("wasm_bpf_test_place: nop");
		NOTE("counted", "wasm_bpf_test_place", "wasm_bpf_test_semaphore");
		NOTE("miscounted", "wasm_bpf_test_place", "wasm_bpf_test_number");
		NOTE("inside", "wasm_bpf_test_allowed+1", "0");
		NOTE("data", "wasm_bpf_test_number", "0");
		wasm_bpf_test_undecodable(0);
		printf("%s %d %d\n", wasm_bpf_test_allowed() ? "GRANTED" : "denied",
		       wasm_bpf_test_semaphore, wasm_bpf_test_number);
	}
}
