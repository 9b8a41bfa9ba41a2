/** Takes blobs in: hashed while they stream, put in place only when they are what they should be. */
import { dirname, join } from "node:path";
import { HostError } from "../../ffi/errors.ts";
import { type PushOptions, readChunks, type Source } from "../content.ts";
import type { Descriptor } from "../descriptor.ts";
import { Verifier } from "../digest.ts";
import { MismatchError } from "../errors.ts";
import { BufferedWriter } from "./buffered_writer.ts";
import { fileError } from "./errors.ts";
import { removeIfThere, syncFolder } from "./files.ts";
import { paths } from "./layout.ts";
import { isAt } from "./lock.ts";

const READ_BYTES = 2 ** 20;

/** Out of room: what is there of the blob goes, so that the disk is as it was. */
const NO_ROOM = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

/**
 * Brings a blob into the store, or finds that another process has done so meanwhile.
 *
 * What arrives is written to a file of the digest's own in `ingest/`, which one process at a time has
 * locked. When the transfer fails, the file stays, and the next to come goes on from there.
 *
 * @throws {MismatchError} when the bytes are not the promised ones
 * @throws {StoreError} when they cannot be written
 */
export async function ingest(
  root: string,
  blob: { descriptor: Descriptor; source: Source; isThere: () => Promise<boolean> },
  options: PushOptions,
): Promise<void> {
  const { descriptor, source } = blob;
  const place = paths.blob(root, descriptor.digest);
  const path = join(paths.ingest(root), partialName(descriptor.digest));
  using file = await openPartial(path, { ...options, isThere: blob.isThere });
  if (file === undefined) return;
  try {
    await transfer(file, { descriptor, source }, options);
    await file.sync();
    await Deno.mkdir(dirname(place), { recursive: true, mode: 0o700 });
    await Deno.rename(path, place);
  } catch (cause) {
    const error = isFileProblem(cause) ? fileError(`store ${descriptor.digest}`, cause) : cause;
    const isUseless = error instanceof MismatchError ||
      error instanceof HostError && NO_ROOM.has(error.code);
    if (isUseless) await removeIfThere(path);
    throw error;
  }
  await syncFolder(dirname(place));
}

/** The name in `ingest/` of what there is of a blob. */
export function partialName(digest: string): string {
  return `${digest.replace(":", "-")}.partial`;
}

/**
 * Reports whether Deno's file operations threw it. An abort has a code as well, which is a number.
 */
function isFileProblem(cause: unknown): boolean {
  return cause instanceof Error && !(cause instanceof HostError) && "code" in cause &&
    typeof cause.code === "string";
}

/** Opens and locks it; nothing when another process has completed the blob while this one waited. */
async function openPartial(
  path: string,
  { isThere, onWait }: Pick<PushOptions, "onWait"> & { isThere: () => Promise<boolean> },
): Promise<Deno.FsFile | undefined> {
  for (;;) {
    const file = await openLocked(path, onWait);
    let isTaken = false;
    try {
      const isCurrent = await isAt(file, path);
      const isDone = await isThere();
      isTaken = isCurrent && !isDone;
      if (isTaken) return file;
      // Only the one who has it locked may remove it.
      if (isCurrent) await removeIfThere(path);
      if (isDone) return undefined;
    } finally {
      // With the lock, on which a later transfer of this process would wait for ever.
      if (!isTaken) file.close();
    }
  }
}

async function openLocked(path: string, onWait: PushOptions["onWait"]): Promise<Deno.FsFile> {
  let file: Deno.FsFile | undefined;
  try {
    file = await Deno.open(path, { read: true, write: true, create: true, mode: 0o600 });
    if (!await file.tryLock(true)) {
      onWait?.();
      await file.lock(true);
    }
    return file;
  } catch (cause) {
    file?.close();
    throw fileError(`open ${path}`, cause);
  }
}

/** Streams into the file what is not there yet. */
async function transfer(
  file: Deno.FsFile,
  blob: { descriptor: Descriptor; source: Source },
  options: PushOptions,
): Promise<void> {
  const verifier = await readAgain(file, blob.descriptor);
  const isResumed = verifier.seen > 0;
  try {
    await receive(file, { ...blob, verifier }, options);
  } catch (error) {
    if (!(error instanceof MismatchError && isResumed)) throw error;
    // Bytes left by an earlier run may be the cause.
    await receive(file, { ...blob, verifier: await restart(file, blob.descriptor) }, options);
  }
}

/** Hashes the bytes that an earlier run left, and continues after them. */
async function readAgain(file: Deno.FsFile, descriptor: Descriptor): Promise<Verifier> {
  const { size } = await file.stat();
  if (size === 0 || size > descriptor.size) return await restart(file, descriptor);
  const verifier = new Verifier(descriptor);
  const buffer = new Uint8Array(READ_BYTES);
  await file.seek(0, Deno.SeekMode.Start);
  for (;;) {
    const count = await file.read(buffer);
    if (count === null) return verifier;
    verifier.update(buffer.subarray(0, count));
  }
}

async function restart(file: Deno.FsFile, descriptor: Descriptor): Promise<Verifier> {
  await file.truncate(0);
  await file.seek(0, Deno.SeekMode.Start);
  return new Verifier(descriptor);
}

async function receive(
  file: Deno.FsFile,
  blob: { descriptor: Descriptor; source: Source; verifier: Verifier },
  options: PushOptions,
): Promise<void> {
  const { descriptor, source, verifier } = blob;
  options.onProgress?.(verifier.seen);
  if (verifier.seen < descriptor.size || descriptor.size === 0) {
    const stream = await source({ offset: verifier.seen, signal: options.signal });
    const writer = new BufferedWriter(file);
    try {
      await readChunks(stream, async (chunk) => {
        verifier.update(chunk);
        await writer.write(chunk);
        options.onProgress?.(verifier.seen);
      });
    } finally {
      // After a cut, what has come is what the next run goes on from.
      await writer.flush();
    }
  }
  verifier.finish();
}
