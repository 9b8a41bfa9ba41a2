/** Attempts to do more than is granted, by name. */

/** Attempt: true when it did what is not granted. */
export type Attempt = () => boolean | Promise<boolean>;

/** Attempts by name. */
export type Attempts = Map<string, Attempt>;

/** A library that probes go to. */
export const LIBC = await Deno.realPath(`/lib/${Deno.build.arch}-linux-gnu/libc.so.6`);
