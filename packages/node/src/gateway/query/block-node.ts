import type { BaseBlock } from '../ports.ts'

/** A `Block`; its time in seconds, as on Arweave. */
export function blockNode({ id, height, previous, timestampMs }: BaseBlock) {
  return { id, height, previous, timestamp: Math.floor(timestampMs / 1000) }
}
