/** Who makes what. */
import { emitC } from "./emit_c.ts";
import type { Model } from "./model.ts";
import type { Target } from "./targets.ts";

/** What an emitter is told beside the types. */
export interface EmitContext {
  /** Lines of the comment that every file begins with. */
  readonly header: readonly string[];
  /** The object's name, as an identifier. */
  readonly name: string;
}

/** Makes a file of a model. */
export type Emitter = (model: Model, context: EmitContext) => string;

/** By target; a skeleton is made from an object and not from types. */
export const EMITTERS: Readonly<Record<Exclude<Target, "skeleton">, Emitter>> = {
  c: emitC,
};
