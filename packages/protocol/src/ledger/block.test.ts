import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeBase64Url, encodeText, toHex } from '../base/index.ts'
import {
  blockHeaderBytes,
  blockId,
  encodeBlock,
  encodeBlockHeader,
  genesisBlock,
  payloadRoot,
  readBlock,
  readBlockHeader,
} from './index.ts'

const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash('sha256').update(bytes).digest())
const hash = { sha256 }
const previous = encodeBase64Url(new Uint8Array(32).fill(0xab))
const draft = { height: 7, previous, timestampMs: 1_700_000_000_123 }
const payloads = [encodeText('one'), new Uint8Array(0), encodeText('three')]
const invalid = expect.objectContaining({ code: 'block-invalid', kind: 'invalid' })

describe('a block', () => {
  // Made from the format's description with another implementation (Python, hashlib and struct).
  it('has this encoding, for good', () => {
    const block = encodeBlock(draft, payloads, hash)
    expect(toHex(block)).toBe(
      '48444c420107000000000000007b68e5cf8b010000ababababababababababababababababababab' +
        'ababababababababababababab0300000041b84bc9e89c319a5c1789f9f23cc7d77c3849dcf65339' +
        '39488a794acc072d89030000006f6e6500000000050000007468726565',
    )
    expect(blockId(block, hash)).toBe('Q6B-OJvQG3NPhE5wH_83UWyyIPLD7UeSxjrGMRvuekU')
    const genesis = genesisBlock('heddle-test', 1_600_000_000_000, hash)
    expect(toHex(genesis)).toBe(
      '48444c4201000000000000000000806e877401000000000000000000000000000000000000000000' +
        '00000000000000000000000000010000006370725e69d512d1fee69c9d6525d7c38216f35ec3fcf4' +
        '1e107462d42c32a1d00b000000686564646c652d74657374',
    )
    expect(blockId(genesis, hash)).toBe('llvBzAD_RpPb1vkKm_C3cS7gnvX-TozIaH_iBakU-X4')
  })

  it('reads back as it was written', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }),
        fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
        fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
        (list, height, timestampMs) => {
          const bytes = encodeBlock({ height, previous, timestampMs }, list, hash)
          const block = readBlock(bytes, hash)
          expect(block).toMatchObject({ height, previous, timestampMs, payloadCount: list.length })
          expect(block.payloads).toEqual(list)
          expect(block.id).toBe(encodeBase64Url(sha256(bytes.subarray(0, blockHeaderBytes))))
        },
      ),
    )
  })

  it('is refused cut or longer, anywhere', () => {
    const block = encodeBlock(draft, payloads, hash)
    for (let length = 0; length < block.length; length++) {
      expect(() => readBlock(block.subarray(0, length), hash), `${length}`).toThrow(invalid)
    }
    const longer = new Uint8Array(block.length + 4)
    longer.set(block)
    expect(() => readBlock(longer, hash)).toThrow(invalid)
  })

  it('has another id or is refused with any bit changed', () => {
    const block = encodeBlock(draft, payloads, hash)
    const id = blockId(block, hash)
    for (let at = 0; at < block.length; at++) {
      const changed = block.slice()
      changed[at] = (changed[at] ?? 0) ^ 1
      let other: string | undefined
      try {
        other = readBlock(changed, hash).id
      } catch (error) {
        expect(error).toEqual(invalid)
      }
      expect(other, `byte ${at}`).not.toBe(id)
    }
  })

  it('names a block before it exactly where it is not the first', () => {
    const header = { ...readBlockHeader(encodeBlock(draft, [], hash)) }
    expect(() => encodeBlockHeader({ ...header, previous: '' })).toThrow(invalid)
    expect(() => encodeBlockHeader({ ...header, height: 0 })).toThrow(invalid)
    expect(() => encodeBlockHeader({ ...header, previous: 'short' })).toThrow(invalid)
    expect(() => encodeBlockHeader({ ...header, height: -1 })).toThrow(invalid)
    expect(() => encodeBlockHeader({ ...header, timestampMs: 0.5 })).toThrow(invalid)
    const orphan = encodeBlock(draft, [], hash)
    orphan.fill(0, 21, 53)
    expect(() => readBlockHeader(orphan)).toThrow(invalid)
  })
})

describe('genesis', () => {
  it('follows from the network alone', () => {
    const id = (network: string, ms: number) => blockId(genesisBlock(network, ms, hash), hash)
    expect(id('a', 0)).toBe(id('a', 0))
    expect(id('a', 0)).not.toBe(id('b', 0))
    expect(id('a', 0)).not.toBe(id('a', 1))
    expect(readBlock(genesisBlock('a', 5, hash), hash)).toMatchObject({
      height: 0,
      previous: '',
      timestampMs: 5,
      payloads: [encodeText('a')],
    })
  })
})

/** The definition of RFC 9162 §2.1.1, as it stands there. */
function treeHash(list: readonly Uint8Array[]): Uint8Array {
  const [first] = list
  if (first === undefined) return sha256(new Uint8Array(0))
  if (list.length === 1) return sha256(Buffer.concat([Buffer.of(0), first]))
  let split = 1
  while (split * 2 < list.length) split *= 2
  const parts = [Buffer.of(1), treeHash(list.slice(0, split)), treeHash(list.slice(split))]
  return sha256(Buffer.concat(parts))
}

it('roots payloads as RFC 9162 does, for any count', () => {
  for (let count = 0; count < 40; count++) {
    const list = Array.from({ length: count }, (_, i) => encodeText(`payload ${i}`))
    expect(payloadRoot(list, hash)).toEqual(treeHash(list))
  }
})
