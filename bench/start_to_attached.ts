/** Measures the time from the start of a process to its first byte of output. */

const FIRST_BYTE = ".cache/bench/first_byte";

/**
 * Each program is measured as a copy made just before. How the kernel keeps a file's pages (their size,
 * whether it has begun to drop them) depends on when it was written: with one program new and another of
 * yesterday, that makes a difference of 8 ms.
 */
export const COPIES = ".cache/bench/copies";

/**
 * Runs a program to its end.
 *
 * @returns its standard output
 */
export async function run(
  program: string,
  args: string[],
  env?: Record<string, string>,
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args,
    stdin: "null",
    ...(env === undefined ? {} : { env }),
  }).output();
  if (!success) {
    throw new Error(`${program} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  }
  return new TextDecoder().decode(stdout);
}

/**
 * Returns the time to the first byte in milliseconds. libbpf needs tracefs mounted, which here happens
 * in a mount namespace of the measurement's own.
 */
export async function startToAttached(command: readonly string[]): Promise<number> {
  const script = `mount --make-rprivate /sys
    test -e /sys/kernel/tracing/events || mount -t tracefs tracefs /sys/kernel/tracing
    exec "$@"`;
  const text = await run("unshare", [
    ...["--mount", "--propagation", "unchanged", "/bin/sh", "-c", script, "sh"],
    ...[FIRST_BYTE, ...command],
  ]);
  return Number(text) / 1e6;
}
