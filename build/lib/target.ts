/** Processors that native code is built for. */

/** Processor, and how code for it is made. */
export interface Target {
  /** Name in steps and errors, as Debian has it. */
  readonly name: "native" | "arm64";
  /** Folder of the headers and static libraries that the shim links. */
  readonly deps: string;
  /** C compiler, with the options that select the processor. */
  readonly compiler: readonly string[];
  /** Options of autoconf's scripts. */
  readonly configure: readonly string[];
}

/** This machine. */
export const NATIVE: Target = {
  name: "native",
  deps: ".cache/deps",
  compiler: ["clang"],
  configure: [],
};

/** Folder of Debian's packages with the C library of arm64. */
const CROSS = "/usr/aarch64-linux-gnu";

/** Arm's 64-bit processors, from any machine with Debian's package gcc-aarch64-linux-gnu. */
export const ARM64: Target = {
  name: "arm64",
  deps: ".cache/arm64/deps",
  compiler: [
    ...["clang", "--target=aarch64-linux-gnu", "-fuse-ld=lld", "-isystem", `${CROSS}/include`],
    ...[`-B${CROSS}/lib`, `-L${CROSS}/lib`],
  ],
  configure: ["--host=aarch64-linux-gnu"],
};

/** Returns the name of a step for a target. */
export function stepName(name: string, { name: target }: Target): string {
  return target === "native" ? name : `${name} (${target})`;
}
