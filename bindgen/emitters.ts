/** Who makes what. */
import type { EmitContext } from "./emit_context.ts";
import { emitAssemblyScript } from "./emit_assemblyscript.ts";
import { emitC } from "./emit_c.ts";
import { emitGo } from "./emit_go.ts";
import { emitRust } from "./emit_rust.ts";
import { emitTypeScript } from "./emit_typescript.ts";
import { emitWit } from "./emit_wit.ts";
import type { Model } from "./model.ts";
import type { Target } from "./targets.ts";

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
