/** The modules of the examples, in whatever languages they are there. */
import { findExamples, type Language, modulePath } from "../../build/tasks/examples.ts";
import { fromFileUrl } from "./paths.ts";

/** The languages that an example is written in, each with its module's path. */
export function exampleModules(name: string): [Language, string][] {
  const example = findExamples().find((one) => one.name === name);
  if (example === undefined) throw new Error(`there is no examples/${name}`);
  return example.languages.map((language) => [
    language,
    fromFileUrl(`../../${modulePath(example, language)}`),
  ]);
}
