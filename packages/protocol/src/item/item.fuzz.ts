import { assert, isHeddleError } from '../base/index.ts'
import { portableCrypto } from '../crypto/index.ts'
import { bundleItems, readBundleEntries } from './bundle.ts'
import { createItem } from './create.ts'
import type { Item } from './item.ts'
import { itemLimits } from './limits.ts'
import { parseItem } from './parse.ts'
import { ethereumSigner, portableEd25519Signer } from './signers.ts'
import { encodeTags } from './tag-codec.ts'

/*
 * Fuzz target of the item and bundle parsers: node item.fuzz.ts [seconds] [seed]
 *
 * Whatever the bytes: either a HeddleError of kind invalid, or parts that lie within the input and
 * fill it without a gap. Prints one line of JSON; a finding ends it with its input, exit code 1.
 */

/** Digests cost most of a run and no parser looks at them. */
const engine = { ...portableCrypto, sha256: (bytes: Uint8Array) => bytes.slice(0, 32) }

/** Numbers from 0 up to `below`, fixed by a seed (xorshift32). */
export type Dice = (below: number) => number

export function createDice(seed: number): Dice {
  let state = seed >>> 0 || 1
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

/** Well-formed inputs to start from: parsers are seldom broken by noise alone. */
export async function createSeeds(): Promise<Uint8Array[]> {
  const key = new Uint8Array(32).fill(1)
  const tags = [
    { name: 'Type', value: 'Message' },
    { name: 'Data-Protocol', value: 'ao' },
  ]
  const full = {
    data: new Uint8Array(40),
    tags,
    target: 'A'.repeat(43),
    anchor: new Uint8Array(32),
  }
  const items = [
    await createItem({ data: new Uint8Array(0) }, portableEd25519Signer(key), portableCrypto),
    await createItem(full, portableEd25519Signer(key), portableCrypto),
    await createItem(full, ethereumSigner(key), portableCrypto),
  ]
  return [...items.map((item) => item.bytes), bundleItems(items)]
}

/** Some bytes flipped, set to extremes, cut, repeated or put in; or plain noise. */
export function mutate(input: Uint8Array, dice: Dice): Uint8Array {
  if (dice(20) === 0) return Uint8Array.from({ length: dice(400) }, () => dice(256))
  let bytes = Uint8Array.from(input)
  for (let turn = dice(4); turn >= 0; turn--) {
    const at = dice(bytes.length + 1)
    const run = 1 + dice(9)
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)]
    const action = dice(5)
    if (action === 0 && at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << dice(8))
    else if (action === 1) bytes.fill([0, 1, 127, 128, 255][dice(5)] ?? 0, at, at + run)
    else if (action === 2) bytes = Uint8Array.from(before)
    else if (action === 3)
      bytes = Uint8Array.of(...before, ...bytes.subarray(at, at + run), ...after)
    else
      bytes = Uint8Array.of(
        ...before,
        ...Uint8Array.from({ length: run }, () => dice(256)),
        ...after,
      )
  }
  return bytes
}

/** Puts one input to both parsers. Returns how many took it; throws where a promise is broken. */
export function checkInput(bytes: Uint8Array): number {
  const item = expectInvalid(() => parseItem(bytes, engine))
  if (item !== undefined) checkItem(item)
  const entries = expectInvalid(() => readBundleEntries(bytes))
  if (entries !== undefined) {
    const sizes = entries.reduce((sum, entry) => sum + entry.bytes.length, 0)
    assert(32 + 64 * entries.length + sizes === bytes.length, 'entries fill the bundle')
    for (const entry of entries) {
      assert(entry.bytes.buffer === bytes.buffer, 'an entry is a view')
      const inner = expectInvalid(() => parseItem(entry.bytes, engine))
      if (inner !== undefined) checkItem(inner)
    }
  }
  return Number(item !== undefined) + Number(entries !== undefined)
}

function checkItem(item: Item): void {
  const { bytes, signature, owner, target, anchor, rawTags, tags, data } = item
  const parts = [signature, owner, target, anchor, rawTags, data]
  for (const part of parts) assert(part.buffer === bytes.buffer, 'a part is a view')
  const sum = parts.reduce((length, part) => length + part.length, 2 + 1 + 1 + 8 + 8)
  assert(sum === bytes.length, 'parts fill the item')
  assert(tags.length <= itemLimits.tags, 'tags are counted')
  const letters = tags.reduce((length, { name, value }) => length + name.length + value.length, 0)
  assert(letters <= rawTags.length, 'tags are no longer than their bytes')
  // A single block is never longer than what it was read from.
  assert(encodeTags(tags).length <= Math.max(rawTags.length, 1), 'tags can be written again')
}

function expectInvalid<Value>(run: () => Value): Value | undefined {
  try {
    return run()
  } catch (error) {
    if (isHeddleError(error) && error.kind === 'invalid') return undefined
    throw error
  }
}

/** Runs until `isOver`; returns how many inputs were tried and how many parsers took one. */
export async function fuzzItems(seed: number, isOver: (tried: number) => boolean) {
  const dice = createDice(seed)
  const seeds = await createSeeds()
  let tried = 0
  let taken = 0
  for (; !isOver(tried); tried++) {
    const input = mutate(seeds[dice(seeds.length)] ?? new Uint8Array(0), dice)
    try {
      taken += checkInput(input)
    } catch (error) {
      const hex = Array.from(input, (byte) => byte.toString(16).padStart(2, '0')).join('')
      throw new Error(`seed ${seed}, input ${tried}: ${String(error)}\n${hex}`, { cause: error })
    }
  }
  return { seed, tried, taken }
}

if (import.meta.main) {
  const [seconds = '10', seed = String(Date.now() % 2 ** 32)] = process.argv.slice(2)
  const endMs = Date.now() + 1000 * Number(seconds)
  const report = await fuzzItems(Number(seed), (tried) => tried % 256 === 0 && Date.now() > endMs)
  console.log(JSON.stringify(report))
}
