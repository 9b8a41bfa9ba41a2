/** Copies input that can be read only once, such as a pipe, into a file. */
import { openFileSource, type Source } from "../../oci/mod.ts";
import { concat } from "../../ffi/bytes.ts";
import { HostError } from "../../ffi/errors.ts";
import { WaitingFile } from "../../runtime/machine.ts";
import { STDIN } from "./input_file.ts";
import { isNotRunnable, SHOWS_KIND } from "./module_file.ts";

/** Limit and cancellation of the copy. */
export interface SpoolOptions {
  /** Limit; a larger input is an error. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

const READ_BYTES = 2 ** 18;

/** Directory for large temporary files; /tmp is often in memory. */
const FOLDER = "/var/tmp";

/**
 * Reads a pipe, or standard input for `-`, to its end, into an unlinked file, which disappears with the
 * process.
 *
 * @throws {HostError} with an errno name, or `TOO_LARGE`
 * @throws the signal's reason when it is aborted
 */
export async function spooled(path: string, options: SpoolOptions): Promise<Source> {
  const { maxBytes, signal } = options;
  const name = path === STDIN ? "standard input" : `"${path}"`;
  const reading = `read ${name}`;
  const keeping = `copy ${name} to a temporary file`;
  using pipe = new WaitingFile(path === STDIN ? 0 : path, name);
  const file = await attempt(keeping, nameless);
  const buffer = new Uint8Array(READ_BYTES);
  let start = new Uint8Array(0);
  for (let size = 0;;) {
    await untilReady(pipe, signal);
    const count = pipe.readSync(buffer);
    if (count === 0) return openFileSource(file);
    if (start.length < SHOWS_KIND) start = concat([start, buffer.subarray(0, count)]);
    size += count;
    if (size > maxBytes) {
      const reason = `larger than ${maxBytes >> 20} MiB`;
      throw new HostError(`Cannot ${reading}: ${reason}`, { code: "TOO_LARGE" });
    }
    let left = buffer.subarray(0, count);
    while (left.length > 0) {
      const written = await attempt(keeping, () => file.write(left));
      left = left.subarray(written);
    }
    // The caller refuses what is not a module; an endless one must not fill the disk first.
    if (isNotRunnable(start)) return openFileSource(file);
  }
}

async function nameless(): Promise<Deno.FsFile> {
  const path = await temporary();
  const file = await Deno.open(path, { read: true, write: true });
  await Deno.remove(path);
  return file;
}

async function temporary(): Promise<string> {
  const prefix = "wasm-bpf-";
  const usual = () => Deno.makeTempFile({ prefix });
  if (Deno.env.get("TMPDIR")) return await usual();
  return await Deno.makeTempFile({ prefix, dir: FOLDER }).catch(usual);
}

/** Time between two looks at a pipe that has nothing to read. */
const LOOK_MS = 20;

/** Waits without blocking the thread: opens and reads of Deno would keep a signal from being noticed. */
async function untilReady(pipe: WaitingFile, signal: AbortSignal): Promise<void> {
  while (!pipe.isReady()) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    signal.throwIfAborted();
  }
  // Listeners run between two reads of a fast pipe, too.
  await new Promise((resolve) => setTimeout(resolve, 0));
  signal.throwIfAborted();
}

async function attempt<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "EIO";
    // Deno adds the system call and the path.
    const reason = cause instanceof Error
      ? cause.message.replace(/: \w+ '[^]*$/, "")
      : String(cause);
    const hint = code === "ENOSPC" || code === "EDQUOT"
      ? "free some space, or set TMPDIR to a directory with enough space"
      : undefined;
    throw new HostError(`Cannot ${what}: ${reason}`, { code, hint, cause });
  }
}
