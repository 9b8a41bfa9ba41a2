/** Input of an emitter in addition to the types. */
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
