/** Entry point for processes that keep others running. */
export { errno, kernel, supervision } from "../ffi/mod.ts";
