/**
 * Gives back the memory of bytes nobody needs any more, at once. Left to the collector, a stream of 64 KiB
 * pieces makes it walk the whole heap for each 40 MB that pass, at the price of what is done with them. Only
 * bytes with a buffer of their own are given back, and they are empty then: the caller must be their only owner.
 */
export function freeMemory({ buffer, byteOffset, length }: Uint8Array): void {
  const isOwn = byteOffset === 0 && length === buffer.byteLength
  if (isOwn && buffer instanceof ArrayBuffer) buffer.transfer(0)
}
