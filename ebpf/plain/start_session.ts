/** Starts a session: tries selections of programs until the kernel takes one. */
import { type BpfLink, type BpfObject, type BpfProgram, errno, takeLog } from "../../ffi/mod.ts";
import { HostError } from "../../ffi/errors.ts";
import { attachProgram } from "../attach.ts";
import { diagnoseLoad } from "../diagnosis.ts";
import { BpfError } from "../errors.ts";
import { kernelHint } from "../kernel_support.ts";
import { MapType } from "../map_types.ts";
import { explainRefusal } from "../permissions/mod.ts";
import { permitObject } from "../permit.ts";
import { ProgramType } from "../program_types.ts";
import type { ObjectFile, PlainProgram } from "./object_file.ts";
import { openObject } from "./open_object.ts";
import { type Group, groupsOf, placementOf, wantedPrograms } from "./selection.ts";
import { PlainSession, type SessionOptions } from "./session.ts";

/**
 * Opens, loads and attaches an object. A program that this kernel does not take is left out with a
 * warning, and its twin takes its place, as long as one is left.
 *
 * @throws {BpfError} when none is left, or with `requireAll` one fails
 * @throws {HostError} `NO_PROGRAM`, `NO_TARGET`
 */
export function startSession(file: ObjectFile, options: SessionOptions): PlainSession {
  const groups = groupsOf(wantedPrograms(file, options), options.ways);
  const attempts = new Attempts(file, groups, options);
  for (;;) {
    const session = attempts.next();
    if (session !== undefined) return session;
  }
}

/** Sections of programs that the kernel calls from the start or end of its functions. */
const TRAMPOLINE = /^\??(fentry|fexit|fmod_ret|fsession)(\.s)?\//;
/** Errors that are about the kernel, not about one function. */
const NO_TRAMPOLINES: ReadonlySet<number> = new Set([
  -errno("EPERM"),
  -errno("EOPNOTSUPP"),
  -errno("ENOTSUPP"),
]);

/** Tries one selection of programs after another. */
class Attempts {
  readonly #file: ObjectFile;
  readonly #groups: readonly Group[];
  readonly #options: SessionOptions;
  /** Programs that this kernel does not take, with the reason. */
  readonly #failed = new Map<string, HostError>();
  /** Programs that failed as all do on a kernel without trampolines. */
  #withoutTrampolines = 0;

  constructor(file: ObjectFile, groups: readonly Group[], options: SessionOptions) {
    this.#file = file;
    this.#groups = groups;
    this.#options = options;
  }

  /** Loads the best programs that have not failed; undefined to be called again. */
  next(): PlainSession | undefined {
    const chosen = this.#chosen();
    const object = openObject(this.#file, chosen, this.#options);
    let session: PlainSession | undefined;
    try {
      if (!this.#load(object, chosen)) return undefined;
      session = this.#attach(object, chosen);
      if (session !== undefined) this.#warn(chosen);
      return session;
    } finally {
      if (session === undefined) object.close();
    }
  }

  /** Returns the programs to load: of each place the first way of which none failed. */
  #chosen(): PlainProgram[] {
    const chosen = this.#groups.flatMap((ways) => this.#way(ways))
      .filter(({ name }) => this.#isPossible(name));
    if (chosen.length > 0) return chosen;
    throw this.#noneLeft();
  }

  /** Returns the first way that is possible as a whole, or the first of which a part is. */
  #way(ways: Group): readonly PlainProgram[] {
    const isPossible = ({ name }: PlainProgram) => this.#isPossible(name);
    return ways.find((programs) => programs.every(isPossible)) ??
      ways.find((programs) => programs.some(isPossible)) ?? [];
  }

  #isPossible(name: string): boolean {
    return !this.#failed.has(name);
  }

  #noneLeft(): HostError {
    const failures = [...this.#failed.values()];
    const [first, ...others] = failures;
    if (first === undefined) {
      return new HostError("Cannot run the object: it has no program to load", {
        code: "NO_PROGRAM",
      });
    }
    if (others.length === 0) return first;
    const lines = failures.slice(0, 12).map(({ message }) => message.replace(/^Cannot /, ""));
    if (failures.length > lines.length) lines.push(`and ${failures.length - lines.length} more`);
    return new HostError("Cannot run the object: none of its programs can be attached", {
      code: first.code,
      detail: lines.join("\n"),
      hint: first.hint,
      cause: first,
    });
  }

