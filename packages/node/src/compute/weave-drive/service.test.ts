import { encodeBase64Url } from '@heddle/protocol/base'
import { createItem, verifyItem } from '@heddle/protocol/item'
import { weaveDrive } from '@heddle/protocol/params'
import { expect, test } from 'vitest'
import { nodeCrypto } from '../../runtime/index.ts'
import type { DriveContent, DriveSource } from '../ports.ts'
import {
  FakeItems,
  FakeLog,
  schedulerSigner,
  testItem,
  testMessage,
  testProcess,
} from '../testing/fake-log.ts'
import { driveRule } from './rule.ts'
import { openWeaveDrive } from './service.ts'
import { HeldFiles } from './testing/held-files.ts'

const addressOf = (owner: Uint8Array) => encodeBase64Url(nodeCrypto.sha256(owner))
const small = await testItem([{ name: 'Title', value: 'small' }], 'small')
const { windowBytes } = weaveDrive
const largeBytes = new Uint8Array(2 * windowBytes + 5).map((_, i) => i % 251)
const large = await createItem({ data: largeBytes }, schedulerSigner, nodeCrypto)
const missing = { code: 'weave-drive-missing', kind: 'missing' }

/** The drive of a process to which both items and a block were assigned or attested. */
async function openDrive(change: Partial<DriveSource> = {}) {
  const log = new FakeLog()
  const items = new FakeItems()
  const held = new HeldFiles()
  const process = await testProcess('M'.repeat(43), '', [
    { name: 'Extension', value: 'WeaveDrive' },
  ])
  const block = held.addBlock(12)
  await log.append(process.id, process)
  for (const item of [small, large]) {
    held.hold(items.add(item))
    await log.append(process.id, item, { assigned: true })
  }
  const tags = Object.entries({
    ...{ Type: 'Available', 'Data-Protocol': 'WeaveDrive' },
    ...{ Block: '12', 'Block-Id': block.indep_hash },
  }).map(([name, value]) => ({ name, value }))
  await log.append(process.id, await testMessage(process.id, '', tags, schedulerSigner))
  const rule = driveRule(process, { tags: [] }, addressOf(schedulerSigner.owner))
  if (rule === undefined) throw new Error('the process has a drive')
  const source = {
    content: change.content ?? ((id: string) => held.content(id)),
    block: change.block ?? ((id: string) => held.block(id)),
  }
  const verify = (item: typeof small) => verifyItem(item, nodeCrypto)
  const ask = openWeaveDrive({ log, items, engine: nodeCrypto, verify, source })
  const slot = 3
  return {
    block,
    read: (path: string, window = 0) => ask({ rule, slot, path, window }),
    text: async (path: string) =>
      Buffer.from((await ask({ rule, slot, path, window: 0 })).bytes).toString(),
  }
}

test('gives data in windows, and nothing behind its end', async () => {
  const { read } = await openDrive()
  const windows = await Promise.all([0, 1, 2, 3].map((n) => read(`/data/${large.id}`, n)))
  expect(windows.map(({ sizeBytes }) => sizeBytes)).toEqual(Array(4).fill(largeBytes.length))
  expect(windows.map(({ bytes }) => bytes.length)).toEqual([windowBytes, windowBytes, 5, 0])
  const whole = Buffer.concat(windows.map(({ bytes }) => bytes))
  expect(whole.equals(Buffer.from(largeBytes))).toBe(true)
})

test('writes transactions and blocks from what their ids cover', async () => {
  const { text, block } = await openDrive()
  const transaction = JSON.parse(await text(`/tx/${small.id}`))
  const title = { name: 'VGl0bGU', value: 'c21hbGw' }
  expect(transaction).toEqual({
    ...{ format: 2, id: small.id, last_tx: '', tags: [title], target: '', quantity: '0' },
    ...{ owner: encodeBase64Url(small.owner), signature: encodeBase64Url(small.signature) },
    ...{ data: '', data_size: '5', data_root: '', reward: '0' },
    ownerAddress: addressOf(small.owner),
  })
  expect(JSON.parse(await text(`/tx2/${small.id}`))).toMatchObject({
    id: small.id,
    owner: { address: addressOf(small.owner) },
    tags: [{ name: 'Title', value: 'small' }],
    data: { size: '5' },
  })
  expect(JSON.parse(await text('/block/12'))).toEqual(block)
})

test('what a host adds to a header does not get into the text', async () => {
  const plain = await openDrive()
  const held = new HeldFiles()
  held.hold(small)
  const chatty = await openDrive({
    content: async (id) => {
      const content = await held.content(id)
      return content && { ...content, header: { ...content.header, seen: 'yesterday' } }
    },
  })
  const path = `/tx/${small.id}`
  expect(await chatty.text(path)).toBe(await plain.text(path))
})

const other = await testItem([], 'other')
test.each<[string, (content: DriveContent) => DriveContent | undefined]>([
  ['nothing', () => undefined],
  ['another item', (content) => ({ ...content, item: other })],
  ['another header', (content) => ({ ...content, header: { ...content.header, id: other.id } })],
  ['other bytes', (content) => ({ ...content, item: { ...small, data: other.data } })],
  ['too few bytes', (content) => ({ ...content, item: undefined, sizeBytes: 6 })],
  [
    'an error',
    (content) => ({
      ...content,
      // biome-ignore lint/correctness/useYield: it fails before the first
      async *read() {
        throw new Error('the disk is gone')
      },
    }),
  ],
])('a source that gives %s has nothing, which decides nothing', async (_what, change) => {
  const held = new HeldFiles()
  held.hold(small)
  const { read } = await openDrive({
    content: async (id) => {
      const content = await held.content(id)
      return content && change(content)
    },
  })
  await expect(read(`/data/${small.id}`)).rejects.toMatchObject(missing)
})

test('a block with another height or id is not the one', async () => {
  const right = await openDrive()
  for (const wrong of [{ height: 13 }, { indep_hash: 'x' }]) {
    const { read } = await openDrive({ block: async () => ({ ...right.block, ...wrong }) })
    await expect(read('/block/12')).rejects.toMatchObject(missing)
  }
})
