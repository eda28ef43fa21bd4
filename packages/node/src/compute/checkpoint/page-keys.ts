import { digestBytes } from '@heddle/protocol/digest'

/** Digests as keys of a map. */
export function pageKeys(digests: Uint8Array): string[] {
  const text = Buffer.from(digests.buffer, digests.byteOffset, digests.length).toString('latin1')
  const keys: string[] = []
  for (let at = 0; at < text.length; at += digestBytes) keys.push(text.slice(at, at + digestBytes))
  return keys
}
