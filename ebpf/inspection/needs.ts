/** Lists what an object needs and a policy does not allow, before anything is loaded. */
import { helperByName, kfuncByLocalName } from "../permissions/entries.ts";
import type { GrantableLevel, Level } from "../permissions/levels.ts";
import type { Policy } from "../permissions/policy.ts";
import type { ObjectFacts, ProgramFacts } from "./object.ts";
import { levelsOfSection } from "./sections.ts";

/** One thing that a program does and that is not allowed. */
export interface Need {
  /** Level that allows it. */
  readonly level: GrantableLevel;
  /** Name of the program. */
  readonly program: string;
  /** Name of the program type, such as `xdp`. */
  readonly type: string;
  /** Place that the program's section names, if it names one. */
  readonly target: string | undefined;
  /** Helper or kernel function that the program calls; undefined for the program's kind. */
  readonly call: string | undefined;
  /** True for a kernel function that needs its own name allowed in addition to its level. */
  readonly needsName: boolean;
}

/**
 * Lists what an object's programs need beyond a policy, in their order.
 *
 * Leaves out denied calls and those of level `never`: no reply allows them, and the load fails.
 */
export function needsOf(object: Pick<ObjectFacts, "programs">, policy: Policy): Need[] {
  return object.programs.flatMap((program) => programNeeds(program, policy));
}

function programNeeds(program: ProgramFacts, policy: Policy): Need[] {
  const need = (level: Level, call?: string, needsName = false): Need[] => {
    if (level === "never" || policy.isLevelDenied(level)) return [];
    if (call !== undefined && policy.isNameDenied(call)) return [];
    const { name, type, target } = program;
    return [{ level, program: name, type, target, call, needsName }];
  };
  const levels = new Set<Level>(levelsOfSection(program.section));
  if (program.variables.length > 0 || program.readsByMap) levels.add("inspect");
  return [
    ...[...levels].flatMap((level) => policy.allowsLevel(level) ? [] : need(level)),
    ...program.helpers.flatMap((name) => {
      const entry = helperByName(name);
      return entry === undefined || policy.allowsHelper(entry) ? [] : need(entry.level, name);
    }),
    ...program.kfuncs.flatMap((name) => {
      const entry = kfuncByLocalName(name);
      if (entry !== undefined) {
        return policy.allowsKfunc(entry) ? [] : need(entry.level, entry.name);
      }
      // By a number alone: the load finds the name.
      if (!/^\w+$/.test(name)) return [];
      return policy.allowsUnlistedKfunc(name) ? [] : need("write", name, true);
    }),
  ];
}
