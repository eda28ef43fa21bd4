import { readFileSync } from 'node:fs'
import { encodeBase64Url } from '@heddle/protocol/base'
import { createItem, type Item, portableEd25519Signer } from '@heddle/protocol/item'
import {
  chunkCount,
  chunkRoot,
  type ModelManifest,
  readManifest,
  writeManifest,
} from '@heddle/protocol/model'
import { createClient, fetchProvenance, type ProcessHandle } from '@heddle/sdk'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { replayReceipt } from '../packages/cli/src/commands/verify-receipt.ts'
import { type PublishedModel, publishOrderModel } from '../packages/cli/src/tour/order-model.ts'
import { sha256Hash } from '../packages/node/src/inference/index.ts'
import { nodeCrypto } from '../packages/node/src/runtime/index.ts'
import { shape, trainingPlan } from '../training/plan.ts'
import {
  type NodeProcess,
  newDataFolder,
  removeFolder,
  runHeddle,
  startNodeProcess,
} from './node-process.ts'

/** What takes seconds: commands in processes of their own, many calls. */
const isLong = process.env.HEDDLE_LONG !== undefined
const order = 'could you sell 8 usdc at 20 or more'
const call = '{"tool":"sell","qty":8,"token":"USDC","limit":20}'
const hash = sha256Hash(nodeCrypto.sha256)

const source = `
const answers = []
on('Ask', (msg) => {
  const answer = model.complete({ prompt: msg.data + '\\n', tokens: 64 })
  answers.push(answer.receipt)
  if (msg.tags.Fail) throw new Error('after all')
  msg.reply({ data: { ...answer, count: answers.length } })
})
on('Again', () => { for (;;) model.complete({ prompt: 'sell 8 usdc', tokens: 20 }) })
on('Count', (msg) => msg.reply({ data: answers.length }))`

type Answer = {
  readonly text: string
  readonly finish: string
  readonly receipt: string
  readonly count: number
}

