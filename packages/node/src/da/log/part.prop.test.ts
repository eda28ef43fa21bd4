import { concatBytes, isHeddleError } from '@heddle/protocol/base'
import type { Certificate } from '@heddle/protocol/certificate'
import { createItem } from '@heddle/protocol/item'
import { assignmentDraft, hashChainStart } from '@heddle/protocol/message'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ed25519Signer, nodeCrypto } from '../../runtime/index.ts'
import { decodePart, encodePart } from './part.ts'
import { decodeRange, encodeRange } from './range.ts'

const signer = ed25519Signer(new Uint8Array(32).fill(4))
const tags = [{ name: 'Type', value: 'Process' }]
const message = await createItem({ data: new Uint8Array(40), tags }, signer, nodeCrypto)
const processId = message.id
const statement = {
  processId,
  epoch: 0,
  slot: 0,
  hashChain: hashChainStart(processId, nodeCrypto),
  blockHeight: 1,
  timestampMs: 1000,
  messageId: processId,
  exclude: [],
}
const item = await createItem(assignmentDraft(statement), signer, nodeCrypto)
const certificate: Certificate = {
  parameters: { k: 16, n: 48, lengthBytes: 5000, hashId: 1 },
  root: new Uint8Array(32).fill(1),
  zRoot: new Uint8Array(32).fill(2),
  setId: new Uint8Array(32).fill(3),
  epoch: 0,
  expiresAtSeconds: 0,
  members: 8,
  signers: [0, 1, 2, 3, 4],
  signature: new Uint8Array(96).fill(5),
}
const range = { fromSlot: 3, toSlot: 9, fromByte: 10, toByte: 4000, certificate }
const record = encodeRange(range)
const part = concatBytes(
  encodePart(processId, [{ assignment: { ...statement, item }, message }], record),
)

/** What a reader makes of it: a value, or a refusal in our words. */
function codeOf(read: () => unknown): string {
  try {
    read()
    return 'taken'
  } catch (error) {
    if (isHeddleError(error)) return error.code
    throw error
  }
}

describe('bytes of a log', () => {
  it('come back as they were', () => {
    expect(decodeRange(record)).toEqual(range)
    const back = decodePart(processId, part, nodeCrypto)
    expect(back).toMatchObject({ fromSlot: 0, count: 1, previous: range })
    expect(back.entries.map((entry) => entry.message?.id)).toEqual([processId])
  })

  it('that are cut, longer or bent are refused in words, and never crash a reader', () => {
    for (let end = 0; end < part.length; end++) {
      expect(codeOf(() => decodePart(processId, part.subarray(0, end), nodeCrypto))).not.toBe(
        'taken',
      )
    }
    const longer = concatBytes([part, Uint8Array.of(0)])
    expect(codeOf(() => decodePart(processId, longer, nodeCrypto))).toBe('log-part-invalid')
    expect(codeOf(() => decodePart('A'.repeat(43), part, nodeCrypto))).toBe('log-part-invalid')
    const bent = fc.tuple(fc.nat(part.length - 1), fc.integer({ min: 1, max: 255 }))
    fc.assert(
      fc.property(fc.array(bent, { minLength: 1, maxLength: 4 }), (changes) => {
        const bytes = part.slice()
        for (const [at, by] of changes) bytes[at] = (bytes[at] ?? 0) ^ by
        codeOf(() => decodePart(processId, bytes, nodeCrypto))
        codeOf(() => decodeRange(bytes.subarray(48, 48 + record.length)))
      }),
      { numRuns: 500 },
    )
  })
})
