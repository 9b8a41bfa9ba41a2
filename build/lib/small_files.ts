/**
 * Rule for small files: a concept that takes fewer than 40 lines is part of a neighbour. Commands, tasks,
 * emitters, benchmarks, `mod.ts`, `errors.ts` and tests are exempt by their kind, others by a reason.
 */

/** Lines of a file that is small. */
const SMALL = 40;

/** Files of the product: not tests, examples and headers for authors. */
const COUNTED =
  /^(?:main\.ts|(?:bindgen|build|cli|ebpf|ffi|libbpf-shim|oci|records|runtime|service|third_party)\/.*\.(?:ts|c))$/;

/** Kinds that may be small. */
const EXEMPT = /_test\.ts$|\/(?:mod|errors)\.ts$|^(?:cli\/commands|bindgen\/emit|build\/tasks)\//;

/** Small files with the reason why each is a file. */
export const REASONS: Readonly<Record<string, string>> = {
  "main.ts": "entry of the program",
  "build/steps/arm64.ts": "loaded with what only emulated arm64 needs",
  "runtime/machine.ts": "entry point: commands load no more than this",
  "oci/policies.ts": "entry point of the start of a run, which loads no more than this",
  "oci/linked_signal.ts": "in place of AbortSignal.any(), with the reason in one place",
  "oci/stored.ts": "entry point for runs from the store",
  "oci/content_kind.ts": "entry point: first bytes, which every start looks at",
  "runtime/wasi/everything.ts": "entry point: a plain run does without these families",
  "bindgen/targets.ts": "help reads the targets without the emitters",
  "ffi/assets.ts": "open to every folder: the only reader of files that the binary carries",
  "ebpf/remains.ts": "same stem as in ffi/ and libbpf-shim/",
  "cli/startup/serve.ts": "entry of the process that serves a run's figures",
  "cli/startup/figures.ts": "types of the start of a run, which loads no service",
  "cli/live/guest.ts": "loaded for metrics and the page alone",
  "service/page/dom.ts": "imports nothing: every part of the page makes elements with it",
  "ffi/audit.ts": "same stem as its C file",
  "ffi/feed.ts": "same stem as its C file",
  "ffi/directory.ts": "same stem as its C file",
  "ffi/log.ts": "same stem as its C file",
  "ffi/map_reference.ts": "same stem as its C file",
  "ffi/stats.ts": "same stem as its C file",
  "libbpf-shim/feed.c": "same stem as in ffi/",
  "libbpf-shim/library.c": "same stem as in ffi/",
  "libbpf-shim/memory.c": "same stem as in ffi/",
  "cli/object/yaml.ts": "loads the package for YAML, which few runs need",
  "cli/object/untyped.ts": "shared by readers of metadata that have nothing else in common",
  "runtime/wasi/clock.ts": "one file a call family",
  "runtime/wasi/random.ts": "one file a call family",
  "runtime/wasm_bpf/ext/host.ts": "one file a call family",
  "records/resolvers.ts": "types of embedders and of the decoders: elsewhere they make a circle",
  "ebpf/permit.ts": "joins permissions, which open no library, with ffi/",
  "cli/box/guest_syntax.ts": "joins the box and command lines, which import nothing of each other",
  "cli/terminal/reader.ts": "output_file.ts is loaded by every start, this by runs with records",
  "cli/help.ts": "help of the program itself: a command without a page",
  "cli/args/reference_word.ts": "the start of a run reads it without the registries",
  "cli/terminal/units.ts": "the start of a run reads it without tables",
  "cli/module/local_store.ts": "shared by commands on the store, which other commands do not load",
  "cli/module/kernel_release.ts": "shared by commands that check facts of a module",
  "cli/inspect/run_text.ts": "read by `inspect` of objects alone",
  "cli/object/own_pid.ts": "the only constant of a tool that is read from the system",
  "ffi/kernel_probe.ts": "same stem as its C file",
  "oci/gadget.ts": "media types of another project, apart from ours",
  "cli/background/real_file.ts": "shared by commands that take a file of runs",
  "cli/background/supervise.ts": "a command that people do not type, apart from those they do",
  "cli/background/words.ts": "the way back from options to words, with tests of its own",
  "runtime/supervision.ts": "entry point: a supervisor loads no more than this",
  "service/live.ts": "entry point: runs that are served load no supervision",
  "build/lib/fixed_waits.ts": "one file a check of the gate",
  "build/lib/output.ts": "imports nothing: everything prints with it",
};

/**
 * Returns small files without a reason, and reasons without a small file, one line each.
 *
 * @param lines number of lines of each file of the checkout, by path
 */
export function smallFiles(
  lines: ReadonlyMap<string, number>,
  reasons: Readonly<Record<string, string>> = REASONS,
): string[] {
  const isSmall = (path: string) =>
    COUNTED.test(path) && !EXEMPT.test(path) && (lines.get(path) ?? SMALL) < SMALL;
  return [
    ...[...lines.keys()].filter((path) => isSmall(path) && !Object.hasOwn(reasons, path))
      .map((path) => `${path} has ${lines.get(path)} lines: join it with a neighbour`),
    ...Object.keys(reasons).filter((path) => !isSmall(path))
      .map((path) => `${path} is not a small file: remove its reason`),
  ].sort();
}
