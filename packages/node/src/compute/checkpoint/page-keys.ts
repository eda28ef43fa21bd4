import { digestBytes } from '@heddle/protocol/digest'

/** Digests as keys of a map: the i-th one's. Each is made when it is asked for, as most never are. */
export function pageKeys(digests: Uint8Array): (i: number) => string {
  const text = Buffer.from(digests.buffer, digests.byteOffset, digests.length).toString('latin1')
  return (i) => text.slice(i * digestBytes, (i + 1) * digestBytes)
}
