import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { decodeBase64Url, encodeBase64Url } from '@heddle/protocol/base'
import {
  attestationDraft,
  checkpointDraft,
  digestResult,
  readAttestation,
  readCheckpointItem,
  resultChainNext,
  resultChainStart,
} from '@heddle/protocol/digest'
import { createItem, type Item, parseItem, tagValue, verifyItem } from '@heddle/protocol/item'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { openJournal } from '../../journal/index.ts'
import { createRuntime, nodeCrypto } from '../../runtime/index.ts'
import { decodeCheckpointRecords, StoredPages, unpackCheckpoint } from '../checkpoint/index.ts'
import { encodeCheckpointRecord } from '../checkpoint/record.ts'
import { decodeHead } from '../results/record.ts'
import { FakeItems, testModule, testSigner } from '../testing/fake-log.ts'
import type { TestCommand } from '../testing/test-guest.ts'
import { startTestUnit, type TestUnit, workerUrl } from '../testing/test-unit.ts'
import type { CheckedUnit } from './checked-unit.ts'
import { openChecker } from './verify-slot.ts'

type Json = Record<string, unknown>

let unit: TestUnit
let process: string

afterEach(async () => {
  await unit.close()
})

const commands: readonly TestCommand[] = [
  { op: 'add', n: 3 },
  { op: 'fail', n: 9 },
  { op: 'busy', ms: 5 },
  { op: 'emit', target: 'T'.repeat(43), count: 2 },
  { op: 'fault', n: 1 },
  { op: 'add', n: 4 },
]

async function runCommands(): Promise<void> {
  process = await unit.spawn()
  for (const command of commands) await unit.send(process, command)
  await unit.compute.result(process, commands.length)
}

/** What a route answers, as it arrives over the network. */
async function fetched(path: string, query?: Record<string, string>): Promise<Json> {
  const { status, body } = await unit.get(path, query)
  expect(status).toBe(200)
  return JSON.parse(JSON.stringify(body)) as Json
}

/** The unit as a third party sees it; `alter` is what a liar does to what it says. */
function checked(alter: (proof: Json) => Promise<Json> = async (proof) => proof): CheckedUnit {
  return {
    proof: async (process, slot) => await alter(await fetched(`/proof/${process}/${slot}`)),
    async proofs(process, from, limit) {
      const query = { from: String(from), limit: String(limit) }
      const { proofs } = await fetched(`/proofs/${process}`, query)
      return proofs as Json[]
    },
    async checkpoint(process, to) {
      const { status, body } = await unit.get(`/checkpoint/${process}`, { to: String(to) })
      return status === 200 ? parseItem(body as Uint8Array, nodeCrypto) : undefined
    },
  }
}

const modules = new FakeItems()
const checker = openChecker(
  {
    items: modules,
    verify: (item) => verifyItem(item, nodeCrypto),
    engine: nodeCrypto,
    runtime: createRuntime(),
  },
  { workerUrl },
)

beforeAll(async () => {
  modules.add(await testModule())
})

afterAll(() => checker.close())

function verify(claimant: CheckedUnit, slot: number, options: { fromCheckpoint?: boolean } = {}) {
  return checker.verify(claimant, { processId: process, slot, ...options })
}

/** A lie that holds together: result, chain and signature fit each other. */
async function consistentLie(proof: Json, result: unknown): Promise<Json> {
  const assignment = parseItem(decodeBase64Url(String(proof.assignment)) ?? fail(), nodeCrypto)
  const before = decodeBase64Url(String(proof.resultChainBefore)) ?? fail()
  const link = { assignmentId: assignment.id, resultDigest: digestResult(result, nodeCrypto) }
  const resultChain = resultChainNext(before, link, nodeCrypto)
  const {
    process: processId,
    epoch,
    slot,
  } = proof as { process: string; epoch: number; slot: number }
  const draft = attestationDraft({ processId, epoch, slot, resultChain })
  const attestation = await createItem(draft, testSigner(3), nodeCrypto)
  return {
    ...proof,
    result,
    resultChain: encodeBase64Url(resultChain),
    attestation: encodeBase64Url(attestation.bytes),
  }
}

/** A unit that changes its result of the slot asked for, and all that follows from it. */
function altered(change: (result: Json) => Json, isConsistent = true): CheckedUnit {
  return checked(async (proof) => {
    const result = change(proof.result as Json)
    return isConsistent ? await consistentLie(proof, result) : { ...proof, result }
  })
}

function fail(): never {
  throw new Error('not base64url')
}

