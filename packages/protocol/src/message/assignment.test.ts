import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeBase64Url } from '../base/index.ts'
import { portableCrypto as engine } from '../crypto/portable.ts'
import { createItem } from '../item/create.ts'
import type { Tag } from '../item/index.ts'
import { parseItem } from '../item/parse.ts'
import { portableEd25519Signer } from '../item/signers.ts'
import { ownerAddress, verifyItem } from '../item/verify.ts'
import { type AssignmentStatement, assignmentDraft, readAssignment } from './assignment.ts'
import { checkChain, hashChainNext, hashChainStart, verifyAssignment } from './assignment-chain.ts'
import type { Assignment } from './entry.ts'
import { schedulerLocationDraft } from './scheduler-location.ts'

const signer = portableEd25519Signer(new Uint8Array(32).fill(1))
const other = portableEd25519Signer(new Uint8Array(32).fill(2))
const processId = encodeBase64Url(new Uint8Array(32).fill(5))
const messageId = encodeBase64Url(new Uint8Array(32).fill(6))

const opening: AssignmentStatement = {
  processId,
  epoch: 0,
  slot: 0,
  hashChain: hashChainStart(processId, engine),
  blockHeight: 1331218,
  timestampMs: 1_711_676_638_471,
  messageId: processId,
  exclude: [],
}

async function sign(statement: AssignmentStatement, by = signer): Promise<Assignment> {
  return { ...statement, item: await createItem(assignmentDraft(statement), by, engine) }
}

async function follow(
  previous: Assignment,
  change: Partial<AssignmentStatement> = {},
  by = signer,
): Promise<Assignment> {
  const statement = {
    ...opening,
    slot: previous.slot + 1,
    hashChain: hashChainNext(previous.item.id, previous.hashChain, engine),
    timestampMs: previous.timestampMs + 1,
    messageId,
    ...change,
  }
  return sign(statement, by)
}

describe('an assignment item', () => {
  test('has the tags of the legacynet scheduler in their order', () => {
    const next = { ...opening, slot: 3, messageId, exclude: ['Data', 'Tags'] }
    expect(assignmentDraft(next)).toEqual({
      data: new Uint8Array(0),
      tags: [
        { name: 'Process', value: processId },
        { name: 'Epoch', value: '0' },
        { name: 'Nonce', value: '3' },
        { name: 'Hash-Chain', value: opening.hashChain },
        { name: 'Block-Height', value: '000001331218' },
        { name: 'Timestamp', value: '1711676638471' },
        { name: 'Data-Protocol', value: 'ao' },
        { name: 'Type', value: 'Assignment' },
        { name: 'Variant', value: 'ao.TN.1' },
        { name: 'Message', value: messageId },
        { name: 'Exclude', value: 'Data' },
        { name: 'Exclude', value: 'Tags' },
      ],
    })
    const names = assignmentDraft(opening).tags?.map(({ name }) => name)
    expect(names).not.toContain('Message')
  })

  test('reads back what was stated', async () => {
    const id = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(encodeBase64Url)
    const statement = fc.record({
      processId: id,
      epoch: fc.nat(),
      slot: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      hashChain: id,
      blockHeight: fc.maxSafeNat(),
      timestampMs: fc.maxSafeNat(),
      messageId: id,
      exclude: fc.array(fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,63}$/), { maxLength: 16 }),
    })
    await fc.assert(
      fc.asyncProperty(statement, async (stated) => {
        const { item, ...read } = await sign(stated)
        expect(read).toEqual(stated)
        const parsed = readAssignment(parseItem(item.bytes, engine), engine)
        expect({ ...parsed, item: undefined }).toEqual({ ...stated, item: undefined })
      }),
      { numRuns: 25 },
    )
  })

  const tags = assignmentDraft({ ...opening, slot: 1, messageId }).tags ?? []
  const replace = (name: string, value: string) =>
    tags.map((tag) => (tag.name === name ? { name, value } : tag))
  const without = (name: string) => tags.filter((tag) => tag.name !== name)
  const cases: [string, Tag[]][] = [
    ['another type', replace('Type', 'Message')],
    ['no Data-Protocol', without('Data-Protocol')],
    ['no Nonce', without('Nonce')],
    ['a negative Nonce', replace('Nonce', '-1')],
    ['a Nonce in hexadecimal', replace('Nonce', '0x10')],
    ['a Nonce beyond 2^53', replace('Nonce', '9007199254740992')],
    ['a Timestamp with a fraction', replace('Timestamp', '1.5')],
    ['a Process that is no id', replace('Process', 'x')],
    ['a Hash-Chain that is no digest', replace('Hash-Chain', '')],
    ['no Message behind slot 0', without('Message')],
    ['two Nonces', [...tags, { name: 'Nonce', value: '2' }]],
    ['an Exclude that names no field', [...tags, { name: 'Exclude', value: 'a b' }]],
    ['too much Exclude', [...tags, ...Array(17).fill({ name: 'Exclude', value: 'Data' })]],
    [
      'a false chain at slot 0',
      replace('Nonce', '0').map((tag) =>
        tag.name === 'Hash-Chain' ? { ...tag, value: messageId } : tag,
      ),
    ],
  ]
  test.each(cases)('with %s is refused', async (_, changed) => {
    const item = await createItem({ data: new Uint8Array(0), tags: changed }, signer, engine)
    expect(() => readAssignment(item, engine)).toThrow(
      expect.objectContaining({ code: 'assignment-invalid', kind: 'invalid' }),
    )
  })
})

