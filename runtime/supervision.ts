/** Entry point for processes that keep others running. */
export { errno, supervision } from "../ffi/mod.ts";
