/** Emitters by target. */
import type { EmitContext } from "./base.ts";
import { emitAssemblyScript } from "./assemblyscript.ts";
import { emitC } from "./c.ts";
import { emitGo } from "./go.ts";
import { emitRust } from "./rust.ts";
import { emitTypeScript } from "./typescript.ts";
import { emitWit } from "./wit.ts";
import type { Model } from "../model.ts";
import type { Target } from "../targets.ts";

/** Makes a file of a model. */
export type Emitter = (model: Model, context: EmitContext) => string;

/** By target; a skeleton is made from an object and not from types. */
export const EMITTERS: Readonly<Record<Exclude<Target, "skeleton">, Emitter>> = {
  c: emitC,
  rust: emitRust,
  go: emitGo,
  assemblyscript: emitAssemblyScript,
  typescript: emitTypeScript,
  wit: emitWit,
};
