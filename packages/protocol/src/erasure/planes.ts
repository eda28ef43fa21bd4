/**
 * A piece is eight planes of equal length, one after another: bit s of plane p (byte s >> 3, bit s
 * & 7, lowest first) is bit p of symbol s. So a product with a constant is a few XORs of planes,
 * and any map that is linear over GF(2) and treats all planes alike commutes with the code.
 */

/** Symbol s of a piece. */
export function readSymbol(piece: Uint8Array, s: number): number {
  const planeBytes = piece.length >> 3
  let symbol = 0
  for (let plane = 0; plane < 8; plane++) {
    const byte = piece[plane * planeBytes + (s >> 3)] ?? 0
    symbol |= ((byte >> (s & 7)) & 1) << plane
  }
  return symbol
}

/** ORs symbol s into a piece whose bits are still zero there. */
export function placeSymbol(piece: Uint8Array, s: number, symbol: number): void {
  const planeBytes = piece.length >> 3
  for (let plane = 0; plane < 8; plane++) {
    const at = plane * planeBytes + (s >> 3)
    piece[at] = (piece[at] ?? 0) | (((symbol >> plane) & 1) << (s & 7))
  }
}