test('the journal carries the chain; one of before gets it from the log', async () => {
  unit = await startTestUnit()
  await runCommands()
  let chain = resultChainStart(process, nodeCrypto)
  const evaluations = await unit.compute.evaluations(process, 0, 100)
  expect(evaluations).toHaveLength(commands.length + 1)
  for (const { slot, result } of evaluations) {
    const [entry] = await unit.log.entries(process, slot, 1)
    const assignmentId = entry?.assignment.item.id ?? ''
    const resultDigest = digestResult(result, nodeCrypto)
    chain = resultChainNext(chain, { assignmentId, resultDigest }, nodeCrypto)
    const proof = await fetched(`/proof/${process}/${slot}`)
    expect(proof).toMatchObject({ slot, result, resultChain: encodeBase64Url(chain) })
    const item = parseItem(decodeBase64Url(String(proof.attestation)) ?? fail(), nodeCrypto)
    expect(await verifyItem(item, nodeCrypto)).toBe(true)
    const stated = readAttestation(item)
    expect(stated).toMatchObject({ processId: process, slot, epoch: 0 })
    expect(stated.resultChain).toEqual(chain)
  }

  // Records from before there were chains get theirs from the log.
  const expected = await fetched(`/proof/${process}/${commands.length}`)
  await unit.compute.close()
  const records = await unit.results.read(process, 0, 100)
  await unit.results.close()
  const folder = join(unit.folder, 'results')
  await rm(folder, { recursive: true })
  const journal = await openJournal(folder, createRuntime())
  const old = records.map(({ bytes }) => {
    const chainAt = decodeHead(bytes).resultAt - 32
    return Uint8Array.of(1, ...bytes.subarray(1, chainAt), ...bytes.subarray(chainAt + 32))
  })
  await journal.append(process, 0, await journal.claim(), old)
  await journal.close()
  await unit.restart()
  const { resultChain } = await fetched(`/proof/${process}/${commands.length}`)
  expect(resultChain).toBe(expected.resultChain)
  await unit.ask(process, { op: 'add', n: 1 })
  expect(await verify(checked(), commands.length + 1)).toMatchObject({ outcome: 'verified' })
})

test('from a signed checkpoint one message is enough', async () => {
  unit = await startTestUnit({ checkpointAfterMs: 1 })
  await runCommands()
  const folder = join(unit.folder, 'checkpoints')
  await expect.poll(() => readdir(folder)).toHaveLength(1)
  await unit.restart({ checkpointAfterMs: 1_000_000 })
  const { body } = await unit.get(`/checkpoint/${process}`)
  const item = parseItem(body as Uint8Array, nodeCrypto)
  const statement = readCheckpointItem(item)
  const next = await unit.send(process, { op: 'add', n: 5 })
  const fromCheckpoint = { fromCheckpoint: true }
  expect(await verify(checked(), next, fromCheckpoint)).toMatchObject({
    outcome: 'verified',
    fromSlot: statement.slot + 1,
    attestedBy: expect.any(String),
  })
  // A signed state that is whole, and is not the state: what it leads to is looked at from slot 0.
  const [record] = decodeCheckpointRecords(item.data, nodeCrypto)
  const packed = record && { parts: [record.part], stateRoot: record.claim.stateRoot, at: record }
  const { image } = unpackCheckpoint(packed ?? fail(), 2 ** 30)
  image.pages[8] = (image.pages[8] ?? 0) ^ 1
  const delta = new StoredPages(undefined).pack(image, statement.slot + 1)
  const claim = { ...(record?.claim ?? fail()), stateRoot: delta.stateRoot }
  const { bytes } = encodeCheckpointRecord(claim, delta, '', nodeCrypto)
  const draft = checkpointDraft({ ...statement, stateRoot: delta.stateRoot }, bytes)
  const forged = await createItem(draft, testSigner(3), nodeCrypto)
  const lying = { ...checked(), checkpoint: async () => forged }
  expect(await verify(lying, next, fromCheckpoint)).toMatchObject({
    outcome: 'verified',
    fromSlot: 0,
  })

  // It is published when asked for, once, and as slots go by.
  const published = await unit.compute.publishCheckpoint(process)
  expect(published).toBe([...unit.items.items.keys()].at(-1))
  expect(await unit.compute.publishCheckpoint(process)).toBeUndefined()
  await unit.restart({ checkpointAfterMs: 1, publishEverySlots: 2 })
  const isCheckpoint = ({ tags }: Item) => tagValue(tags, 'Type') === 'Checkpoint'
  const all = () => [...unit.items.items.values()].filter(isCheckpoint)
  // What is newest when its turn comes: the disk may not have a newer one then, but will at a later slot.
  while (all().length < 2) await unit.ask(process, { op: 'busy', ms: 5 })
  for (const each of all()) {
    expect(await verifyItem(each, nodeCrypto)).toBe(true)
    expect(readCheckpointItem(each)).toMatchObject({ processId: process, moduleId: unit.moduleId })
  }
})

