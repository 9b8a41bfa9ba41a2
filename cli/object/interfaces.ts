/** Network interfaces of this process's namespace. */

const FOLDER = "/sys/class/net";

/** Returns the name of an interface by its number; undefined without it. */
export function interfaceByIndex(index: number): string | undefined {
  if (index === 1) return "lo";
  try {
    for (const { name } of Deno.readDirSync(FOLDER)) {
      if (Number(readSmall(`${FOLDER}/${name}/ifindex`)) === index) return name;
    }
  } catch {
    // Without sysfs, no interface has a number.
  }
  return undefined;
}

function readSmall(path: string): string {
  using file = Deno.openSync(path);
  const bytes = new Uint8Array(32);
  return new TextDecoder().decode(bytes.subarray(0, file.readSync(bytes) ?? 0));
}
