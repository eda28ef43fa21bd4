import { concatBytes } from '@heddle/protocol/base'
import { u64 } from './cursor.ts'
import { wireVersion } from './kinds.ts'
import { openMeta } from './message.ts'

const keyBytes = 48

/** What a storer says of itself. */
export type StorerStatus = {
  /** Its BLS key, compressed. */
  readonly key: Uint8Array
  readonly blobs: number
  readonly rows: number
  readonly heldBytes: number
  readonly capacityBytes: number
}

export function encodeGetStatus(): Uint8Array {
  return Uint8Array.of(wireVersion)
}

export function decodeGetStatus(meta: Uint8Array): void {
  openMeta(meta).end()
}

export function encodeStatusReply(status: StorerStatus): Uint8Array {
  const { key, blobs, rows, heldBytes, capacityBytes } = status
  const counts = [blobs, rows, heldBytes, capacityBytes].map(u64)
  return concatBytes([Uint8Array.of(wireVersion), key, ...counts])
}

export function decodeStatusReply(meta: Uint8Array): StorerStatus {
  const cursor = openMeta(meta)
  const status = {
    key: cursor.bytes(keyBytes),
    blobs: cursor.u64(),
    rows: cursor.u64(),
    heldBytes: cursor.u64(),
    capacityBytes: cursor.u64(),
  }
  cursor.end()
  return status
}