  /** Reports what is missing of a run that goes on. */
  #warn(chosen: readonly PlainProgram[]): void {
    const places = new Set(chosen.map(({ name }) => name).filter((name) => this.#isPossible(name)));
    for (const [name, error] of this.#failed) {
      const group = this.#groups.find((ways) => ways.flat().some((one) => one.name === name));
      // Its twin does the same.
      const isReplaced = group?.some((way) => way.every((one) => places.has(one.name))) === true;
      if (isReplaced || this.#options.optional?.includes(name) === true) continue;
      // One warning for a place that no way leads to.
      if (group !== undefined && !group[0]?.some((one) => one.name === name)) continue;
      this.#options.onWarning(error);
    }
  }

  #fail(name: string, error: HostError): void {
    const group = this.#groups.find((ways) => ways.flat().some((one) => one.name === name));
    const hasTwin = (group?.length ?? 0) > 1 &&
      group?.at(-1)?.every((one) => one.name !== name) === true;
    if (this.#options.requireAll && !hasTwin) throw error;
    this.#failed.set(name, error);
  }

  /** Loads; false when one program was found that this kernel does not take. */
  #load(object: BpfObject, chosen: readonly PlainProgram[]): boolean {
    const { policy, budget } = this.#options;
    takeLog();
    const permitted = permitObject(object, policy, this.#options.rules);
    const result = permitted < 0 ? permitted : object.load({ budget });
    const log = takeLog();
    if (result >= 0) {
      if (log !== "") this.#options.onNotice(log.replace(/^libbpf: /gm, "").trimEnd());
      return true;
    }
    const programs = new Map(object.programs().map((one) => [one.name, one]));
    const error = diagnoseLoad(result, log, {
      policy,
      lacking: (name) => {
        const program = programs.get(name);
        return program && kernelHint(program, result);
      },
    });
    const name = failedProgram(log);
    const isRefused = result === -errno("EPERM") && explainRefusal(policy, log) !== undefined;
    // A refusal by the permissions is an error: a part of a tool is not what was asked for.
    if (isRefused || name === undefined || !chosen.some((one) => one.name === name)) throw error;
    this.#fail(name, error);
    this.#failAlike(name, result, error);
    return false;
  }

  /**
   * Leaves out the programs that a kernel without trampolines does not take either: each would be one
   * more load of the whole object.
   */
  #failAlike(name: string, result: number, { hint }: HostError): void {
    const isTrampoline = (program: PlainProgram) => TRAMPOLINE.test(program.section);
    const failed = this.#file.programs.find((program) => program.name === name);
    if (failed === undefined || !isTrampoline(failed) || !NO_TRAMPOLINES.has(result)) return;
    if (this.#withoutTrampolines++ === 0) return;
    for (const program of this.#groups.flat(2)) {
      if (!isTrampoline(program) || !this.#isPossible(program.name)) continue;
      this.#fail(program.name, new BpfError(`load program "${program.name}"`, result, { hint }));
    }
  }

  /** Attaches; undefined when a twin is to be tried. */
  #attach(object: BpfObject, chosen: readonly PlainProgram[]): PlainSession | undefined {
    const links = new Map<string, BpfLink[]>();
    const session = PlainSession.of(object, links);
    const programs = new Map(object.programs().map((one) => [one.name, one]));
    const lacking: [name: string, error: HostError][] = [];
    let isStale = false;
    let works = 0;
    try {
      for (const program of chosen) {
        const placement = placementOf(this.#file, program, this.#options);
        if (placement.kind === "called") continue;
        if (placement.kind === "lacking") {
          lacking.push([program.name, lackingTarget(program, placement)]);
          continue;
        }
        const loaded = programs.get(program.name);
        if (loaded === undefined) continue;
        const failure = this.#attachOne(loaded, placement.targets, session, links);
        if (failure === undefined) works += 1;
        else {
          this.#fail(program.name, failure);
          isStale ||= this.#hasAnother(program.name);
        }
      }
      for (const map of session.maps.values()) {
        if (map.type !== MapType.StructOps) continue;
        const link = map.attachStructOps();
        if (typeof link === "number") {
          throw new BpfError(`register the struct_ops map "${map.name}"`, link, {
            hint: 'only maps of section ".struct_ops.link" are registered',
          });
        }
        links.set(map.name, [link]);
        works += 1;
      }
      if (!isStale) this.#settle(works, lacking);
    } catch (error) {
      for (const list of links.values()) list.forEach((link) => link.close());
      throw error;
    }
    if (!isStale) return session;
    for (const list of links.values()) list.forEach((link) => link.close());
    return undefined;
  }

  /** @throws when nothing is attached, or with `requireAll` something is not */
  #settle(works: number, lacking: readonly [name: string, error: HostError][]): void {
    if (works === 0) {
      if (lacking.length > 0 && this.#failed.size === 0) throw noTargets(lacking);
      for (const [name, error] of lacking) this.#failed.set(name, error);
      throw this.#noneLeft();
    }
    for (const [name, error] of lacking) this.#fail(name, error);
  }

  #hasAnother(name: string): boolean {
    const group = this.#groups.find((ways) => ways.flat().some((one) => one.name === name));
    return group?.some((way) => way.some((one) => this.#isPossible(one.name))) === true &&
      (group?.length ?? 0) > 1;
  }

  #attachOne(
    program: BpfProgram,
    targets: readonly string[],
    session: PlainSession,
    links: Map<string, BpfLink[]>,
  ): HostError | undefined {
    const { policy, maxLinks, probedPid } = this.#options;
    const isRetargeted = program.type === ProgramType.TRACING || program.type === ProgramType.LSM;
    const isIterator = /^\??iter/.test(program.section);
    for (const target of targets) {
      if ([...links.values()].flat().length >= maxLinks) {
        throw new BpfError(`attach program "${program.name}"`, errno("EMFILE"), {
          reason: `the object has ${maxLinks} links, the limit`,
          hint: "raise --max-links",
        });
      }
      try {
        const place = isRetargeted && !isIterator ? "" : target;
        const link = attachProgram(program, place, {
          find: (name) => session.map(name),
          structOps: () => [],
        }, { policy, probedPid });
        links.set(program.name, [...links.get(program.name) ?? [], link]);
      } catch (error) {
        if (error instanceof BpfError) return this.#hinted(program.name, error);
        throw error;
      }
    }
    return undefined;
  }

  /** Adds the tool's own hint to the error of a target that is not there. */
  #hinted(name: string, error: BpfError): HostError {
    const hint = this.#options.hints?.get(name);
    if (hint === undefined || error.code !== "ENOENT") return error;
    const { message, code, detail } = error;
    return new HostError(message, { code, hint, detail, cause: error });
  }
}

/** Name of the program that libbpf's log of a failed load is about. */
function failedProgram(log: string): string | undefined {
  return /^libbpf: prog '([^']*)': (?:-- BEGIN PROG LOAD LOG --|BPF program load failed|failed to |relo #|missing BPF prog type)/m
    .exec(log)?.[1] ?? /^libbpf: prog '([^']*)': /m.exec(log)?.[1];
}

function lackingTarget(
  { name }: PlainProgram,
  { reason, form }: { reason: string; form: string },
): HostError {
  return new HostError(`Cannot attach program "${name}": ${reason}`, {
    code: "NO_TARGET",
    hint: `pass --attach ${name}=TARGET; ${form}`,
  });
}

function noTargets(lacking: readonly [name: string, error: HostError][]): HostError {
  const [first] = lacking;
  if (first !== undefined && lacking.length === 1) return first[1];
  return new HostError("Cannot run the object: its programs need targets", {
    code: "NO_TARGET",
    detail: lacking.map(([, { hint = "" }]) => hint.replace(/^pass /, "")).join("\n"),
    hint: "pass --attach PROGRAM=TARGET, or --iface NAME for programs of network interfaces",
  });
}
