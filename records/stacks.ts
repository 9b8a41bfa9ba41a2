/** Stacks and how often each was seen: as bcc's profile prints them, or folded for flame graphs. */
import type { Block } from "./sinks/sink.ts";
import { jsonString, visibleText } from "./text/strings.ts";

/** One stack. */
export interface StackSample {
  /** Frames in the kernel, innermost first. */
  readonly kernel?: readonly string[];
  /** Frames of the process, innermost first. */
  readonly user?: readonly string[];
  /** Name of the process. */
  readonly comm?: string;
  /** Number of the process. */
  readonly pid?: number;
  /** Times that it was seen, or another value that it has. */
  readonly count: bigint;
}

/** Options of stacks. */
export interface StackOptions {
  /** True for one line a stack, outermost frame first: `comm;a;b;c 12`. */
  readonly folded?: boolean;
}

/** Frames that are shown; the kernel keeps at most 127 of each kind. */
const MAX_FRAMES = 1024;

/** Returns the forms of stacks. */
export function stackBlock(
  source: string,
  sample: StackSample,
  { folded, isNamed }: { folded: boolean; isNamed: boolean },
): Block {
  const kernel = (sample.kernel ?? []).slice(0, MAX_FRAMES);
  const user = (sample.user ?? []).slice(0, MAX_FRAMES);
  const line = foldedLine(sample, kernel, user);
  const members = [
    ...(isNamed ? [`"source":${jsonString(source)}`] : []),
    ...(sample.comm === undefined ? [] : [`"comm":${jsonString(sample.comm)}`]),
    ...(sample.pid === undefined ? [] : [`"pid":${sample.pid}`]),
    ...(sample.kernel === undefined ? [] : [`"kernel":[${kernel.map(jsonString).join(",")}]`]),
    ...(sample.user === undefined ? [] : [`"user":[${user.map(jsonString).join(",")}]`]),
    `"count":${sample.count}`,
  ];
  return {
    source,
    kind: "stacks",
    lines: folded ? `${line} ${sample.count}` : listing(sample, kernel, user),
    json: [`{${members.join(",")}}`],
    csv: { names: ["stack", "count"], rows: [[line, `${sample.count}`]] },
    dense: folded,
  };
}

/** Frames from the outermost; a semicolon in a name would start another frame. */
function foldedLine(
  { comm }: StackSample,
  kernel: readonly string[],
  user: readonly string[],
): string {
  const frames = [
    ...(comm === undefined ? [] : [comm]),
    ...user.toReversed(),
    ...kernel.toReversed(),
  ];
  return frames.map((frame) => visibleText(frame).replaceAll(";", ":")).join(";");
}

function listing(
  { comm, pid, count }: StackSample,
  kernel: readonly string[],
  user: readonly string[],
): string {
  const indented = (frames: readonly string[]) =>
    frames.map((frame) => `    ${visibleText(frame)}`);
  const lines = [
    ...indented(kernel),
    ...(kernel.length > 0 && user.length > 0 ? ["    --"] : []),
    ...indented(user),
  ];
  if (comm !== undefined || pid !== undefined) {
    const who = pid === undefined ? "" : ` (${pid})`;
    lines.push(`    -                ${visibleText(comm ?? "")}${who}`);
  }
  lines.push(`        ${count}`);
  return lines.join("\n");
}
