import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { decodeBase64Url, encodeBase64Url, isHeddleError } from '../base/index.ts'
import { portableCrypto as engine } from '../crypto/index.ts'
import type { Tag } from './item.ts'
import { parseItem } from './parse.ts'
import { ownerAddress, verifyItem } from './verify.ts'

type Vector = {
  readonly name: string
  readonly signatureType: number
  readonly id: string
  readonly owner: string
  readonly ownerAddress: string
  readonly target: string
  readonly anchor: string
  readonly tags: readonly Tag[]
  readonly data: string
  readonly item: string
}
type Refused = { readonly name: string; readonly code: string; readonly item: string }

function readVectors(file: string) {
  const path = new URL(`../../../../spec/vectors/${file}`, import.meta.url)
  return JSON.parse(readFileSync(path, 'utf8'))
}

function decode(text: string): Uint8Array {
  const bytes = decodeBase64Url(text)
  if (bytes === undefined) throw new Error(`not base64url: ${text}`)
  return bytes
}

describe('spec/vectors/items.json', () => {
  test.each<Vector>(readVectors('items.json').vectors)('$name', async (vector) => {
    const item = parseItem(decode(vector.item), engine)
    expect(await verifyItem(item, engine)).toBe(true)
    expect({
      name: vector.name,
      signatureType: item.signatureType,
      id: item.id,
      owner: encodeBase64Url(item.owner),
      ownerAddress: ownerAddress(item, engine),
      target: encodeBase64Url(item.target),
      anchor: encodeBase64Url(item.anchor),
      tags: item.tags,
      data: encodeBase64Url(item.data),
      item: encodeBase64Url(item.bytes),
    }).toEqual(vector)
  })
})

describe('spec/vectors/items-refused.json', () => {
  const { malformed, unverified } = readVectors('items-refused.json')

  test.each<Refused>(malformed)('$name: $code', ({ code, item }) => {
    try {
      parseItem(decode(item), engine)
      expect.unreachable()
    } catch (error) {
      expect(isHeddleError(error) && error.code).toBe(code)
    }
  })

  test.each<Refused>(unverified)('unverified: $name', async ({ item }) => {
    expect(await verifyItem(parseItem(decode(item), engine), engine)).toBe(false)
  })
})
