/** Rejects encodings of Ed25519 (RFC 8032, section 5.1) that allow signatures without a private key. */

/** Prime of the field. */
const P = 2n ** 255n - 19n;
/** Order of the base point. */
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
/** Constant of the curve -x² + y² = 1 + d·x²·y². */
const D = 0x52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3n;

/** y of two of the points of order 8; the other two have its negative. */
const ORDER_8_Y = 0x5fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;

/** Bytes of a point, and of a signature: point R, then number S. */
const POINT_BYTES = 32;
const SIGNATURE_BYTES = 64;

/**
 * y of the eight points whose order divides 8. Such a key verifies signatures of any message; no honest
 * signer uses one as R.
 */
const SMALL_ORDER_Y: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  P - 1n,
  ORDER_8_Y,
  P - ORDER_8_Y,
]);

/**
 * Returns the reason to refuse a key; undefined for a canonically encoded point of the curve that is not
 * of small order.
 */
export function pointObjection(encoded: Uint8Array): string | undefined {
  if (encoded.length !== POINT_BYTES) return `${encoded.length} bytes instead of ${POINT_BYTES}`;
  const number = littleEndian(encoded);
  const sign = number >> 255n;
  const y = number & (2n ** 255n - 1n);
  if (y >= P) return "its point is not encoded canonically";
  if (SMALL_ORDER_Y.has(y)) return "its point has a small order, so any signature would verify";
  const square = squareOfX(y);
  if (square === 0n && sign === 1n) return "its point is not encoded canonically";
  return isSquare(square) ? undefined : "its point is not on the curve";
}

/** Reports whether a signature is canonical by RFC 8032: S below L, and R valid as a key. */
export function isCanonicalSignature(signature: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_BYTES) return false;
  if (littleEndian(signature.subarray(POINT_BYTES)) >= L) return false;
  return pointObjection(signature.subarray(0, POINT_BYTES)) === undefined;
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${bytes.toReversed().toHex()}`);
}

/** Returns x² = (y² - 1) / (d·y² + 1); the divisor is never 0, since -1/d is not a square. */
function squareOfX(y: bigint): bigint {
  const y2 = y * y % P;
  return (y2 + P - 1n) * power((D * y2 + 1n) % P, P - 2n) % P;
}

/** Reports whether a value is a square, by Euler's criterion. */
function isSquare(value: bigint): boolean {
  return value === 0n || power(value, (P - 1n) / 2n) === 1n;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = base;
  for (let left = exponent; left > 0n; left >>= 1n) {
    if ((left & 1n) === 1n) result = result * square % P;
    square = square * square % P;
  }
  return result;
}
