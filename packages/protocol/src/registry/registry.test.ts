import { bls12_381 } from '@noble/curves/bls12-381.js'
import { describe, expect, it } from 'vitest'
import { encodeBase64Url, toHex } from '../base/index.ts'
import {
  type BlsSigner,
  directorySet,
  makeStorerSet,
  portableBls,
  storerSetId,
} from '../certificate/index.ts'
import { portableCrypto } from '../crypto/index.ts'
import {
  createItem,
  type Item,
  type ItemDraft,
  ownerAddress,
  portableEd25519Signer,
  type Signer,
} from '../item/index.ts'
import {
  type OrderedItem,
  readStorerRegistration,
  readStorerStake,
  storerRegistrationDraft,
  storerStakeDraft,
  storersOfEpoch,
} from './index.ts'

const signatures = bls12_381.longSignatures
const suite = 'BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_'

function storerSigner(seed: number): BlsSigner {
  const secret = new Uint8Array(32).fill(seed)
  return {
    key: signatures.getPublicKey(secret).toBytes(true),
    sign: (message) =>
      signatures.Signature.toBytes(signatures.sign(signatures.hash(message, suite), secret)),
  }
}

const signerOf = (seed: number): Signer => portableEd25519Signer(new Uint8Array(32).fill(seed))
const signed = (draft: ItemDraft, by: Signer): Promise<Item> =>
  createItem(draft, by, portableCrypto)

const [first, second] = [storerSigner(1), storerSigner(2)]
const [firstLane, secondLane, authority, stranger] = [3, 4, 5, 6].map(signerOf) as [
  Signer,
  Signer,
  Signer,
  Signer,
]
const place = { host: 'storer.example', port: 4400, placement: ['region:eu', 'disk:ssd'] }
const rules = { authority: ownerAddress(authority, portableCrypto), epochSeconds: 100 }
const register = (signer: BlsSigner, lane: Signer, at = place) =>
  signed(storerRegistrationDraft(signer, lane.owner, at), lane)
const stake = (signer: BlsSigner, amount: bigint, by = authority) =>
  signed(storerStakeDraft(signer.key, amount), by)
const block = (timestampSeconds: number, fill = 1) => ({
  id: new Uint8Array(32).fill(fill),
  timestampSeconds,
})

describe('a registration', () => {
  it('is read as it was made, and by nobody else it can be made', async () => {
    const item = await register(first, firstLane)
    const read = readStorerRegistration(portableBls, item)
    expect(read).toMatchObject({ key: first.key, laneKey: firstLane.owner, ...place })
    // The storer's key consented to its own lane key: another's item with the same tags is none.
    const stolen = await signed({ data: item.data, tags: item.tags }, stranger)
    expect(readStorerRegistration(portableBls, stolen)).toBe(undefined)
    for (const [name, value] of [
      ['Storer-Host', 'elsewhere.example'],
      ['Storer-Port', '70000'],
      ['Storer-Placement', 'EU'],
      ['Storer-Key', encodeBase64Url(second.key)],
      ['Storer-Consent', 'short'],
      ['Type', 'Storer-Stake'],
      ['Data-Protocol', 'other'],
    ]) {
      const tags = item.tags.map((tag) =>
        tag.name === name ? { ...tag, value: value ?? '' } : tag,
      )
      const bent = await signed({ data: item.data, tags }, firstLane)
      expect(readStorerRegistration(portableBls, bent)).toBe(undefined)
    }
    expect(readStorerStake(item)).toBe(undefined)
    for (const odd of [{ host: 'a b' }, { port: 0 }, { placement: ['EU'] }]) {
      expect(() => storerRegistrationDraft(first, firstLane.owner, { ...place, ...odd })).toThrow(
        /register/,
      )
    }
    expect(() => storerStakeDraft(first.key, -1n)).toThrow(/stake/)
  })
})

describe('the storer set of an epoch', () => {
  it('is who registered and was given a stake before it, the same for every reader', async () => {
    const moved = { ...place, host: 'moved.example', placement: [] }
    const items: OrderedItem[] = []
    const at = (timestampSeconds: number, item: Item) => void items.push({ item, timestampSeconds })
    at(10, await register(first, firstLane))
    at(20, await stake(first, 7n, stranger))
    at(30, await register(second, secondLane))
    at(120, await stake(first, 5n))
    at(130, await stake(second, 9n))
    at(210, await register(second, secondLane, moved))
    at(220, await stake(first, 0n))
    const storersAt = (first: ReturnType<typeof block>) =>
      storersOfEpoch(portableBls, portableCrypto, rules, items, first)
    // Before the authority gave stakes there is no set; its word counts from the next epoch on.
    expect(storersAt(block(110))).toBe(undefined)
    const set = storersAt(block(205))
    const told = set?.storers.map(({ key, stake: own, host }) => [toHex(key), own, host])
    expect(told?.sort()).toEqual(
      [
        [toHex(first.key), 5n, 'storer.example'],
        [toHex(second.key), 9n, 'storer.example'],
      ].sort(),
    )
    expect(storersAt(block(300))?.storers.map(({ host }) => host)).toEqual(['moved.example'])
    if (set === undefined) throw new Error('there is a set')
    const made = makeStorerSet(portableBls, set.epoch, set.beacon, set.storers)
    expect(storerSetId(made)).toEqual(storerSetId(directorySet(set)))
    // Another block is another beacon, and another set id: certificates of one are none of the other.
    const other = storersAt(block(205, 2))
    expect(other?.storers).toEqual(set.storers)
    expect(other?.beacon).not.toEqual(set.beacon)
    // Frozen: SHA-256(13 ‖ 2 as u64 ‖ 32 times 01).
    const frozen = '3039d3a9d8feaf31c51e92a721156f6c2692cf3a9968eb2886184fdd93b0c02a'
    expect(toHex(set.beacon)).toBe(frozen)
  })
})
