import { expect, test } from 'vitest'
import { encodeBase64Url, encodeText } from '../base/index.ts'
import { ethereumAddress, portableCrypto } from '../crypto/index.ts'
import {
  createItem,
  ethereumSigner,
  ownerAddress,
  portableEd25519Signer,
  type Signer,
  type Tag,
} from '../item/index.ts'
import type { Assignment } from './entry.ts'
import { dryRunMessage } from './evaluation-dry-run.ts'
import { readMemoryLimit } from './evaluation-memory.ts'
import {
  cronMessage,
  evaluationEnvironment,
  evaluationMessage,
  presentedOwner,
} from './evaluation-message.ts'
import { errorResult, readReply, resultLimits, writeResult } from './evaluation-result.ts'

const engine = portableCrypto
const signer = portableEd25519Signer(new Uint8Array(32).fill(3))
const processId = encodeBase64Url(new Uint8Array(32).fill(5))

async function item(
  tags: readonly Tag[],
  data: Uint8Array,
  anchor?: Uint8Array,
  by: Signer = signer,
) {
  const draft = { data, tags, target: processId, ...(anchor === undefined ? {} : { anchor }) }
  return await createItem(draft, by, engine)
}

async function assignmentOf(messageId: string, exclude: string[] = []): Promise<Assignment> {
  return {
    item: await item([], encodeText('')),
    processId,
    epoch: 0,
    slot: 4,
    hashChain: 'C'.repeat(43),
    blockHeight: 99,
    timestampMs: 1234,
    messageId,
    exclude,
  }
}

test('a message has all fields of AO, and spoofing tags are gone', async () => {
  const tags = [
    { name: 'Action', value: 'Hi' },
    { name: 'From', value: 'somebody' },
    { name: 'Owner', value: 'somebody' },
  ]
  const message = await item(tags, encodeText('text'), encodeText('a'.repeat(32)))
  const assignment = await assignmentOf(message.id, ['Data'])
  const address = ownerAddress(message, engine)
  // Exclude counts for assigned items only.
  expect(evaluationMessage({ assignment, item: message, assigned: false }, engine)).toEqual({
    Id: message.id,
    Signature: encodeBase64Url(message.signature),
    Owner: address,
    From: address,
    Target: processId,
    Anchor: 'a'.repeat(32),
    Tags: [{ name: 'Action', value: 'Hi' }],
    Data: 'text',
    Epoch: 0,
    Nonce: 4,
    Timestamp: 1234,
    'Block-Height': 99,
    'Hash-Chain': 'C'.repeat(43),
    Cron: false,
  })
})

test('a pushed message comes from its process, forwarded by the signer', async () => {
  const message = await item([{ name: 'From-Process', value: 'P' }], encodeText('x'))
  const assignment = await assignmentOf(message.id)
  const presented = evaluationMessage({ assignment, item: message, assigned: false }, engine)
  const address = ownerAddress(message, engine)
  expect(presented).toMatchObject({ From: 'P', 'Forwarded-By': address, Owner: address })
})

test('bytes that are no text: data gets U+FFFD, an anchor is left out', async () => {
  const wild = await item([], Uint8Array.of(65, 255, 66), new Uint8Array(32).fill(200))
  const empty = await item([], new Uint8Array(0))
  const assignment = await assignmentOf(wild.id)
  const presented = evaluationMessage({ assignment, item: wild, assigned: false }, engine)
  expect(presented.Data).toBe('A\ufffdB')
  expect(presented).not.toHaveProperty('Anchor')
  expect(evaluationMessage({ assignment, item: empty, assigned: false }, engine).Data).toBe(' ')
})

test('an assigned item is shown without what its assignment excludes', async () => {
  const tags = [{ name: 'Action', value: 'Hi' }]
  const message = await item(tags, encodeText('x'))
  const exclude = ['Data', 'Tags', 'Owner', 'Id', 'Timestamp', 'constructor']
  const assignment = await assignmentOf(message.id, exclude)
  const presented = evaluationMessage({ assignment, item: message, assigned: true }, engine)
  expect(presented).toMatchObject({
    Id: message.id,
    Message: message.id,
    Timestamp: 1234,
    Tags: [],
  })
  expect(presented).not.toHaveProperty('Data')
  expect(presented).not.toHaveProperty('Owner')
})

test('owners are shown as their kind of key is addressed', async () => {
  const ethereum = ethereumSigner(new Uint8Array(32).fill(9))
  const message = await item([], encodeText('x'), undefined, ethereum)
  expect(presentedOwner(message, engine)).toBe(ethereumAddress(ethereum.owner, engine))
  expect(presentedOwner(message, engine)).toMatch(/^0x[0-9a-fA-F]{40}$/)
  const typed = { signatureType: 7, owner: encodeText(`0x${'aB'.repeat(20)}`) }
  expect(presentedOwner(typed, engine)).toBe(`0x${'aB'.repeat(20)}`)
})

