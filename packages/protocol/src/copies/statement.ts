import { isId } from '../base/index.ts'
import type { CryptoEngine } from '../crypto/index.ts'
import {
  type Item,
  type ItemDraft,
  parseItem,
  type Tag,
  tagValue,
  verifyItem,
} from '../item/index.ts'

/** Every statement is an ANS-104 item: who signed it says it. */
export const statementTypes = {
  keeper: 'Keeper-Statement',
  request: 'Copy-Request',
  promise: 'Copy-Promise',
  release: 'Copy-Release',
} as const

type StatementType = (typeof statementTypes)[keyof typeof statementTypes]

const protocolTag: Tag = { name: 'Data-Protocol', value: 'heddle' }

/**
 * A statement as it came: parsed, its signature checked. Undefined for what is larger, no item, or not
 * signed by whom it names. What it says is read by the reader of its type.
 */
export async function openStatement(
  bytes: Uint8Array,
  bytesMax: number,
  engine: CryptoEngine,
): Promise<Item | undefined> {
  if (bytes.length > bytesMax) return undefined
  try {
    const item = parseItem(bytes, engine)
    return (await verifyItem(item, engine)) ? item : undefined
  } catch {
    return undefined
  }
}

/** The draft of a statement of a type, with these tags; `anchor` makes one of two equal ones new. */
export function statementDraft(
  type: StatementType,
  tags: readonly (readonly [name: string, value: string])[],
  more: Pick<ItemDraft, 'anchor'> & { readonly data?: Uint8Array } = {},
): ItemDraft {
  const said = tags.map(([name, value]) => ({ name, value }))
  const { data = new Uint8Array(0), ...rest } = more
  return { ...rest, data, tags: [protocolTag, { name: 'Type', value: type }, ...said] }
}

export function isStatement({ tags }: Pick<Item, 'tags'>, type: StatementType): boolean {
  return tagValue(tags, protocolTag.name) === protocolTag.value && tagValue(tags, 'Type') === type
}

/** The id a tag holds; undefined where it is none. */
export function idTag({ tags }: Pick<Item, 'tags'>, name: string): string | undefined {
  const value = tagValue(tags, name) ?? ''
  return isId(value) ? value : undefined
}

/** The whole number a tag holds, from 0 to `most`; undefined where it is none. */
export function numberTag(
  { tags }: Pick<Item, 'tags'>,
  name: string,
  most: number,
): number | undefined {
  const value = tagValue(tags, name) ?? ''
  const number = /^(0|[1-9]\d{0,15})$/.test(value) ? Number(value) : Number.NaN
  return number <= most ? number : undefined
}
