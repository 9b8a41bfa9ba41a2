/** Versions of tools, and their order. */

/** One to four numbers, and an optional pre-release part as in Semantic Versioning. */
const VERSION = /^(\d{1,9}(?:\.\d{1,9}){0,3})(?:-([0-9A-Za-z]+(?:[.-][0-9A-Za-z]+)*))?$/;

/** Longest version; longer ones are refused. */
const MAX_LENGTH = 64;

/** Reports whether a text is a version such as `1.2.0` or `2.0.0-rc.1`. */
export function isVersion(text: string): boolean {
  return text.length <= MAX_LENGTH && VERSION.test(text);
}

/** Returns the version that a tag names, with or without a `v` in front; undefined for other tags. */
export function versionOfTag(tag: string): string | undefined {
  const text = tag.replace(/^v(?=\d)/, "");
  return isVersion(text) ? text : undefined;
}

/**
 * Compares two versions: negative when `a` is older. `1.2` and `1.2.0` are equal; a pre-release precedes
 * its release (Semantic Versioning 2.0.0, section 11).
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  for (let i = 0; i < 4; i++) {
    const difference = (left.numbers[i] ?? 0) - (right.numbers[i] ?? 0);
    if (difference !== 0) return difference;
  }
  if (left.pre === undefined || right.pre === undefined) {
    return Number(left.pre === undefined) - Number(right.pre === undefined);
  }
  return comparePre(left.pre, right.pre);
}

function partsOf(version: string): { numbers: number[]; pre: string[] | undefined } {
  const [, numbers = "0", pre] = VERSION.exec(version) ?? [];
  return { numbers: numbers.split(".").map(Number), pre: pre?.split(".") };
}

function comparePre(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [left, right] = [a[i], b[i]];
    if (left === undefined || right === undefined) return left === undefined ? -1 : 1;
    if (left === right) continue;
    const areNumbers = [left, right].map((part) => /^\d+$/.test(part));
    if (areNumbers[0] && areNumbers[1]) {
      const difference = compareDigits(left, right);
      if (difference !== 0) return difference;
    } else if (areNumbers[0] !== areNumbers[1]) return areNumbers[0] ? -1 : 1;
    else return left < right ? -1 : 1;
  }
  return 0;
}

/** Compares numbers of any length. */
function compareDigits(a: string, b: string): number {
  const [left, right] = [a.replace(/^0+/, ""), b.replace(/^0+/, "")];
  if (left.length !== right.length) return left.length - right.length;
  return left === right ? 0 : left < right ? -1 : 1;
}
