import { encodeText } from '@heddle/protocol/base'
import type { Tag } from '@heddle/protocol/item'

/** Tags by name, or as a list where a name comes twice or order matters. Undefined ones are left out. */
export type TagInput =
  | Readonly<Record<string, string | number | bigint | boolean | undefined>>
  | readonly Tag[]

export function tagList(tags: TagInput = {}): Tag[] {
  if (Array.isArray(tags)) return [...tags]
  return Object.entries(tags)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ({ name, value: String(value) }))
}

/** The tags every AO item ends with. */
export function protocolTags(type: 'Message' | 'Process'): Tag[] {
  return [
    { name: 'Data-Protocol', value: 'ao' },
    { name: 'Variant', value: 'ao.TN.1' },
    { name: 'Type', value: type },
  ]
}

/** Bytes of an AO item's data; one space where there is none, as AO's clients send it. */
export function dataBytes(data: string | Uint8Array | undefined): Uint8Array {
  if (data === undefined || data.length === 0) return encodeText(' ')
  return typeof data === 'string' ? encodeText(data) : data
}
