/** Internet and hardware addresses, as text. */

/** Returns an address of `length` bytes in network byte order; undefined for other text. */
export function parseAddress(text: string, length: number): Uint8Array<ArrayBuffer> | undefined {
  if (length === 4) return version4(text);
  if (length === 6) return hardware(text);
  if (length === 16) return version6(text);
  return undefined;
}

function version4(text: string): Uint8Array<ArrayBuffer> | undefined {
  const parts = text.split(".");
  const isAddress = parts.length === 4 &&
    parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256);
  return isAddress ? Uint8Array.from(parts, Number) : undefined;
}

function hardware(text: string): Uint8Array<ArrayBuffer> | undefined {
  const parts = text.split(":");
  const isAddress = parts.length === 6 && parts.every((part) => /^[\da-f]{1,2}$/i.test(part));
  return isAddress ? Uint8Array.from(parts, (part) => parseInt(part, 16)) : undefined;
}

function version6(text: string): Uint8Array<ArrayBuffer> | undefined {
  const four = version4(text);
  if (four !== undefined) {
    const bytes = new Uint8Array(16);
    bytes.set([0xff, 0xff], 10);
    bytes.set(four, 12);
    return bytes;
  }
  if (!/^[\da-f:]+$/i.test(text)) return undefined;
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [start = [], end = []] = halves.map((half) => half === "" ? [] : half.split(":"));
  const left = 8 - start.length - end.length;
  if (halves.length === 1 ? left !== 0 : left < 1) return undefined;
  const words = [...start, ...Array<string>(left).fill("0"), ...end];
  if (!words.every((word) => /^[\da-f]{1,4}$/i.test(word))) return undefined;
  return Uint8Array.from(words.flatMap((word) => {
    const value = parseInt(word, 16);
    return [value >> 8, value & 0xff];
  }));
}