test('a cron tick speaks as the process owner with the tags of its own interval', async () => {
  const process = await item(
    [
      { name: 'Cron-Interval', value: '1-second' },
      { name: 'Cron-Tag-Action', value: 'Tick' },
      { name: 'Cron-Interval', value: '1-day' },
      { name: 'Cron-Tag-Action', value: 'Daily' },
    ],
    encodeText('boot'),
  )
  const scheduler = portableEd25519Signer(new Uint8Array(32).fill(8))
  const tick = await item(
    [
      { name: 'Data-Protocol', value: 'ao' },
      { name: 'Type', value: 'Message' },
      { name: 'Variant', value: 'ao.TN.1' },
      { name: 'Cron-Tick', value: '1-second' },
      { name: 'Cron-Time', value: '1000' },
      { name: 'Delivery-Id', value: 'cron/p/1-second/1000' },
      { name: 'Action', value: 'Tick' },
    ],
    encodeText(''),
    undefined,
    scheduler,
  )
  const assignment = await assignmentOf(tick.id)
  const address = ownerAddress(process, engine)
  expect(cronMessage({ assignment, item: tick, assigned: false }, process, engine)).toMatchObject({
    Owner: address,
    From: address,
    Cron: true,
    Tags: [{ name: 'Action', value: 'Tick' }],
  })
  const environment = evaluationEnvironment(process, tick, engine)
  expect(environment.Process).toEqual({ Id: process.id, Owner: address, Tags: process.tags })
})

const reply = (response: unknown) => readReply(JSON.stringify({ ok: true, response }))

test('a good reply is read into the one shape', () => {
  const message = { Target: 'T', Data: 5, Tags: [{ name: 'a', value: 1 }], Extra: 'kept' }
  expect(reply({ Output: { data: 'x' }, Messages: [message], Spawns: {}, GasUsed: 7 })).toEqual({
    Messages: [
      { Target: 'T', Anchor: '', Tags: [{ name: 'a', value: '1' }], Data: '5', Extra: 'kept' },
    ],
    Spawns: [],
    Assignments: [],
    Output: { data: 'x' },
    GasUsed: 7,
  })
  const assignment = { Processes: ['p'], Message: 'm', Exclude: ['Data'] }
  expect(reply({ Assignments: [assignment] }).Assignments).toEqual([assignment])
})

test('whatever fails is a result with Error and without emissions', () => {
  const failing: [string, RegExp][] = [
    ['no json', /did not return a JSON object/],
    ['[]', /did not return a JSON object/],
    ['{"ok":false,"response":"boom"}', /^boom$/],
    ['{"ok":false,"response":{"a":1}}', /^\{"a":1\}$/],
    ['{"ok":false}', /no reason/],
    ['{"ok":true}', /without a response/],
    ['{"ok":true,"response":{"Error":"bad","Messages":[{"Target":"T"}]}}', /^bad$/],
    ['{"ok":true,"response":{"Output":"x: not enough memory for buffer allocation"}}', /memory/],
    [`{"ok":true,"response":{"Messages":[${'{},'.repeat(10_000)}{}]}}`, /emitted 10001/],
    [
      `{"ok":true,"response":{"Assignments":[{"Message":"m","Processes":[${'"a",'.repeat(10_000)}"a"]}]}}`,
      /emitted 10001/,
    ],
    [' '.repeat(resultLimits.replyLength + 1), /too large/],
  ]
  for (const [text, error] of failing) {
    const result = readReply(text)
    expect(result.Error).toMatch(error)
    expect(result.Messages).toEqual([])
  }
  for (const none of ['', null, false]) expect(reply({ Error: none }).Error).toBeUndefined()
})

test('a result that could not be kept becomes a failure', () => {
  expect(writeResult(errorResult('x')).failed).toBe(true)
  const fits = reply({ Output: 'ü'.repeat(6 * 1024 * 1024) })
  expect(writeResult(fits).failed).toBe(false)
  const large = reply({ Output: '€'.repeat(6 * 1024 * 1024) })
  const { json, failed } = writeResult(large)
  expect(failed).toBe(true)
  expect(JSON.parse(json).Error).toMatch(/more than 15728640 bytes/)
})

test('memory limits are read as AO writes them', () => {
  expect(readMemoryLimit('1-gb')).toBe(1024 ** 3)
  expect(readMemoryLimit('500-mb')).toBe(500 * 1024 ** 2)
  expect(readMemoryLimit('1.5GB')).toBe(1.5 * 1024 ** 3)
  expect(readMemoryLimit('65536')).toBe(65_536)
  for (const text of ['', 'lots', '-1-gb', '0-gb', '1-zb', '9'.repeat(20)]) {
    expect(readMemoryLimit(text)).toBeUndefined()
  }
})

test('a dry-run message believes its sender and says that it is read-only', () => {
  const defaults = { processId, timestampMs: 5, blockHeight: 6 }
  const body = { Id: 1234, Owner: 'me', Data: '', Tags: [{ name: 'Owner', value: 'x' }] }
  expect(dryRunMessage(body, defaults)).toEqual({
    Id: '1234',
    Owner: 'me',
    From: 'me',
    Target: processId,
    Tags: [],
    Data: ' ',
    Timestamp: 5,
    'Block-Height': 6,
    Cron: false,
    'Read-Only': true,
  })
  expect(dryRunMessage({ Timestamp: '77', From: 'f' }, defaults)).toMatchObject({
    Timestamp: 77,
    From: 'f',
  })
  const wrong = [null, [], 'x', { Tags: {} }, { Tags: [1] }, { Tags: [{ value: 'x' }] }]
  for (const body of [
    ...wrong,
    { Data: {} },
    { Timestamp: 'soon' },
    { Tags: Array(2000).fill({}) },
  ]) {
    expect(() => dryRunMessage(body, defaults)).toThrow(/invalid dry-run message/)
  }
})
