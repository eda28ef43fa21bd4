import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeBase64Url } from '@heddle/protocol/base'
import { slotProofJson } from '@heddle/protocol/digest'
import { createItem, type Item, type Signer, type Tag, verifyItem } from '@heddle/protocol/item'
import { readAssignment } from '@heddle/protocol/message'
import { afterEach, expect, test } from 'vitest'
import { openJournal } from '../../journal/index.ts'
import { noBytes } from '../../network/index.ts'
import { createRuntime, nodeCrypto } from '../../runtime/index.ts'
import { createCompute } from '../compute.ts'
import type { CheckedUnit } from '../digest/checked-unit.ts'
import { openChecker } from '../digest/verify-slot.ts'
import type { Compute } from '../face.ts'
import type { DriveSource } from '../ports.ts'
import {
  FakeItems,
  FakeLog,
  testItem,
  testMessage,
  testProcess,
  testSigner,
} from '../testing/fake-log.ts'
import { checkedLog } from './checked-log.ts'
import { HeldFiles } from './testing/held-files.ts'
import { readingModule } from './testing/reading-module.ts'

const runtime = createRuntime()
const verify = (item: Item) => verifyItem(item, nodeCrypto)
const closing: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const tag = (name: string, value: string): Tag => ({ name, value })
const extension = tag('Extension', 'WeaveDrive')
const addressOf = ({ owner }: Signer) => encodeBase64Url(nodeCrypto.sha256(owner))
const wanted = await testItem([], 'contents of the item')

/** A process whose every message opens `path`. */
async function startProcess(path: string, tags: readonly Tag[] = [extension]) {
  const log = new FakeLog()
  const items = new FakeItems()
  const draft = {
    data: readingModule(path),
    tags: [tag('Module-Format', 'wasm32-unknown-emscripten4')],
  }
  const module = items.add(await createItem(draft, testSigner(9), nodeCrypto))
  const process = await testProcess(module.id, 'boot', tags)
  await log.append(process.id, process)
  const say = async (tags: readonly Tag[] = [], signer?: Signer) =>
    log.append(process.id, await testMessage(process.id, 'go', tags, signer))
  const assign = (item: Item) => {
    items.add(item)
    return log.append(process.id, item, { assigned: true })
  }
  return { log, items, processId: process.id, say, assign }
}

type Started = Awaited<ReturnType<typeof startProcess>>

/** A unit that evaluates the process; what its drive holds is its own. */
async function openUnit({ log, items, processId }: Started, drive: DriveSource) {
  const folder = await mkdtemp(join(tmpdir(), 'heddle-drive-'))
  const results = await openJournal(join(folder, 'results'), runtime)
  const compute = await createCompute(
    {
      ...{ log, items, drive, results, runtime, engine: nodeCrypto },
      verify,
      checkpointFolder: join(folder, 'checkpoints'),
      address: addressOf(testSigner(3)),
    },
    { workers: 1, retryMs: 20 },
  )
  closing.push(async () => {
    await compute.close()
    await results.close()
    await rm(folder, { recursive: true, force: true })
  })
  return {
    compute,
    result: async (slot: number) => (await compute.result(processId, slot)).result,
    checked: checkedUnit(compute),
  }
}

function checkedUnit(compute: Compute): CheckedUnit {
  const get = async (path: string, params: Record<string, string>, query = {}) => {
    const route = compute.routes().find((each) => each.path === path)
    const request = {
      ...{ params, query: new URLSearchParams(query), headers: {}, body: new Uint8Array(0) },
      ...{
        stream: noBytes(),
        url: path,
        method: 'GET',
        peer: '',
        signal: AbortSignal.timeout(9e3),
      },
    }
    return (await route?.handle(request))?.body
  }
  return {
    proof: (pid, slot) => get('/proof/:pid/:slot', { pid, slot: String(slot) }),
    async proofs(pid, from, limit) {
      const page = await get('/proofs/:pid', { pid }, { from: String(from), limit: String(limit) })
      return (page as { proofs: unknown[] }).proofs
    },
    checkpoint: async () => undefined,
  }
}

const refused = { Error: expect.stringContaining('the drive cannot give') }
const shown = { Output: 'contents' }

test('refuses, waits, gives: by the log alone, so that another unit has the same results', async () => {
  const process = await startProcess(`/data/${wanted.id}`)
  const held = new HeldFiles()
  const unit = await openUnit(process, held)
  expect(await unit.result(0)).toMatchObject(refused)
  const slot = await process.assign(wanted)
  const last = await process.say()
  const waits = { code: 'weave-drive-missing', kind: 'missing' }
  await expect(unit.result(slot)).rejects.toMatchObject(waits)
  expect(unit.compute.evaluatedHead(process.processId)).toBe(1)
  held.hold(wanted)
  expect(await unit.result(last)).toMatchObject(shown)
  expect(await unit.result(slot)).toMatchObject(shown)

  const checker = openChecker({ ...process, runtime, verify, engine: nodeCrypto })
  closing.push(() => checker.close())
  process.items.add(wanted)
  for (const slot of [0, 1, last]) {
    const request = { processId: process.processId, slot }
    const verdict = await checker.verify(unit.checked, request)
    expect(verdict).toMatchObject({ outcome: 'verified', fromSlot: 0 })
  }
})

test('a checker believes no unit on what its log holds', async () => {
  const process = await startProcess(`/data/${wanted.id}`)
  const slot = await process.assign(wanted)
  const entries = await process.log.entries(process.processId, 0, 2)
  const forged = await testItem(entries[1]?.assignment.item.tags ?? [], '', testSigner(8))
  const nothing = { moduleId: undefined, attestation: undefined, checkpoint: undefined }
  const chains = { chainBefore: new Uint8Array(32), chain: new Uint8Array(32) }
  const page = entries.map((entry, i) => {
    const assignment = i === 1 ? readAssignment(forged, nodeCrypto) : entry.assignment
    const said = { entry: { ...entry, assignment }, result: {}, decidedBy: 'module' as const }
    return slotProofJson({ ...said, ...chains, ...nothing })
  })
  const unit = {
    proof: async () => page[0],
    proofs: async (_process: string, from: number, limit: number) => page.slice(from, from + limit),
    checkpoint: async () => undefined,
  }
  const log = checkedLog({ unit, lastSlot: slot, verify, engine: nodeCrypto })
  const untrusted = { code: 'assignment-untrusted' }
  await expect(log.slotOf(process.processId, wanted.id)).rejects.toMatchObject(untrusted)
})
