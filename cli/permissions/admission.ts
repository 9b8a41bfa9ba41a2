/**
 * Permissions of a module from elsewhere: what it needs beyond observing and reading is granted by
 * options, by a kept grant, or by a reply on the terminal; else it does not run.
 */
import { BtfError, ElfError } from "../../ebpf/btf/mod.ts";
import { inspectObject, type Need, needsOf, type ObjectFacts } from "../../ebpf/inspection/mod.ts";
import {
  type Bound,
  GRANTABLE_LEVELS,
  type GrantableLevel,
  kfuncEntries,
  type Permissions,
  Policy,
} from "../../ebpf/permissions/mod.ts";
import { grantsFor, keepGrant, type KeptGrant, type Origin } from "../../oci/stored.ts";
import { Terminal } from "../../runtime/machine.ts";
import { embeddedObjects } from "../module/bpf_objects.ts";
import { printError, visibleLine } from "../terminal/output.ts";
import { type Asked, askedBound, notAsked } from "./asked.ts";
import { type Answer, askOnTerminal, describeNeeds, flagsFor } from "./question.ts";

/** Levels that every module may use. */
const FREE_LEVELS: readonly GrantableLevel[] = ["observe", "inspect"];

/** Levels that only an option grants, never a reply. */
const OPTION_LEVELS: ReadonlySet<GrantableLevel> = new Set(["write"]);

/** Levels and names that replies granted. */
interface Granted {
  readonly levels: Set<GrantableLevel>;
  readonly kfuncs: Set<string>;
}

/**
 * Reason why a module or an object is not admitted. Not an error: the compiled program has this file in
 * several bundles, and the classes of one are unknown to another.
 */
export interface Refused {
  readonly refused: {
    readonly message: string;
    /** Options to add. */
    readonly hint: string;
    /** Everything that was not granted. */
    readonly detail: string;
  };
}

/** Parts of an admission. */
export interface AdmissionParts {
  /** Name of the module in messages. */
  readonly name: string;
  readonly origin: Origin;
  /** Permissions by the options of the command line. */
  readonly permissions: Permissions;
  /** Levels that policies grant. */
  readonly granted: readonly GrantableLevel[];
  /** Permissions in its manifest, beyond which nothing is granted; undefined for one without. */
  readonly asked: Asked | undefined;
}

/** Decides about one module and its objects, before the start and while it runs. */
export class Admission {
  readonly #parts: AdmissionParts;
  readonly #granted: Granted = { levels: new Set(), kfuncs: new Set() };
  /** Bound of the permissions in the module's manifest, if it has them. */
  readonly #within: readonly Bound[];
  /** Open before the guest's thread is confined; for the life of the process. */
  readonly #terminal: Terminal | undefined;

  /** Reads the kept grants, too: a confined thread cannot. */
  constructor(parts: AdmissionParts) {
    this.#parts = parts;
    const { asked, origin } = parts;
    this.#within = asked === undefined ? [] : [askedBound(asked, origin.repository)];
    this.#grant(parts.granted, []);
    for (const { levels, kfuncs } of keptFor(parts.origin)) {
      this.#grant(levels.filter(isAnswerable), kfuncs);
    }
    this.#terminal = Terminal.open();
  }

  /**
   * Decides about the objects in a module's data, all in one question. What is not found here is decided
   * about when it is loaded.
   *
   * @param options.canAsk false leaves the question to another admission
   * @returns why the module is not admitted; undefined when it is
   */
  admitModule(
    module: Uint8Array<ArrayBuffer>,
    { canAsk }: { canAsk: boolean },
  ): Refused | undefined {
    const objects = embeddedObjects(module).objects.map(inspected)
      .filter((object) => object !== undefined);
    const { name } = this.#parts;
    return this.#settle(objects, { canAsk, canKeep: true, act: `run "${name}"` });
  }

  /**
   * Decides about an object that the module is about to load; one that was in its data is admitted.
   *
   * @param isUnwanted is asked while the question waits; true ends it
   */
  admitObject(bytes: Uint8Array<ArrayBuffer>, isUnwanted: () => boolean): Permissions | Refused {
    const object = inspected(bytes);
    // A damaged object is refused by its load, and by the same permissions.
    if (object === undefined) return this.permissions;
    const { name } = this.#parts;
    const act = `load an eBPF object of "${name}"`;
    // A confined thread cannot write the file of kept grants.
    const refused = this.#settle([object], { canAsk: true, canKeep: false, act, isUnwanted });
    return refused ?? this.permissions;
  }

  /** Registry or address of the module, its digest and signers. */
  get origin(): Origin {
    return this.#parts.origin;
  }

