/**
 * Descriptors of this process with what they are of. A test compares them, and not their number: Deno may
 * close some of its own at any time.
 */
export function ownDescriptors(): Set<string> {
  return new Set([...Deno.readDirSync("/proc/self/fd")].flatMap(({ name }) => {
    try {
      return [`${name} ${Deno.readLinkSync(`/proc/self/fd/${name}`)}`];
    } catch {
      // The descriptor that lists the folder.
      return [];
    }
  }));
}
