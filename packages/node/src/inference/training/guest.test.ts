import { decodeBase64Url, encodeBase64Url, encodeText } from '@heddle/protocol/base'
import { createItem, type Item } from '@heddle/protocol/item'
import { readManifest } from '@heddle/protocol/model'
import { beforeAll, describe, expect, it } from 'vitest'
import { createRuntime, nodeCrypto } from '../../runtime/index.ts'
import { expandModule } from '../guest/formats.ts'
import { createCatalog } from '../models/catalog.ts'
import { sha256Hash } from '../models/open.ts'
import { memoryItems, smallTokenizer, testSigner } from '../testing/kept-model.testing.ts'
import { checkInterval, statedCheckpoint } from './check.ts'
import { compileModule, type TrainingModule } from './compile.ts'
import type { TrainingGuest, TrainingOutput } from './guest.ts'
import { readJob, trainingModuleFormat } from './job.ts'
import { readTrainingKernels } from './kernels.ts'
import { createTrainingPublisher } from './publish.ts'
import { openRun } from './run.ts'

const { sha256 } = nodeCrypto
const tokenizer = smallTokenizer(64)
const words = ['abc', 'bca', 'cab', 'acb', 'bac', 'cba']
const dataset = encodeText(
  words.map((word) => JSON.stringify({ q: word, a: [...word].reverse().join('') })).join('\n'),
)
const shape = {
  ...{ dim: 16, hidden: 24, layers: 1, heads: 2, kvHeads: 2, headDim: 8, vocab: 64, context: 32 },
  ...{ tied: true, epsilon: 1e-5, ropeBase: 10_000 },
}
const plan = {
  ...{ seed: 3, steps: 7, batch: 4, positionsMax: 16, rate: 0.01, warmUpSteps: 2 },
  ...{ firstLineSteps: 10, restartStep: 5, restartRate: 0.005, gradientNormMax: 1 },
  checkpointSteps: 3,
}
const hashOf = (bytes: Uint8Array) => encodeBase64Url(sha256(bytes))

