import { encodeBase64Url } from '@heddle/protocol/base'
import { type Signer, type Tag, verifyItem } from '@heddle/protocol/item'
import { expect, test } from 'vitest'
import { nodeCrypto } from '../../runtime/index.ts'
import {
  FakeItems,
  FakeLog,
  schedulerSigner,
  testItem,
  testMessage,
  testProcess,
  testSigner,
} from '../testing/fake-log.ts'
import { admitPath } from './admission.ts'
import { Attestations } from './attestations.ts'
import { parseDrivePath } from './path.ts'
import { driveRule } from './rule.ts'

const attestor = testSigner(7)
const stranger = testSigner(8)
const tag = (name: string, value: string): Tag => ({ name, value })
const addressOf = ({ owner }: Signer) => encodeBase64Url(nodeCrypto.sha256(owner))
const extension = tag('Extension', 'WeaveDrive')
const wanted = await testItem([], 'wanted')

async function startProcess(tags: readonly Tag[], moduleTags: readonly Tag[] = []) {
  const log = new FakeLog()
  const items = new FakeItems()
  const process = await testProcess('M'.repeat(43), 'boot', tags)
  await log.append(process.id, process)
  const dependencies = {
    ...{ log, items, engine: nodeCrypto },
    verify: (item: typeof process) => verifyItem(item, nodeCrypto),
  }
  const rule = driveRule(process, { tags: moduleTags }, addressOf(schedulerSigner))
  const attestations = new Attestations(dependencies)
  return {
    log,
    items,
    rule,
    say: async (tags: readonly Tag[], signer: Signer) =>
      log.append(process.id, await testMessage(process.id, 'go', tags, signer)),
    assign: (item = wanted) => {
      items.add(item)
      return log.append(process.id, item, { assigned: true })
    },
    admit: (path: string, slot: number) => {
      const parsed = parseDrivePath(path)
      if (rule === undefined || parsed === undefined) throw new Error('no drive, or no path')
      return admitPath({ ...dependencies, attestations }, rule, parsed, slot)
    },
  }
}

const refused = { code: 'weave-drive-refused', kind: 'invalid' }

test.each([
  ['Assignments', 'Attestation', attestor, true],
  ['Assignments', 'Attestation', schedulerSigner, true],
  ['Assignments', 'Attestation', stranger, false],
  ['Assignments', 'Available', attestor, false],
  ['Individual', 'Available', attestor, true],
  ['Individual', 'Attestation', attestor, true],
  ['Individual', 'Available', stranger, false],
  ['Library', 'Attestation', attestor, false],
  ['Everything', 'Attestation', attestor, false],
])('%s, an %s counts by who signed it, from its slot on', async (mode, type, signer, admitted) => {
  const tags = [extension, tag('Availability-Type', mode), tag('Attestor', addressOf(attestor))]
  const process = await startProcess(tags)
  const isAvailable = type === 'Available'
  const slot = await process.say(
    [
      tag('Type', type),
      tag('Data-Protocol', isAvailable ? 'WeaveDrive' : 'ao'),
      tag(isAvailable ? 'ID' : 'Message', wanted.id),
    ],
    signer,
  )
  for (const path of [`/data/${wanted.id}`, `/tx/${wanted.id}`, `/tx2/${wanted.id}`]) {
    const asked = process.admit(path, slot)
    if (admitted) expect(await asked).toBe(wanted.id)
    else await expect(asked).rejects.toMatchObject(refused)
    await expect(process.admit(path, slot - 1)).rejects.toMatchObject(refused)
  }
})

test('what the log itself has may be read from its slot on, an assignment is no message', async () => {
  const process = await startProcess([extension])
  const slot = await process.assign()
  const path = `/data/${wanted.id}`
  expect(await process.admit(path, slot)).toBe(wanted.id)
  await expect(process.admit(path, slot - 1)).rejects.toMatchObject(refused)
  const [entry] = await process.log.entries(process.rule?.processId ?? '', slot, 1)
  const assignment = `/data/${entry?.assignment.item.id}`
  await expect(process.admit(assignment, slot)).rejects.toMatchObject(refused)
})

