/** Memory for bodies, used again: fresh memory costs a server as much as the bytes that fill it. */
export type BodyPool = {
  /** Exactly so many bytes, of any content. */
  take(bytes: number): Uint8Array
  /** Gives back what `take` gave; nobody may look at it any more. */
  giveBack(body: Uint8Array): void
}

const smallestBytes = 64 * 1024

/** Keeps at most so many bytes for later, in powers of two. */
export function createBodyPool(keptBytesMax: number): BodyPool {
  const kept = new Map<number, ArrayBufferLike[]>()
  let keptBytes = 0
  return {
    take(bytes) {
      if (bytes < smallestBytes) return newBody(bytes)
      const capacity = 2 ** Math.ceil(Math.log2(bytes))
      const memory = kept.get(capacity)?.pop()
      if (memory === undefined) return newBody(capacity).subarray(0, bytes)
      keptBytes -= capacity
      return new Uint8Array(memory, 0, bytes)
    },
    giveBack({ buffer }) {
      const capacity = buffer.byteLength
      const isOurs = capacity >= smallestBytes && Number.isInteger(Math.log2(capacity))
      if (!isOurs || keptBytes + capacity > keptBytesMax) return
      const same = kept.get(capacity) ?? []
      kept.set(capacity, same)
      same.push(buffer)
      keptBytes += capacity
    },
  }
}

/** Memory that is about to be filled: zeroing it first would cost as much as a copy. */
export function newBody(bytes: number): Uint8Array {
  const memory = Buffer.allocUnsafeSlow(bytes)
  return new Uint8Array(memory.buffer, memory.byteOffset, bytes)
}
