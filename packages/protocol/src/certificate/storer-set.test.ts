import { bls12_381 } from '@noble/curves/bls12-381.js'
import { describe, expect, it } from 'vitest'
import { isHeddleError } from '../base/index.ts'
import {
  type BlsSigner,
  checkStorerSet,
  makeStorerSet,
  portableBls,
  provePossession,
  statementMessage,
  storerSetId,
  verifyEquivocation,
} from './index.ts'

const suite = 'BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_'
const { longSignatures, G1 } = bls12_381
const { Point } = G1

function signer(secret: bigint): BlsSigner {
  const scalar = Uint8Array.from({ length: 32 }, (_, i) =>
    Number((secret >> BigInt(8 * (31 - i))) & 255n),
  )
  return {
    key: Point.BASE.multiply(secret).toBytes(),
    sign: (message) =>
      longSignatures.Signature.toBytes(
        longSignatures.sign(longSignatures.hash(message, suite), scalar),
      ),
  }
}

const [alice, bob, mallory] = [signer(11n), signer(22n), signer(33n)] as const
const beacon = new Uint8Array(32).fill(4)
const register = (who: BlsSigner) => ({ key: who.key, stake: 5n, proof: provePossession(who) })

function codeOf(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return isHeddleError(error) ? error.code : error
  }
  return undefined
}

describe('a storer set', () => {
  it('is made of storers that know their secrets, in the order of keys', () => {
    const set = makeStorerSet(portableBls, 2, beacon, [register(bob), register(alice)])
    const turned = makeStorerSet(portableBls, 2, beacon, [register(alice), register(bob)])
    expect(storerSetId(set)).toEqual(storerSetId(turned))
    expect(storerSetId({ ...set, epoch: 3 })).not.toEqual(storerSetId(set))
  })

  it('keeps out a key made from the keys of others', () => {
    // With key = mallory − alice the sum of both is mallory's own: it would sign for alice.
    const rogue = Point.fromBytes(mallory.key).subtract(Point.fromBytes(alice.key)).toBytes()
    const message = new Uint8Array(20)
    const forged = mallory.sign(message)
    expect(portableBls.verifyAggregate([alice.key, rogue], message, forged)).toBe(true)
    const proof = mallory.sign(rogue)
    const attempt = [register(alice), { key: rogue, stake: 5n, proof }]
    expect(codeOf(() => makeStorerSet(portableBls, 2, beacon, attempt))).toBe('storer-set')
    const borrowed = [register(alice), { ...register(bob), proof: register(alice).proof }]
    expect(codeOf(() => makeStorerSet(portableBls, 2, beacon, borrowed))).toBe('storer-set')
  })

  it('is refused where its form is wrong', () => {
    const [first, second] = makeStorerSet(portableBls, 2, beacon, [
      register(alice),
      register(bob),
    ]).storers
    if (first === undefined || second === undefined) throw new Error('no storers')
    const refused = (change: object) =>
      codeOf(() => checkStorerSet({ epoch: 2, beacon, storers: [first, second], ...change }))
    expect(refused({})).toBeUndefined()
    expect(refused({ storers: [] })).toBe('storer-set')
    expect(refused({ storers: [second, first] })).toBe('storer-set')
    expect(refused({ storers: [first, first] })).toBe('storer-set')
    expect(refused({ storers: [{ ...first, stake: 0n }] })).toBe('storer-set')
    expect(refused({ storers: [{ ...first, stake: 1n << 64n }] })).toBe('storer-set')
    expect(refused({ storers: [{ ...first, key: first.key.subarray(1) }] })).toBe('storer-set')
    expect(refused({ storers: Array.from({ length: 4097 }, () => first) })).toBe('storer-set')
    expect(refused({ beacon: beacon.subarray(1) })).toBe('storer-set')
    expect(refused({ epoch: -1 })).toBe('storer-set')
  })
})

describe('BLS in plain code', () => {
  it('takes no point at infinity, no point off the curve and no garbage', () => {
    const infinity = new Uint8Array(48)
    infinity[0] = 0xc0
    expect(portableBls.isKey(infinity)).toBe(false)
    expect(portableBls.isKey(new Uint8Array(48))).toBe(false)
    expect(portableBls.isKey(alice.key)).toBe(true)
    const message = new Uint8Array(3)
    const signature = alice.sign(message)
    expect(portableBls.verifyAggregate([], message, signature)).toBe(false)
    expect(portableBls.verifyAggregate([infinity], message, signature)).toBe(false)
    expect(portableBls.verifyAggregate([alice.key], message, new Uint8Array(96))).toBe(false)
    expect(portableBls.aggregate([new Uint8Array(96)])).toBeUndefined()
    expect(portableBls.aggregate([])).toBeUndefined()
  })
})

describe('two statements of one storer', () => {
  const statement = { commitment: beacon, setId: beacon, epoch: 4, expiresAtSeconds: 100 }
  const signed = (change: object, who = alice) => {
    const given = { ...statement, ...change }
    return { statement: given, signature: who.sign(statementMessage(given)) }
  }
  const proves = (first: object, second: object, who = alice) =>
    verifyEquivocation(portableBls, {
      key: alice.key,
      first: signed(first),
      second: signed(second, who),
    })

  it('for two storer sets of one epoch prove a fault, whatever the blob', () => {
    const otherSet = { setId: new Uint8Array(32) }
    expect(proves({}, otherSet)).toBe(true)
    expect(proves({}, { ...otherSet, commitment: new Uint8Array(32) })).toBe(true)
    expect(proves({}, otherSet, bob)).toBe(false)
  })

  it('prove nothing where both may be true', () => {
    expect(proves({}, {})).toBe(false)
    expect(proves({}, { expiresAtSeconds: 200 })).toBe(false)
    expect(proves({}, { setId: new Uint8Array(32), epoch: 5 })).toBe(false)
  })
})