test('attestations that cannot be read here are waited for, not skipped', async () => {
  const process = await startProcess([extension])
  const tags = [tag('Type', 'Attestation'), tag('Data-Protocol', 'ao'), tag('Message', wanted.id)]
  const attestation = await testItem(tags, '', schedulerSigner)
  const slot = await process.assign(attestation)
  process.items.items.delete(attestation.id)
  const path = `/data/${wanted.id}`
  await expect(process.admit(path, slot)).rejects.toMatchObject({ code: 'unknown-item' })
  process.items.add({ ...attestation, signature: new Uint8Array(64) })
  await expect(process.admit(path, slot)).rejects.toMatchObject({ code: 'unknown-item' })
  process.items.add(attestation)
  expect(await process.admit(path, slot)).toBe(wanted.id)
})

test('a long log is read while the process waits', async () => {
  const process = await startProcess([extension])
  const slot = await process.say(
    [tag('Type', 'Attestation'), tag('Data-Protocol', 'ao'), tag('Message', wanted.id)],
    schedulerSigner,
  )
  const entries = process.log.entriesOf.get(process.rule?.processId ?? '') ?? []
  const [first] = entries
  if (first === undefined) throw new Error('a log begins with its process')
  while (entries.length < 10_000) entries.push(first)
  const path = `/data/${wanted.id}`
  const unread = { code: 'weave-drive-missing' }
  await expect(process.admit(path, 9_999)).rejects.toMatchObject(unread)
  await expect.poll(() => process.admit(path, 9_999).catch(() => '')).toBe(wanted.id)
  expect(await process.admit(path, slot)).toBe(wanted.id)
})

test('a block is the first one attested for its height', async () => {
  const process = await startProcess([extension])
  const say = (id: string, signer = schedulerSigner) =>
    process.say(
      [
        ...[tag('Type', 'Available'), tag('Data-Protocol', 'WeaveDrive')],
        ...[tag('Block', '7'), tag('Block-Id', id)],
      ],
      signer,
    )
  await say('stranger', stranger)
  const slot = await say('first')
  await say('second')
  expect(await process.admit('/block/7', slot + 1)).toBe('first')
  await expect(process.admit('/block/8', slot + 1)).rejects.toMatchObject(refused)
})

test("the extension may be the module's, the mode the process's; without either, On-Boot alone", async () => {
  const boot = tag('On-Boot', wanted.id)
  const both = await startProcess(
    [tag('Availability-Type', 'Individual')],
    [extension, tag('Availability-Type', 'Library')],
  )
  expect(both.rule).toMatchObject({ isExtended: true, availability: 'Individual' })
  expect((await startProcess([])).rule).toBeUndefined()
  expect((await startProcess([tag('On-Boot', 'Data')])).rule).toBeUndefined()
  const booting = await startProcess([boot])
  expect(await booting.admit(`/data/${wanted.id}`, 0)).toBe(wanted.id)
  const other = `/data/${(await testItem([], 'other')).id}`
  await expect(booting.admit(other, 0)).rejects.toMatchObject(refused)
})

test.each([
  ['/data/short', undefined],
  ['/data/', undefined],
  ['data/x', undefined],
  ['/block/-1', undefined],
  ['/block/007', undefined],
  ['/block/1e3', undefined],
  [`/data/${wanted.id}/more`, undefined],
  [`/headers/${wanted.id}`, undefined],
  [`/tx2/${wanted.id}`, { kind: 'tx2', id: wanted.id }],
  ['/block/1331218', { kind: 'block', height: 1_331_218 }],
])('path %s', (path, parsed) => {
  expect(parseDrivePath(path)).toEqual(parsed)
})
