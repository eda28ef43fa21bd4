import { createHash } from 'node:crypto'

export type Chance = { readonly fill: (into: Uint8Array) => void }

/** Endless bytes from a seed: SHA-256(seed ‖ block number as u64le), block after block. */
export function seededChance(seed: Uint8Array): Chance {
  let blockNumber = 0n
  let block = new Uint8Array(0)
  let used = 0
  const next = () => {
    const counter = new Uint8Array(8)
    new DataView(counter.buffer).setBigUint64(0, blockNumber++, true)
    block = new Uint8Array(createHash('sha256').update(seed).update(counter).digest())
    used = 0
  }
  return {
    fill(into) {
      for (let at = 0; at < into.length; ) {
        if (used === block.length) next()
        const part = block.subarray(used, used + into.length - at)
        into.set(part, at)
        used += part.length
        at += part.length
      }
    },
  }
}
