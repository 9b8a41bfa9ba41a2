/** Who makes what. */
import { emitAssemblyScript } from "./emit_assemblyscript.ts";
import { emitC } from "./emit_c.ts";
import { emitGo } from "./emit_go.ts";
import { emitRust } from "./emit_rust.ts";
import { emitTypeScript } from "./emit_typescript.ts";
import { emitWit } from "./emit_wit.ts";
import type { Model } from "./model.ts";
import type { Target } from "./targets.ts";

/** What an emitter is told beside the types. */
export interface EmitContext {
  /** Lines of the comment that every file begins with. */
  readonly header: readonly string[];
  /** The object's name, as an identifier. */
  readonly name: string;
  /** Of a Go file. */
  readonly goPackage: string;
  /** A marker trait that Rust's types implement; "" for none. */
  readonly rustTrait: string;
}

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
