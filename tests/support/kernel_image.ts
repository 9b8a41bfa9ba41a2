/** Kernel functions of kernels that `kernel_vm` fetched, read from their images without booting them. */
import { Buffer } from "node:buffer";
import { zstdDecompressSync } from "node:zlib";
import { TestFolder } from "./folder.ts";
import { succeed } from "./succeed.ts";

/** Folder that `kernel_vm` keeps kernels in. */
const KERNELS = Deno.env.get("KERNEL_VM_DIR") ?? "/var/tmp/kernel-vm";

/** Start of a frame of zstd (RFC 8878, section 3.1.1), and that of its size in the image's header. */
const ZSTD = [0x28, 0xb5, 0x2f, 0xfd];
/** Documentation/arch/x86/boot.rst: sectors of set-up, offset and size of the compressed kernel. */
const SETUP_SECTORS = 0x1f1, PAYLOAD_AT = 0x248, PAYLOAD_BYTES = 0x24c, SECTOR = 512;

/** Returns the versions whose images are compressed as those since Linux 6.10 are. */
export function fetchedKernels(): string[] {
  try {
    return [...Deno.readDirSync(KERNELS)].map(({ name }) => name)
      .filter((name) => /^\d/.test(name) && payloadOf(name) !== undefined).sort();
  } catch {
    return [];
  }
}

function payloadOf(version: string): Buffer | undefined {
  let image: Buffer;
  try {
    image = Buffer.from(Deno.readFileSync(`${KERNELS}/${version}/vmlinuz`));
  } catch {
    return undefined;
  }
  const start = ((image[SETUP_SECTORS] ?? 0) + 1) * SECTOR + image.readUInt32LE(PAYLOAD_AT);
  // The last four bytes are the size of the content.
  const payload = image.subarray(start, start + image.readUInt32LE(PAYLOAD_BYTES) - 4);
  return ZSTD.every((byte, at) => payload[at] === byte) ? payload : undefined;
}

/** Returns the names of a kernel's functions that programs may call, by its types. */
export async function kernelFunctions(version: string): Promise<string[]> {
  const payload = payloadOf(version);
  if (payload === undefined) throw new Error(`${version}: no image`);
  using folder = new TestFolder();
  const path = folder.at("vmlinux");
  await Deno.writeFile(path, zstdDecompressSync(payload));
  return taggedFunctions(await succeed("bpftool", "btf", "dump", "file", path, "format", "raw"));
}

/** Returns the functions with the tag of kernel functions in a dump of `bpftool btf dump`. */
export function taggedFunctions(dump: string): string[] {
  const tagged = new Set(
    [...dump.matchAll(/^\[\d+\] DECL_TAG 'bpf_kfunc' type_id=(\d+)/gm)].map(([, id]) => id),
  );
  return [...dump.matchAll(/^\[(\d+)\] FUNC '(\w+)'/gm)]
    .filter(([, id]) => tagged.has(id)).map(([, , name = ""]) => name);
}
