import { portableBls } from '@heddle/protocol/certificate'
import { describe, expect, it } from 'vitest'
import { blsSigner, nativeBls } from './bls.ts'

const signers = [1, 2, 3].map((seed) => blsSigner(new Uint8Array(32).fill(seed)))
const keys = signers.map(({ key }) => key)
const message = new Uint8Array(81).fill(6)
const signatures = signers.map((signer) => signer.sign(message))
const none = new Uint8Array(96)

describe('native BLS', () => {
  it('agrees with the portable engine on every verdict', () => {
    const aggregate = nativeBls.aggregate(signatures) ?? none
    expect(portableBls.aggregate(signatures)).toEqual(aggregate)
    const infinityKey = new Uint8Array(48)
    infinityKey[0] = 0xc0
    const infinity = new Uint8Array(96)
    infinity[0] = 0xc0
    const flipped = aggregate.map((byte, i) => (i === 50 ? byte ^ 1 : byte))
    const cases: [Uint8Array[], Uint8Array, Uint8Array, boolean][] = [
      [keys, message, aggregate, true],
      [keys.slice(0, 1), message, signatures[0] ?? none, true],
      [keys.slice(1), message, aggregate, false],
      [keys, message.subarray(1), aggregate, false],
      [keys, message, flipped, false],
      [keys, message, aggregate.subarray(1), false],
      [[], message, infinity, false],
      [[infinityKey], message, infinity, false],
      [[...keys, new Uint8Array(48)], message, aggregate, false],
    ]
    for (const [given, text, signature, verdict] of cases) {
      expect(nativeBls.verifyAggregate(given, text, signature)).toBe(verdict)
      expect(portableBls.verifyAggregate(given, text, signature)).toBe(verdict)
    }
    for (const key of [infinityKey, new Uint8Array(48), keys[0] ?? none, new Uint8Array(3)]) {
      expect(nativeBls.isKey(key)).toBe(portableBls.isKey(key))
    }
    for (const parts of [[none], [], [aggregate.subarray(2)]]) {
      expect(nativeBls.aggregate(parts)).toBeUndefined()
      expect(portableBls.aggregate(parts)).toBeUndefined()
    }
  })
})
