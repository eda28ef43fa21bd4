import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import {
  dataHash,
  openRun,
  readJob,
  type TrainingRecord,
} from '../packages/node/src/inference/index.ts'
import { nodeCrypto } from '../packages/node/src/runtime/index.ts'
import { generateFiles } from './dataset/generate.ts'
import { callTokens, openTokenizer, orderTokens, tokenizerFile } from './dataset/tokenizer.ts'
import { modelFolder } from './folder.ts'
import { answerOrder, openOrderModel, readExamples } from './open-model.ts'
import { course } from './plan.ts'
import {
  checkpointDigest,
  createBatches,
  createTrainer,
  digestOf,
  initialState,
  kernels,
  readCheckpoint,
  readLessons,
  writeCheckpoint,
  writeModelFile,
} from './trainer.ts'

const file = (name: string) => new Uint8Array(readFileSync(new URL(name, modelFolder)))
const record = JSON.parse(Buffer.from(file('training.json')).toString()) as TrainingRecord
const digestAt = (step: number) => record.checkpoints.find((each) => each.step === step)?.digest

const tokenizer = file('tokenizer.bin')
const { sha256 } = nodeCrypto
const job = readJob(
  new TextEncoder().encode(
    JSON.stringify({
      ...{ version: 1, name: 'order-tools', licence: 'Apache-2.0', course },
      ...{ dataset: 'A'.repeat(43), datasetHash: dataHash(file('dataset.jsonl'), sha256) },
      ...{ tokenizer: 'A'.repeat(43), tokenizerHash: dataHash(tokenizer, sha256) },
      ...{ promptField: 'order', answerField: 'call', precision: 'int8', group: 32 },
    }),
  ),
)

const lessons = readLessons(readExamples('dataset.jsonl'))

it('the published dataset and tokenizer are what the generator makes', () => {
  for (const [name, text] of generateFiles()) {
    expect(digestOf(file(name)), name).toBe(digestOf(new TextEncoder().encode(text)))
  }
  expect(digestOf(file('tokenizer.bin'))).toBe(digestOf(tokenizerFile()))
  expect(digestOf(file('dataset.jsonl'))).toBe(record.dataset)
  expect(digestOf(file('model.bin'))).toBe(record.model)
  expect(digestOf(kernels)).toBe(record.kernels)
})

it('a call comes back from its tokens, and no held-out order was taught', () => {
  const tokenizer = openTokenizer()
  const taught = readExamples('dataset.jsonl')
  for (const { order, call } of taught.slice(0, 200)) {
    const bytes = callTokens(call).flatMap((token) => [...tokenizer.bytesOf(token, undefined)])
    expect(Buffer.from(bytes).toString()).toBe(call)
    expect(orderTokens(tokenizer, order)).not.toContain(0)
  }
  const known = new Set(taught.map(({ order }) => order))
  for (const part of ['draws', 'wordings', 'words']) {
    expect(readExamples(`held-out-${part}.jsonl`).some(({ order }) => known.has(order))).toBe(false)
  }
})

it('the first steps give the published checkpoints, and so do they from one in between', () => {
  const batches = createBatches(lessons)
  expect(checkpointDigest(initialState())).toBe(digestAt(0))
  // The run of a training process with this course and these files.
  const run = openRun({ job, dataset: file('dataset.jsonl'), tokenizer, kernels, sha256 })
  const middle = writeCheckpoint(run.advance(run.start(), 1).state)
  expect(run.digest(run.advance(readCheckpoint(middle), 2).state)).toBe(digestAt(2))

  const second = createTrainer(readCheckpoint(middle))
  second.learn(batches(1))
  expect(checkpointDigest(second.state())).toBe(digestAt(2))
})

it('another dataset, or a touched checkpoint, gives another digest', () => {
  const batches = createBatches([...lessons.slice(1), ...lessons.slice(0, 1)])
  const trainer = createTrainer(initialState())
  for (const step of [0, 1]) trainer.learn(batches(step))
  expect(checkpointDigest(trainer.state())).not.toBe(digestAt(2))
  const bytes = writeCheckpoint(initialState())
  expect(() => readCheckpoint(bytes.subarray(1))).toThrow('are no checkpoint of this model')
})

it('the model file has the trained weights, and the engine reads orders with it', async () => {
  expect(writeModelFile(initialState().weights).length).toBe(file('model.bin').length)
  const model = await openOrderModel('int8')
  const right = readExamples('held-out-draws.jsonl')
    .slice(0, 40)
    .filter(({ order, call }) => answerOrder(model, order) === call)
  expect(right.length).toBeGreaterThan(30)
})
