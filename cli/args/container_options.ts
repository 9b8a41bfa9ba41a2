/** Options for records of containers: whose records are shown, and the fields with their names. */
import type { OptionSpec } from "./options.ts";

export const CONTAINER_OPTIONS = {
  "container": {
    argument: "NAME",
    repeatable: true,
    help:
      "show records of this container, by its name or the first 12 digits of its id; repeatable",
  },
  "pod": {
    argument: "[NAMESPACE/]NAME",
    repeatable: true,
    help: "show records of the containers of this pod; repeatable",
  },
  "cgroup": {
    argument: "PATH",
    repeatable: true,
    help: "show records of this control group and those below it, such as " +
      "system.slice/ssh.service; repeatable",
  },
  "containers": { help: "add container, pod and pod_namespace to each record" },
} as const satisfies Record<string, OptionSpec>;

/** Name of an option for containers. */
export type ContainerOption = keyof typeof CONTAINER_OPTIONS;

/** Part of a command line on which the options for containers, and names of fields, can be. */
export interface ContainerLine {
  readonly values: { readonly [name in "fields" | "filter" | "sort" | "aggregate"]?: string };
  readonly lists?: { readonly [name in ContainerOption | "metric"]?: readonly string[] };
  readonly flags: { has(name: "containers"): boolean };
}

/** Names of the fields, as words of another option. */
const FIELDS = /(^|[^\w.])(container|pod|pod_namespace)($|[^\w.])/;

/** Reports whether a command line selects containers, so that other records are not shown. */
export function selectsContainers({ lists }: ContainerLine): boolean {
  return lists?.container !== undefined || lists?.pod !== undefined ||
    lists?.cgroup !== undefined;
}

/** Reports whether records have the fields of containers. */
export function showsContainers({ lists, flags }: ContainerLine): boolean {
  return flags.has("containers") || lists?.container !== undefined || lists?.pod !== undefined;
}

/** Reports whether a command line has an option for containers, or names one of their fields. */
export function wantsContainers(line: ContainerLine): boolean {
  const { values: { fields, filter, sort, aggregate }, lists } = line;
  return selectsContainers(line) || showsContainers(line) ||
    [fields, filter, sort, aggregate, ...lists?.metric ?? []].some((text) =>
      text !== undefined && FIELDS.test(text)
    );
}