describe('the chain', () => {
  test('is sha256 of the process id, then of assignment id and chain before', () => {
    const sha256 = (...parts: string[]) => {
      const hash = createHash('sha256')
      for (const part of parts) hash.update(Buffer.from(part, 'base64url'))
      return hash.digest('base64url')
    }
    const start = hashChainStart(processId, engine)
    expect(start).toBe(sha256(processId))
    expect(hashChainNext(messageId, start, engine)).toBe(sha256(messageId, start))
  })

  test('holds over an honest log', async () => {
    const first = await sign(opening)
    const second = await follow(first)
    checkChain(undefined, first, engine)
    checkChain(first, second, engine)
    checkChain(second, await follow(second, { epoch: 1 }, other), engine)
  })

  test('does not open anywhere but at slot 0 with the process', async () => {
    const first = await sign(opening)
    const broken = expect.objectContaining({ code: 'chain-broken' })
    const second = await follow(first)
    expect(() => checkChain(undefined, second, engine)).toThrow(broken)
    const foreign = await sign({ ...opening, messageId })
    expect(() => checkChain(undefined, foreign, engine)).toThrow(broken)
  })

  test.each<[string, Partial<AssignmentStatement>, boolean]>([
    ['a gap', { slot: 2 }, false],
    ['the same slot again', { slot: 0 }, false],
    ['a false chain', { hashChain: messageId }, false],
    ['standing time', { timestampMs: opening.timestampMs }, false],
    ['a falling height', { blockHeight: 1 }, false],
    ['another process', { processId: messageId }, false],
    ['another signer in the same epoch', {}, true],
  ])('breaks at %s', async (_, change, byOther) => {
    const first = await sign(opening)
    const next = await follow(first, change, byOther ? other : signer)
    expect(() => checkChain(first, next, engine)).toThrow(
      expect.objectContaining({ code: 'chain-broken', kind: 'invalid' }),
    )
  })

  test('breaks at a falling epoch', async () => {
    const first = await sign(opening)
    const second = await follow(first, { epoch: 2 })
    const third = await follow(second, { epoch: 1 })
    expect(() => checkChain(second, third, engine)).toThrow('Epoch fell from 2 to 1')
  })
})

describe('an entry', () => {
  const address = ownerAddress({ owner: signer.owner }, engine)
  const verify = (item: Parameters<typeof verifyItem>[0]) => verifyItem(item, engine)

  test('is trusted when the scheduler signed for this message', async () => {
    const message = await createItem({ data: new Uint8Array(1) }, other, engine)
    const assignment = await sign({ ...opening, slot: 1, messageId: message.id })
    await verifyAssignment({ assignment, message }, address, engine, verify)
    await verifyAssignment({ assignment, message: undefined }, address, engine, verify)
  })

  test('is refused with another signer, another message or a wrong signature', async () => {
    const message = await createItem({ data: new Uint8Array(1) }, other, engine)
    const denied = expect.objectContaining({ code: 'assignment-untrusted', kind: 'denied' })
    const byOther = await sign({ ...opening, slot: 1, messageId: message.id }, other)
    const entry = { assignment: byOther, message }
    await expect(verifyAssignment(entry, address, engine, verify)).rejects.toThrow(denied)
    const aboutOther = { assignment: await sign({ ...opening, slot: 1, messageId }), message }
    await expect(verifyAssignment(aboutOther, address, engine, verify)).rejects.toThrow(denied)
    const { item } = await sign(opening)
    const bytes = item.bytes.slice()
    bytes.set([(bytes[10] ?? 0) ^ 1], 10)
    const forged = {
      assignment: { ...opening, item: parseItem(bytes, engine) },
      message: undefined,
    }
    await expect(verifyAssignment(forged, address, engine, verify)).rejects.toThrow(denied)
  })
})

describe('a scheduler location', () => {
  test('names url and time to live', () => {
    const tags = schedulerLocationDraft('http://127.0.0.1:4000/su', 3_600_000).tags
    expect(tags).toContainEqual({ name: 'Type', value: 'Scheduler-Location' })
    expect(tags).toContainEqual({ name: 'Url', value: 'http://127.0.0.1:4000/su' })
    expect(tags).toContainEqual({ name: 'Time-To-Live', value: '3600000' })
  })

  test.each([
    ['ftp://x', 1],
    ['http://', 1],
    ['http://a b', 1],
    ['http://x', 0],
    ['http://x', 1.5],
  ])('refuses %j for %d ms', (url, ttlMs) => {
    expect(() => schedulerLocationDraft(url, ttlMs)).toThrow(
      expect.objectContaining({ code: 'location-invalid' }),
    )
  })
})
