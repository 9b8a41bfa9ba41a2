/** Kinds of programs and of attaching, by the kernel's numbers (`linux/bpf.h`). */

/** `enum bpf_prog_type`, as far as attaching tells them apart. */
export const ProgramType = {
  XDP: 6,
} as const;

/** `enum bpf_attach_type`, as far as attaching tells them apart. */
export const AttachType = {
  XDP: 37,
} as const;
