/** Modules of the examples, in all of their languages. */
import { findExamples, type Language, modulePath } from "../../build/tasks/examples.ts";
import { fromFileUrl } from "./paths.ts";

/** Lists the languages that an example is written in, each with its module's path. */
export function exampleModules(name: string): [Language, string][] {
  const example = findExamples().find((one) => one.name === name);
  if (example === undefined) throw new Error(`no example examples/${name}`);
  return example.languages.map((language) => [
    language,
    fromFileUrl(`../../${modulePath(example, language)}`),
  ]);
}