  /** Permissions that hold now. */
  get permissions(): Permissions {
    const { permissions } = this.#parts;
    const { levels, kfuncs } = this.#granted;
    const named = [...(permissions.strict ? [] : FREE_LEVELS), ...permissions.allowBpf ?? []];
    return {
      ...permissions,
      strict: true,
      allowBpf: [...new Set([...named, ...levels])],
      denyKfunc: [...permissions.denyKfunc ?? [], ...unnamedKfuncs(named, this.#granted)],
      allowKfunc: [...permissions.allowKfunc ?? [], ...kfuncs],
      within: [...permissions.within ?? [], ...this.#within],
    };
  }

  #settle(
    objects: readonly ObjectFacts[],
    { act, ...question }: {
      canAsk: boolean;
      canKeep: boolean;
      act: string;
      isUnwanted?: () => boolean;
    },
  ): Refused | undefined {
    const { name, origin, asked } = this.#parts;
    const beyond = asked === undefined ? [] : objects.flatMap((one) => notAsked(one, asked));
    if (beyond.length > 0) return beyondAsked(act, origin, beyond);
    const needs = this.#needs(objects);
    if (needs.length === 0) return undefined;
    const isAnswer = needs.every(({ level, needsName }) => isAnswerable(level) && !needsName);
    const answer: Answer = question.canAsk && isAnswer && this.#terminal !== undefined
      ? askOnTerminal(this.#terminal, { ...question, name, origin, needs })
      : "no";
    if (answer === "no") return refusal(act, needs);
    const levels = [...new Set(needs.map(({ level }) => level))];
    const kfuncs = explicitKfuncs(needs);
    this.#grant(levels, kfuncs);
    if (answer === "always") keep(origin, { levels, kfuncs });
    return undefined;
  }

  #needs(objects: readonly ObjectFacts[]): Need[] {
    const policy = new Policy(this.permissions);
    return objects.flatMap((object) => needsOf(object, policy));
  }

  #grant(levels: readonly GrantableLevel[], kfuncs: readonly string[]): void {
    const explicit = explicitNames();
    for (const level of levels) this.#granted.levels.add(level);
    for (const name of kfuncs) if (explicit.has(name)) this.#granted.kfuncs.add(name);
  }
}

/** Returns the kept grants; a file that cannot be used grants nothing. */
function keptFor(origin: Origin): KeptGrant[] {
  try {
    return grantsFor(origin);
  } catch (error) {
    warn("kept grants are ignored", error);
    return [];
  }
}

function keep(origin: Origin, grant: { levels: string[]; kfuncs: string[] }): void {
  try {
    keepGrant(origin, grant);
  } catch (error) {
    warn("the grant holds for this run only", error);
  }
}

function warn(what: string, error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error);
  printError(visibleLine(`warning: ${what}: ${reason}`));
}

function inspected(bytes: Uint8Array<ArrayBuffer>): ObjectFacts | undefined {
  try {
    return inspectObject(bytes);
  } catch (error) {
    if (error instanceof ElfError || error instanceof BtfError) return undefined;
    throw error;
  }
}

function isAnswerable(level: string): level is GrantableLevel {
  const known = GRANTABLE_LEVELS.find((one) => one === level);
  return known !== undefined && !OPTION_LEVELS.has(known);
}

/** Kernel functions that a level alone does not allow. */
function explicitNames(): ReadonlySet<string> {
  return new Set(kfuncEntries().filter(({ isExplicit }) => isExplicit).map(({ name }) => name));
}

function explicitKfuncs(needs: readonly Need[]): string[] {
  const explicit = explicitNames();
  return needs.flatMap(({ call }) => call !== undefined && explicit.has(call) ? [call] : []);
}

/** Returns functions of granted levels that have to be named and were not. */
function unnamedKfuncs(named: readonly GrantableLevel[], { levels, kfuncs }: Granted): string[] {
  if (levels.size === 0) return [];
  return kfuncEntries().filter(({ name, level, isExplicit }) =>
    isExplicit && (levels as ReadonlySet<string>).has(level) &&
    !(named as readonly string[]).includes(level) && !kfuncs.has(name)
  ).map(({ name }) => name);
}

/** Refuses what no option and no reply allows: a module's manifest bounds what it is granted. */
function beyondAsked(act: string, { repository }: Origin, needs: readonly Need[]): Refused {
  return {
    refused: {
      message: `Cannot ${act}: it uses permissions that its manifest does not ask for`,
      detail: describeNeeds(needs).join("\n"),
      hint: `do not trust it before its author has pushed ${repository} again ` +
        "(wasm-bpf push writes what a module asks for)",
    },
  };
}

function refusal(act: string, needs: readonly Need[]): Refused {
  return {
    refused: {
      message: `Cannot ${act}: it needs permissions that were not granted`,
      detail: describeNeeds(needs).join("\n"),
      hint: `pass ${flagsFor(needs)} only if you trust this module with that`,
    },
  };
}