test('an honest unit is verified, a lying one is caught and the field named', async () => {
  unit = await startTestUnit()
  await runCommands()
  for (const slot of [0, 6]) {
    const found = await verify(checked(), slot)
    expect(found).toMatchObject({ outcome: 'verified', slot, fromSlot: 0 })
  }
  // It changes what it shows and keeps its chain.
  const careless = altered((result) => ({ ...result, Output: 1 }), false)
  expect(await verify(careless, 6)).toMatchObject({ outcome: 'differs', field: 'resultChain' })
  // It signs lies that hold together: an output, a message, a failure that was none.
  const careful = altered((result) => ({ ...result, Output: 1_000_000 }))
  expect(await verify(careful, 6)).toMatchObject({
    outcome: 'differs',
    field: 'Result.Output',
    claimed: 1_000_000,
    attestedBy: expect.any(String),
  })
  const credit = { Target: 'V'.repeat(43), Anchor: '0', Tags: [], Data: 'credit' }
  const emitting = altered((result) => ({ ...result, Messages: [credit] }))
  expect(await verify(emitting, 6)).toMatchObject({ field: 'Result.Messages[0]' })
  const hiding = altered((result) => ({ ...result, Error: undefined }))
  expect(await verify(hiding, 5)).toMatchObject({ field: 'Result.Error' })
  // It lies about a slot before.
  const proofs: CheckedUnit['proofs'] = async (id, from, limit) => {
    const honest = (await checked().proofs(id, from, limit)) as Json[]
    const lie = (proof: Json) => consistentLie(proof, { ...(proof.result as Json), Output: 9 })
    return await Promise.all(honest.map((proof) => (proof.slot === 1 ? lie(proof) : proof)))
  }
  expect(await verify({ ...checked(), proofs }, 6)).toMatchObject({ outcome: 'differs', slot: 1 })
  // A clock ends messages; it emits none.
  const late = { Error: 'late', Messages: [credit], Spawns: [], Assignments: [] }
  const minting: CheckedUnit['proofs'] = async (id, from, limit) => {
    const honest = (await checked().proofs(id, from, limit)) as Json[]
    const lie = (proof: Json) =>
      consistentLie({ ...proof, decidedBy: 'unit' }, { ...late, Output: '', GasUsed: 0 })
    return await Promise.all(honest.map((proof) => (proof.slot === 1 ? lie(proof) : proof)))
  }
  expect(await verify({ ...checked(), proofs: minting }, 6)).toMatchObject({
    outcome: 'differs',
    field: 'Result.Messages[0]',
    slot: 1,
  })
  // Saying that its clock decided is no way around the chain.
  const excused: CheckedUnit['proofs'] = async (id, from, limit) =>
    ((await checked().proofs(id, from, limit)) as Json[]).map((proof) =>
      proof.slot === 1 ? { ...proof, decidedBy: 'unit', result: { Error: 'late' } } : proof,
    )
  expect(await verify({ ...checked(), proofs: excused }, 6)).toMatchObject({
    outcome: 'differs',
    field: 'resultChain',
    slot: 1,
  })

  // What cannot be judged is not called wrong.
  const slot = await unit.send(process, { op: 'loop' })
  await unit.ask(process, { op: 'add', n: 1 })
  expect(await verify(checked(), slot)).toMatchObject({
    outcome: 'undecided',
    reason: expect.stringMatching(/by its clock/),
  })
  // The slot after it can be: it left no trace.
  expect(await verify(checked(), slot + 1)).toMatchObject({
    outcome: 'verified',
    takenSlots: [slot],
  })
  const undecided = { outcome: 'undecided' }
  const garbage = { ...checked(), proof: async () => ({ version: 1, assignment: 'AA' }) }
  expect(await verify(garbage, slot)).toMatchObject(undecided)
  const muddled = { ...checked(), proofs: async () => [{ version: 2 }] }
  expect(await verify(muddled, slot)).toMatchObject(undecided)
  const stranger = checked(async (proof) => ({ ...proof, assignment: proof.message }))
  expect(await verify(stranger, 1)).toMatchObject(undecided)
  expect((await unit.get(`/proof/${process}/99`)).status).toBe(404)
  expect((await unit.get(`/proof/${process}/x`)).status).toBe(400)
  expect((await unit.get(`/proof/${'A'.repeat(43)}/0`)).status).toBe(404)
  expect((await unit.get(`/checkpoint/${process}`)).status).toBe(404)
})
