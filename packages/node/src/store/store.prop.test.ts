import { DataRootBuilder, type DataTree } from '@heddle/protocol/arweave'
import { encodeBase64Url, equalBytes } from '@heddle/protocol/base'
import { permanentRetention } from '@heddle/protocol/params'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createRuntime, nodeCrypto } from '../runtime/index.ts'
import type { OfferedChunk, StoredData } from './face.ts'
import { dropStoreIndex } from './store.ts'
import {
  openTestStore,
  patternBytes,
  readAll,
  streamOf,
  type TestStore,
} from './testing/store-folder.ts'

const chunkBytes = 256 * 1024
const minBytes = 32 * 1024

type Sample = {
  readonly bytes: Uint8Array
  readonly name: StoredData
  readonly offers: readonly OfferedChunk[]
}

/** Sizes at the borders of chunks; data of one seed begin alike, so they share chunks. */
const samples: readonly Sample[] = [
  [1, 1],
  [chunkBytes, 1],
  [chunkBytes + 1, 2],
  [chunkBytes + minBytes - 1, 2],
  [2 * chunkBytes, 1],
  [2 * chunkBytes + minBytes, 1],
  [3 * chunkBytes, 3],
].map(([size = 0, seed = 0]) => sampleOf(patternBytes(size, seed)))

function sampleOf(bytes: Uint8Array): Sample {
  const builder = new DataRootBuilder(nodeCrypto)
  const early = builder.push(bytes)
  const { chunks, tree } = builder.end()
  const name = { dataRoot: encodeBase64Url(tree.root), sizeBytes: bytes.length }
  const offers = [...early, ...chunks].map((chunk, i) => offerOf(name, tree, i, chunk))
  return { bytes, name, offers }
}

function offerOf(
  { dataRoot, sizeBytes }: StoredData,
  tree: DataTree,
  i: number,
  chunk: { readonly toByte: number; readonly bytes: Uint8Array },
): OfferedChunk {
  const dataPath = tree.path(i)
  const offset = chunk.toByte - 1
  return { dataRoot, dataSizeBytes: sizeBytes, offset, dataPath, bytes: chunk.bytes }
}

/** What must be true of one sample. `until` by holder; infinite for ever. */
type Truth = { isWhole: boolean; wasHeld: boolean; readonly holds: Map<string, number> }

type Step =
  | { readonly do: 'write' | 'post'; readonly sample: number; readonly parts: number }
  | { readonly do: 'hold'; readonly sample: number; readonly holder: string; readonly ms: number }
  | { readonly do: 'release'; readonly sample: number; readonly holder: string }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'collect' | 'reopen' | 'rebuild' }

const sample = fc.nat(samples.length - 1)
const holder = fc.constantFrom('a', 'b')
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constantFrom('write' as const, 'post' as const),
    sample,
    parts: fc.integer({ min: 1000, max: 900_000 }),
  }),
  fc.record({
    do: fc.constant('hold' as const),
    sample,
    holder,
    ms: fc.constantFrom(5, 50, Number.POSITIVE_INFINITY),
  }),
  fc.record({ do: fc.constant('release' as const), sample, holder }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 10, 100) }),
  fc.record({ do: fc.constantFrom('collect' as const, 'reopen' as const, 'rebuild' as const) }),
)

class World {
  nowMs = 1000
  readonly truths: Truth[] = samples.map(() => ({
    isWhole: false,
    wasHeld: false,
    holds: new Map(),
  }))

  async run(test: TestStore, action: Step): Promise<void> {
    const { store } = test
    const one = 'sample' in action ? samples[action.sample] : undefined
    const truth = 'sample' in action ? this.truths[action.sample] : undefined
    if (one !== undefined && truth !== undefined) return this.#runOn(test, action, one, truth)
    if (action.do === 'wait') this.nowMs += action.ms
    if (action.do === 'reopen') await test.reopen()
    if (action.do === 'rebuild') {
      await store.close()
      await dropStoreIndex(test.folder, createRuntime())
      await test.reopen()
    }
    if (action.do === 'collect') {
      await store.collect()
      for (const each of this.truths) this.#collect(each)
    }
  }

  async #runOn({ store }: TestStore, action: Step, one: Sample, truth: Truth): Promise<void> {
    if (action.do === 'write') {
      expect(await store.write(streamOf(one.bytes, action.parts))).toEqual(one.name)
      truth.isWhole = true
    }
    if (action.do === 'post') {
      await Promise.all(one.offers.toReversed().map((offer) => store.keepChunk(offer)))
      truth.isWhole = true
    }
    if (action.do === 'hold') {
      const untilMs = this.nowMs + action.ms
      const lease = Number.isFinite(untilMs) ? { untilMs } : {}
      await store.hold(one.name, action.holder, { ...permanentRetention, ...lease })
      truth.holds.set(action.holder, untilMs)
      truth.wasHeld = true
    }
    if (action.do === 'release') {
      await store.release(one.name, action.holder)
      truth.holds.delete(action.holder)
    }
  }

  #collect(truth: Truth): void {
    const isHeld = [...truth.holds.values()].some((untilMs) => untilMs > this.nowMs)
    if (!truth.wasHeld || isHeld) return
    truth.isWhole = false
    truth.wasHeld = false
    truth.holds.clear()
  }

  async check({ store }: TestStore): Promise<void> {
    for (const [i, { isWhole }] of this.truths.entries()) {
      const one = samples[i]
      if (one === undefined) continue
      expect((await store.held(one.name)).complete, `sample ${i}`).toBe(isWhole)
      if (!isWhole) continue
      const [from, to] = [Math.floor(one.bytes.length / 3), one.bytes.length]
      const read = await readAll(store, one.name, from, to)
      expect(equalBytes(read, one.bytes.subarray(from, to)), `sample ${i}`).toBe(true)
    }
  }
}

it('holds exactly what was written and is still promised, through every order of events', async () => {
  const steps = fc.array(step, { minLength: 4, maxLength: 14 })
  const holds = fc.asyncProperty(steps, async (actions) => {
    const world = new World()
    const runtime = createRuntime()
    const clock = { ...runtime.clock, nowMs: () => world.nowMs }
    const options = { segmentBytes: 600_000, unsyncedBytes: 300_000, cacheBytes: 1 }
    const test = await openTestStore(options, { ...runtime, clock })
    try {
      for (const action of actions) {
        await world.run(test, action)
        await world.check(test)
      }
      expect(test.damages).toEqual([])
    } finally {
      await test.remove()
    }
  })
  await fc.assert(holds, { numRuns: Number(process.env.HEDDLE_STORE_RUNS ?? 8) })
}, 600_000)
