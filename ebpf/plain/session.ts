/** One plain object, opened, loaded and attached without a guest; through the same gates. */
import type { AttachRules, BpfLink, BpfMap, BpfObject, BpfProgram, Budget } from "../../ffi/mod.ts";
import type { HostError } from "../../ffi/errors.ts";
import type { Policy } from "../permissions/mod.ts";
import type { MapSetting } from "./fixups.ts";
import type { ProgramChoice } from "./selection.ts";

/** A value that a variable starts with. */
export interface VariableValue {
  readonly name: string;
  readonly section: string;
  readonly offset: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Wishes and limits of a run. */
export interface SessionOptions extends ProgramChoice {
  readonly policy: Policy;
  /** Where programs may be attached; undefined without words for it. */
  readonly rules: AttachRules | undefined;
  readonly budget: Budget;
  /** Links that are attached at a time. */
  readonly maxLinks: number;
  readonly settings: readonly MapSetting[];
  readonly values: readonly VariableValue[];
  /** Process of the probes in user space whose target names none; default: all processes. */
  readonly probedPid?: number;
  /** True if every program must be attached. */
  readonly requireAll: boolean;
  /** Hints for programs whose target is not there, by program. */
  readonly hints?: ReadonlyMap<string, string>;
  /** Gets a line for each program that is not attached. */
  readonly onWarning: (error: HostError) => void;
  /** Gets what libbpf reports of a load that succeeds. */
  readonly onNotice: (text: string) => void;
}

/** Name of every object in libbpf; maps of global variables are named after it. */
export const OBJECT_NAME = "object";

/** A loaded object with its links. `close()` detaches and unloads. */
export class PlainSession implements Disposable {
  readonly #object: BpfObject;
  readonly maps: ReadonlyMap<string, BpfMap>;
  readonly programs: ReadonlyMap<string, BpfProgram>;
  /** Links of each program that is attached. */
  readonly links: ReadonlyMap<string, readonly BpfLink[]>;

  private constructor(
    object: BpfObject,
    maps: ReadonlyMap<string, BpfMap>,
    links: ReadonlyMap<string, readonly BpfLink[]>,
  ) {
    this.#object = object;
    this.maps = maps;
    this.links = links;
    this.programs = new Map(object.programs().map((program) => [program.name, program]));
  }

  /** @internal Made by {@linkcode startSession}. */
  static of(object: BpfObject, links: Map<string, BpfLink[]>): PlainSession {
    const maps = new Map(object.maps().map((map) => [map.name, map]));
    return new PlainSession(object, maps, links);
  }

  /** Finds a map; one of global variables also by the name of its section. */
  map(name: string): BpfMap | undefined {
    return this.maps.get(name) ?? this.maps.get(`${OBJECT_NAME}${name}`);
  }

  /** Detaches and unloads. Buffers made from the maps must be closed before. */
  close(): void {
    for (const links of this.links.values()) links.forEach((link) => link.close());
    this.#object.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