describe('a training as a process', () => {
  const items = memoryItems()
  const catalog = createCatalog(items, sha256Hash(sha256))
  let job: Record<string, unknown>
  let module: TrainingModule

  const keep = async (data: Uint8Array, table: Record<string, string>): Promise<Item> => {
    const tags = Object.entries(table).map(([name, value]) => ({ name, value }))
    const item = await createItem({ data, tags }, testSigner, nodeCrypto)
    await items.keep(item)
    return item
  }
  const moduleOf = (change = {}) =>
    keep(encodeText(JSON.stringify({ ...job, ...change })), {
      'Module-Format': trainingModuleFormat,
    })
  const compile = async (item: Item) => compileModule(await expandModule(item, { catalog, items }))
  const run = async () =>
    openRun({
      job: readJob(encodeText(JSON.stringify(job))),
      ...{ dataset, tokenizer, sha256 },
      kernels: await readTrainingKernels(createRuntime().disk),
    })

  beforeAll(async () => {
    job = {
      ...{ version: 1, name: 'tiny', licence: 'none', course: { shape, plan } },
      dataset: (await keep(dataset, { Type: 'Dataset' })).id,
      datasetHash: hashOf(dataset),
      tokenizer: (await keep(tokenizer, { Type: 'Tokenizer' })).id,
      tokenizerHash: hashOf(tokenizer),
      ...{ promptField: 'q', answerField: 'a', precision: 'f32', group: 32 },
    }
    module = await compile(await moduleOf())
  })

  type Reply = {
    readonly Error?: string
    readonly GasUsed: number
    readonly Output: TrainingOutput
  }
  const tell = (
    guest: TrainingGuest,
    tags: Record<string, string>,
    { from = 'me', limit = '1000000', id = 'M' } = {},
  ): Reply => {
    const list = Object.entries(tags).map(([name, value]) => ({ name, value }))
    const Process = { Id: 'P', Owner: 'me', Tags: [{ name: 'Compute-Limit', value: limit }] }
    const message = JSON.stringify({ Id: id, From: from, Tags: list, Data: '' })
    return JSON.parse(guest.handle(message, JSON.stringify({ Process, Module: { Tags: [] } })))
      .response
  }
  const boot = (guest: TrainingGuest) => tell(guest, { Type: 'Process' }, { id: 'P' })
  const open = () => module.instantiate({ memoryBytes: 2 ** 24 })
  /** All steps, and what was stated on the way. */
  const train = async (between = async (guest: TrainingGuest) => guest, steps = '2') => {
    let guest = await open()
    const replies = [boot(guest)]
    while (replies.at(-1)?.Output.training.step !== plan.steps) {
      guest = await between(guest)
      replies.push(tell(guest, { Action: 'Train', Steps: steps }))
    }
    return { guest, replies }
  }
  const digests = (replies: readonly Reply[]) =>
    replies.flatMap(({ Output }) => Output.training.checkpoint?.digest ?? [])

  it('gives the same checkpoints whatever a message holds, and across restarts', async () => {
    const whole = await train(undefined, '100')
    expect(whole.replies.map(({ Output }) => Output.training.step)).toEqual([0, 2, 3, 6, 7])
    const parts = await train(async (guest) => {
      const image = guest.capture()
      return await module.instantiate({ memoryBytes: 2 ** 24, image })
    })
    expect(parts.replies.map(({ Output }) => Output.training.step)).toEqual([0, 2, 3, 5, 6, 7])
    expect(digests(parts.replies)).toEqual(digests(whole.replies))
    const { record = '{}' } = whole.replies.at(-1)?.Output.training ?? {}
    expect(JSON.parse(record).checkpoints.map((each: { digest: string }) => each.digest)).toEqual(
      digests(whole.replies),
    )
    expect(parts.replies.at(-1)?.Output.data).toMatch(/^step 7 of 7, loss \d\.\d{4}$/)
  })

  it('learns', async () => {
    const trainer = await run()
    const { loss: first } = trainer.advance(trainer.start(), 1)
    const { loss: last } = trainer.advance(trainer.start(), 7)
    expect(last).toBeLessThan(first)
  })

  it('is refused to strangers, beyond its gas, and after its end; nothing of it stays', async () => {
    const { guest } = await train()
    expect(tell(guest, { Action: 'Train' }).Error).toMatch(/all 7 steps are taken/)
    const fresh = await open()
    boot(fresh)
    const before = fresh.memory().slice()
    expect(tell(fresh, { Action: 'Train' }, { from: 'you' }).Error).toMatch(/only the owner/)
    expect(tell(fresh, { Action: 'Train' }, { limit: '100' }).Error).toMatch(/^gas-exhausted/)
    expect(tell(fresh, { Action: 'Train', Steps: '0' }).Error).toMatch(/from 1 to 1000/)
    expect(Buffer.compare(fresh.memory(), before)).toBe(0)
    expect(tell(fresh, { Action: 'Train', Steps: '1' }).GasUsed).toBeGreaterThan(100)
    await expect(module.instantiate({ memoryBytes: 65_536 })).rejects.toThrow('Memory-Limit')
  })

  it('publishes its model once, with the lineage, and the model says what it learnt', async () => {
    const { replies } = await train()
    const item = await moduleOf()
    const publisher = createTrainingPublisher({ items, signer: testSigner, engine: nodeCrypto })
    const output = replies.at(-1)?.Output ?? {}
    await publisher.publish('P', 5, item, replies[1]?.Output ?? {})
    expect(await catalog.list()).toHaveLength(0)
    for (let time = 0; time < 2; time++) await publisher.publish('P', 5, item, output)
    const [model, ...others] = await catalog.list()
    expect(others).toHaveLength(0)
    const [parent = ''] = model?.manifest.derivedFrom ?? []
    const record = items.all.get(parent)
    expect(record?.tags).toContainEqual({ name: 'Derived-From', value: job.dataset })
    expect(record?.tags).toContainEqual({ name: 'Derived-From', value: 'P' })
    const { item: kept } = await catalog.find(model?.id ?? '')
    const manifest = readManifest(kept.data, sha256Hash(sha256))
    expect(manifest).toMatchObject({ name: 'tiny', shape, tokenizerItem: job.tokenizer })
  })

  it('lets anybody run one interval alone, and shows one that was made up', async () => {
    const { replies } = await train(undefined, '100')
    const stated = replies.flatMap(({ Output }, slot) => statedCheckpoint(slot, Output) ?? [])
    const trainer = await run()
    const [, second, third, fourth] = stated
    if (second === undefined || third === undefined || fourth === undefined) throw new Error('few')
    expect(checkInterval(trainer, third, fourth)).toMatchObject({ found: fourth.digest })
    const forged = checkInterval(trainer, second, { ...third, digest: fourth.digest })
    expect(forged.found).toBe(third.digest)
    const bytes = decodeBase64Url(third.bytes ?? '')?.slice() ?? new Uint8Array(0)
    bytes[100] = (bytes[100] ?? 0) ^ 1
    const touched = checkInterval(trainer, { ...third, bytes: encodeBase64Url(bytes) }, fourth)
    expect(touched).toMatchObject({ found: '', badStart: expect.stringMatching(/^[0-9a-f]{64}$/) })
  })

  it('waits for parts that are not here, and refuses jobs that nobody can do', async () => {
    const missing = await moduleOf({ dataset: 'A'.repeat(43) })
    const wait = { code: 'training-part-missing', kind: 'missing' }
    await expect(compile(missing)).rejects.toMatchObject(wait)
    await expect(compile(await moduleOf({ datasetHash: 'A'.repeat(43) }))).rejects.toMatchObject(
      wait,
    )
    const refused: [object, RegExp][] = [
      [{ course: { shape: { ...shape, dim: 20 }, plan } }, /multiples of 8|divisible/],
      [{ course: { shape, plan: { ...plan, steps: 0 } } }, /plan.steps is 0/],
      [{ course: { shape, plan: { ...plan, batch: 7 } } }, /6 lines, 7 at least/],
      [{ course: { shape, plan: { ...plan, positionsMax: 8 } } }, /longer than 8 tokens/],
      [{ answerField: 'z' }, /line 1 of the dataset/],
      [{ version: 2 }, /version 1/],
    ]
    for (const [change, reason] of refused) {
      await expect(moduleOf(change).then(compile)).rejects.toThrow(reason)
    }
  })
})
