import { assert, decodeBase64Url } from '@heddle/protocol/base'

/** The 32 bytes an id from outside names, or undefined where it is no id. */
export function readId(id: string): Uint8Array | undefined {
  const bytes = id.length === 43 ? decodeBase64Url(id) : undefined
  return bytes?.length === 32 ? bytes : undefined
}

/** The 32 bytes of an id that was made from 32 bytes. */
export function idBytes(id: string): Uint8Array {
  const bytes = readId(id)
  assert(bytes !== undefined, `${id} is 32 bytes as base64url`)
  return bytes
}