describe('models in processes', () => {
  const folder = newDataFolder()
  const signer = portableEd25519Signer(new Uint8Array(32).fill(23))
  let node: NodeProcess
  let client: ReturnType<typeof createClient>
  let published: PublishedModel
  let actor: ProcessHandle

  const spawn = (models: readonly string[], more: Record<string, string> = {}) => {
    const tags = Object.entries(more).map(([name, value]) => ({ name, value }))
    const named = models.map((value) => ({ name: 'Calls-Model', value }))
    return client.spawn({ source, tags: [...tags, ...named] })
  }
  const ask = async (tags = {}) => {
    const result = await actor.send({ action: 'Ask', data: order, tags })
    const data = result.messages[0]?.data
    return { result, answer: JSON.parse(data ?? '{}') as Answer }
  }
  /** The manifest's item of a model like the shipped one, signed and not sent. */
  const another = async (change: Partial<ModelManifest>): Promise<Item> => {
    const { data, tags } = await client.item(published.id)
    const manifest = { ...readManifest(data, hash), ...change }
    return await createItem({ data: writeManifest(manifest), tags }, signer, nodeCrypto)
  }

  beforeAll(async () => {
    node = await startNodeProcess(folder)
    client = createClient({ url: node.url, signer })
    published = await publishOrderModel(client)
    actor = await spawn([published.id])
  })
  afterAll(async () => {
    expect(await node.stop()).toBe(0)
    removeFolder(folder)
  })

  it('answers at once, and its receipt is kept and holds', async () => {
    const { result, answer } = await ask()
    expect(answer).toMatchObject({ text: call, finish: 'end', count: 1 })
    const receipts = result.raw.Receipts ?? []
    expect(receipts).toHaveLength(1)
    const text = new TextEncoder().encode(receipts[0]?.Receipt)
    expect(encodeBase64Url(nodeCrypto.sha256(text))).toBe(answer.receipt)
    // Its item follows the result.
    const { signal } = new AbortController()
    const replayed = await vi.waitFor(() => replayReceipt(client, answer.receipt, signal), 120_000)
    expect(replayed.steps).toBe(12)
  })

  it('leaves nothing where the message fails, and in a dry run', async () => {
    const failed = await actor.send({ action: 'Ask', data: order, tags: { Fail: '1' } })
    expect(failed.error).toMatch(/after all/)
    expect(failed.raw.Receipts).toBeUndefined()
    const dry = await actor.read({ action: 'Ask', data: order })
    expect(JSON.parse(dry.messages[0]?.data ?? '')).toMatchObject({ text: call, count: 2 })
    const { answer } = await ask()
    expect(answer).toMatchObject({ text: call, count: 2 })
  })

  it.skipIf(!isLong)('costs steps, and ends where they end', async () => {
    const poor = await spawn([published.id], { 'Compute-Limit': '200000' })
    const { error } = await poor.send({ action: 'Again' })
    expect(error).toMatch(/^compute limit reached/)
    expect((await poor.read({ action: 'Count' })).messages[0]?.data).toBe('0')
  })

  it.skipIf(!isLong)('is the same to a stranger who runs all of it again', async () => {
    const { out, code } = await runHeddle(['verify', actor.id, '3', '--json', '--url', node.url])
    expect(JSON.parse(out)).toMatchObject({ outcome: 'verified', slot: 3, fromSlot: 0 })
    expect(code).toBe(0)
  })

  it('waits for a model that is not here, and goes on when it comes', async () => {
    const item = await another({ name: 'order-tools-late' })
    const waiting = await spawn([item.id]).catch((error) => error)
    expect(waiting).toMatchObject({
      code: 'unknown-model',
      details: { itemId: expect.any(String) },
    })
    expect(waiting.message).toMatch(/is scheduled, but has no result yet: unknown model/)
    const reply = await fetch(`${node.url}/v1/tx`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: new Uint8Array(item.bytes),
    })
    expect(reply.status).toBeLessThan(300)
    const late = client.process(waiting.details.itemId)
    const { messages } = await late.send({ action: 'Ask', data: order })
    expect(JSON.parse(messages[0]?.data ?? '').text).toBe(call)
  })

  it('is refused where it is too large, no model, or not named', async () => {
    const sizeBytes = 65 * 2 ** 20
    const leaves = new Uint8Array(32 * chunkCount(sizeBytes))
    const weights = { sizeBytes, leaves }
    const large = await another({
      version: 1,
      weights,
      root: encodeBase64Url(chunkRoot(weights, hash)),
      chunks: Array.from({ length: chunkCount(sizeBytes) }, () => published.id),
    })
    const id = await client.upload({ data: large.data, tags: large.tags })
    await expect(spawn([id])).rejects.toThrow(
      /68157440 bytes, and processes call models of at most/,
    )
    await expect(spawn([published.dataset])).rejects.toThrow(/cannot be called as a model/)
    await expect(spawn(['nonsense'])).rejects.toThrow(/its tag Calls-Model is "nonsense"/)
    const none = await spawn([])
    const { error } = await none.send({ action: 'Ask', data: order })
    expect(error).toMatch(/model-not-declared: the process does not name model \(none\)/)
  })

  it('trains one over messages, publishes it, and anybody runs an interval again', async () => {
    const read = (name: string) =>
      new Uint8Array(readFileSync(new URL(`../models/order-tools/${name}`, import.meta.url)))
    const [tokenizer, all] = [
      read('tokenizer.bin'),
      new TextDecoder().decode(read('dataset.jsonl')),
    ]
    const dataset = new TextEncoder().encode(all.split('\n').slice(0, 64).join('\n'))
    const hashOf = (bytes: Uint8Array) => encodeBase64Url(nodeCrypto.sha256(bytes))
    const keep = (data: Uint8Array, Type: string, more = {}) => {
      const tags = Object.entries({ 'Data-Protocol': 'Heddle', Type, ...more })
      return client.upload({
        data,
        tags: tags.map(([name, value]) => ({ name, value: `${value}` })),
      })
    }
    const datasetId = await keep(dataset, 'Dataset')
    const job = {
      ...{ version: 1, name: 'tiny-orders', licence: 'Apache-2.0', precision: 'int8', group: 32 },
      course: {
        shape: { ...shape, dim: 16, hidden: 24, layers: 1, heads: 2, kvHeads: 2, headDim: 8 },
        plan: {
          ...trainingPlan,
          batch: 4,
          steps: 6,
          checkpointSteps: 4,
          warmUpSteps: 2,
          restartStep: 5,
        },
      },
      ...{ dataset: datasetId, datasetHash: hashOf(dataset) },
      ...{ tokenizer: await keep(tokenizer, 'Tokenizer'), tokenizerHash: hashOf(tokenizer) },
      ...{ promptField: 'order', answerField: 'call' },
    }
    const format = { 'Module-Format': 'heddle-training1', 'Derived-From': datasetId }
    const module = await keep(new TextEncoder().encode(JSON.stringify(job)), 'Module', format)
    const training = await client.spawn({ module })
    const steps: string[] = []
    while (steps.at(-1) !== '6') {
      const { messages, error } = await training.send({ action: 'Train', tags: { Steps: '3' } })
      expect(error).toBeUndefined()
      steps.push(messages[0]?.tags.Step ?? '')
    }
    expect(steps).toEqual(['2', '4', '6'])
    // It is published after the result of its last step.
    const found = { tags: { 'Training-Process': training.id } }
    const publishedId = async () => (await client.query(found)).items[0]?.id
    await expect.poll(publishedId).toBeDefined()
    const model = await publishedId()
    const { links } = await fetchProvenance(client, model ?? '')
    const grounds = new Set(links.map(({ ground }) => ground))
    for (const ground of [datasetId, training.id, module]) expect(grounds).toContain(ground)
    const caller = await spawn([model ?? ''])
    const said = await caller.send({ action: 'Ask', data: order })
    expect(JSON.parse(said.messages[0]?.data ?? '{}').receipt).toMatch(/^[\w-]{43}$/)
    if (!isLong) return
    const verified = await runHeddle([
      'verify',
      'training',
      training.id,
      '--all',
      '--url',
      node.url,
    ])
    expect(verified.out).toMatch(
      /right {4}steps 4 to 6: [0-9a-f]{64}\n4 checkpoints stated, 3 intervals/,
    )
    const slot = await runHeddle(['verify', training.id, '2', '--json', '--url', node.url])
    expect(JSON.parse(slot.out)).toMatchObject({ outcome: 'verified', slot: 2 })
  })
})
