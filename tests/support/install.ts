/** Programs that tests build for themselves, next to other tests. */

/**
 * Moves a program that was just built to its path. An equal one stays in its place: probes that another
 * process has attached to it would not see runs of a new file.
 */
export async function install(fresh: string, path: string): Promise<void> {
  try {
    // Unlike a rename, it keeps what another process has installed in the meantime.
    await Deno.link(fresh, path);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    if (!await areEqual(fresh, path)) return await Deno.rename(fresh, path);
  }
  await Deno.remove(fresh);
}

async function areEqual(one: string, other: string): Promise<boolean> {
  const [bytes, others] = await Promise.all([Deno.readFile(one), Deno.readFile(other)]);
  return bytes.length === others.length && bytes.every((byte, at) => byte === others[at]);
}
