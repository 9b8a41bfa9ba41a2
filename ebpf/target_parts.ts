/** Parts of attach targets; netfilter hooks by name. */

/** The program's type does not understand the target. */
export class TargetSyntaxError extends Error {
  override name = "TargetSyntaxError";
  /** The right form, for people. */
  readonly hint: string;

  constructor(reason: string, hint: string) {
    super(reason);
    this.hint = hint;
  }
}

/** `IFNAMSIZ` without its NUL. */
const INTERFACE_MAX_BYTES = 15;

/** `PATH_MAX` without its NUL. */
const PATH_MAX_BYTES = 4095;

/** Bytes of a text in UTF-8. */
export function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** Checks a name as the kernel's `dev_valid_name()` does: it gives no other to any interface. */
export function interfaceName(text: string, form: string): string {
  const valid = text !== "" && utf8Length(text) <= INTERFACE_MAX_BYTES &&
    !/[\s/:\0]/.test(text) && text !== "." && text !== "..";
  if (!valid) throw new TargetSyntaxError("not a valid interface name", form);
  return text;
}

/** Checks a path for what no path can be; what it leads to is asked when it is opened. */
export function path(text: string, form: string): string {
  if (text === "") throw new TargetSyntaxError("missing path", form);
  if (text.includes("\0")) throw new TargetSyntaxError("a path cannot contain NUL", form);
  if (utf8Length(text) > PATH_MAX_BYTES) {
    throw new TargetSyntaxError(`a path has at most ${PATH_MAX_BYTES} bytes`, form);
  }
  return text;
}

/**
 * Reads a decimal or 0x-hexadecimal number.
 *
 * @param what it is called in the error
 * @param range both ends included
 */
export function wholeNumber(
  text: string,
  what: string,
  range: { min: bigint; max: bigint },
  form: string,
): bigint {
  // BigInt() takes much more: "", blanks, octal. Twenty digits are enough for 64 bits.
  if (!/^(-?\d{1,20}|0x[\da-f]{1,16})$/i.test(text)) {
    throw new TargetSyntaxError(`its ${what} is not a number`, form);
  }
  const number = BigInt(text);
  if (number < range.min || number > range.max) {
    throw new TargetSyntaxError(`its ${what} is not between ${range.min} and ${range.max}`, form);
  }
  return number;
}

/** Text before and after the first separator; the second is missing without a separator. */
export function cut(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** Form of a target. */
export const NETFILTER_FORM =
  'the target is FAMILY:HOOK:PRIORITY: ipv4 or ipv6; prerouting, local_in, forward, local_out or postrouting; a number, such as "ipv4:local_in:-128"';

/** `NFPROTO_*` of `linux/netfilter.h`: the two that eBPF can be attached to. */
export const FAMILIES = new Map([["ipv4", 2], ["ipv6", 10]]);

/** `enum nf_inet_hooks`, by the kernel's names and nftables'. */
export const HOOKS = new Map([
  ...["prerouting", "local_in", "forward", "local_out", "postrouting"].entries(),
  [0, "pre_routing"] as const,
  [1, "input"] as const,
  [3, "output"] as const,
  [4, "post_routing"] as const,
].map(([number, name]) => [name, number]));

/**
 * Reads `FAMILY[:HOOK[:PRIORITY]]` of a permission, as numbers and patterns, such as `2:1:*`.
 *
 * @throws {TargetSyntaxError}
 */
export function netfilterHook(target: string): string {
  const [familyName = "", hookName = "*", priority = "*", ...rest] = target.split(":");
  const family = familyName === "*" ? "*" : FAMILIES.get(familyName);
  const hook = hookName === "*" ? "*" : HOOKS.get(hookName);
  if (
    family === undefined || hook === undefined || rest.length > 0 ||
    !/^(\*|-?\d{1,10})$/.test(priority)
  ) {
    throw new TargetSyntaxError("not a netfilter hook", NETFILTER_FORM);
  }
  return `${family}:${hook}:${priority}`;
}
