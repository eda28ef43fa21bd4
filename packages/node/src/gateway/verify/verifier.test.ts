import { constants, generateKeyPairSync, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dataRootOf, signTransaction, transactionToJson } from '@heddle/protocol/arweave'
import { encodeText, isHeddleError } from '@heddle/protocol/base'
import { createItem, type Item, parseItem, type Tag } from '@heddle/protocol/item'
import { afterEach, describe, expect, test } from 'vitest'
import { ed25519Signer, ethereumSigner, nodeCrypto } from '../../runtime/index.ts'
import { decodeRecord } from '../items/record.ts'
import { parseTransactionItem } from '../items/transaction-item.ts'
import type { VerifierOptions } from './options.ts'
import { createVerifier, type Verifier } from './verifier.ts'

const signer = ed25519Signer(new Uint8Array(32).fill(4))
const crashing = { workerUrl: new URL('./crashing-worker.testing.ts', import.meta.url) }

let open: Verifier[] = []

afterEach(async () => {
  await Promise.all(open.map((verifier) => verifier.close()))
  open = []
})

function start(options: VerifierOptions = {}): Verifier {
  const verifier = createVerifier({ threads: 1, ...options })
  open.push(verifier)
  return verifier
}

function make(data: string | Uint8Array, tags: readonly Tag[] = []): Promise<Item> {
  const bytes = typeof data === 'string' ? encodeText(data) : data
  return createItem({ data: bytes, tags }, signer, nodeCrypto)
}

function makeMany(count: number): Promise<Item[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => make(`item ${index}`)))
}

/** The item with its last byte changed, which parses and does not verify. */
function forge(item: Item): Item {
  const bytes = Uint8Array.from(item.bytes)
  const last = bytes.length - 1
  bytes[last] = (bytes[last] ?? 0) ^ 1
  return parseItem(bytes, nodeCrypto)
}

/** Code and kind an item is answered with, or its verdict. */
async function answer(verdict: Promise<boolean>): Promise<string> {
  try {
    return String(await verdict)
  } catch (error) {
    if (isHeddleError(error)) return `${error.kind} ${error.code}`
    throw error
  }
}

describe('transactions', () => {
  test('are read and checked aside, alone and as what processes are given', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const { n = '' } = privateKey.export({ format: 'jwk' })
    const key = { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
    const wallet = {
      owner: new Uint8Array(Buffer.from(n, 'base64url')),
      sign: (payload: Uint8Array) => new Uint8Array(sign('sha256', payload, key)),
    }
    const data = encodeText('layer 1')
    const dataRoot = dataRootOf([data], nodeCrypto)
    const tags = [{ name: 'Kind', value: 'x' }]
    const transaction = await signTransaction({ data, dataRoot, tags }, wallet, nodeCrypto)
    const json = encodeText(JSON.stringify(transactionToJson(transaction)))
    const verifier = start()
    const checked = await verifier.checkTransaction(json)
    expect(checked).toMatchObject({ id: transaction.id, dataSizeBytes: 7, isWhole: true })
    expect(decodeRecord(checked.record).kept).toEqual({ kind: 'transaction', transaction })
    const item = parseTransactionItem(json)
    expect([item.id, item.tags, item.data]).toEqual([transaction.id, tags, data])
    expect(await verifier.verify(item)).toBe(true)

    const forged = { ...transactionToJson(transaction), reward: '1' }
    const wrong = encodeText(JSON.stringify(forged))
    await expect(verifier.checkTransaction(wrong)).rejects.toMatchObject({
      code: 'transaction-wrong',
      kind: 'invalid',
    })
    expect(await verifier.verify(parseTransactionItem(wrong))).toBe(false)
    const broken = verifier.checkTransaction(encodeText('{"format":2'))
    await expect(broken).rejects.toMatchObject({ code: 'request-invalid' })
  })
})

describe('verify', () => {
  test('answers each item of a batch by itself', async () => {
    const verifier = start()
    const items = await makeMany(100)
    const asked = items.map((item, index) => (index % 3 === 0 ? forge(item) : item))
    const verdicts = await Promise.all(asked.map((item) => verifier.verify(item)))
    expect(verdicts).toEqual(items.map((_, index) => index % 3 !== 0))
  })

  test('spreads over several threads and takes other signature types', async () => {
    const verifier = start({ threads: 2, batchItems: 5 })
    const ethereum = ethereumSigner(new Uint8Array(32).fill(4))
    const other = await createItem({ data: encodeText('x') }, ethereum, nodeCrypto)
    const items = [...(await makeMany(30)), other, forge(other)]
    const verdicts = await Promise.all(items.map((item) => verifier.verify(item)))
    expect(verdicts).toEqual(items.map((_, index) => index < 31))
  })

  test('takes items above the size of a batch and of the queue', async () => {
    const verifier = start({ batchBytes: 1000, queueBytes: 2000 })
    const large = await make(new Uint8Array(3 * 2 ** 20))
    expect(await verifier.verify(large)).toBe(true)
    expect(await verifier.verify(forge(large))).toBe(false)
  })

  test('leaves the event loop free', async () => {
    const verifier = start()
    const items = await makeMany(300)
    let ticks = 0
    let answered = false
    const tick = () => {
      ticks++
      if (!answered) setImmediate(tick)
    }
    setImmediate(tick)
    await Promise.all(items.map((item) => verifier.verify(item)))
    answered = true
    // 300 signatures in batches of 64 are five messages; between them the loop kept turning.
    expect(ticks).toBeGreaterThan(5)
  })

  test('never verifies on the calling thread: nothing there imports it', () => {
    for (const file of ['verifier.ts', 'thread.ts', 'batch.ts', 'options.ts', 'errors.ts']) {
      const source = readFileSync(new URL(file, import.meta.url), 'utf8')
      expect(source).not.toMatch(/verifyItem|verifyRsaPss|verifyEd25519|recoverSecp256k1/)
    }
  })
})

describe('the memory of verified items', () => {
  test('answers without a thread, for exactly the same bytes', async () => {
    // This worker says yes to everything, so a later no could only come from a real one.
    const verifier = start(crashing)
    const item = await make('once', [{ name: 'Step', value: '1' }])
    expect(await verifier.verify(item)).toBe(true)
    const crash = await make('a', [{ name: 'Crash', value: 'silent' }])
    const unanswered = answer(verifier.verify(crash))
    await new Promise(setImmediate)
    // The only thread will never answer again; the known item needs none.
    expect(await verifier.verify(parseItem(Uint8Array.from(item.bytes), nodeCrypto))).toBe(true)
    const other = answer(verifier.verify(forge(item)))
    await verifier.close()
    expect(await unanswered).toBe('unavailable verifier-closed')
    expect(await other).toBe('unavailable verifier-closed')
  })

  test('keeps no refusals', async () => {
    const verifier = start()
    const forged = forge(await make('x'))
    expect(await verifier.verify(forged)).toBe(false)
    expect(await verifier.verify(forged)).toBe(false)
  })
})

describe('limits', () => {
  test.each<[string, VerifierOptions, number]>([
    ['items', { queueItems: 3 }, 3],
    ['bytes', { queueBytes: 350 }, 2],
  ])(
    'a full queue (%s) refuses, and takes again once it is empty',
    async (_name, options, room) => {
      const verifier = start(options)
      const items = await makeMany(room + 2)
      const answers = await Promise.all(items.map((item) => answer(verifier.verify(item))))
      const busy = 'exhausted verifier-busy'
      expect(answers).toEqual([...Array(room).fill('true'), busy, busy])
      expect(await verifier.verify(await make('later'))).toBe(true)
    },
  )

  test.each<[VerifierOptions]>([
    [{ threads: 0 }],
    [{ threads: 65 }],
    [{ batchItems: 0 }],
    [{ queueBytes: Number.NaN }],
    [{ cacheItems: -1 }],
  ])('an option out of bounds is refused: %o', (options) => {
    expect(() => createVerifier(options)).toThrow(/must be a whole number from/)
  })
})

describe('a crash', () => {
  test.each(['throw', 'exit'])('by %s is answered, and the thread replaced', async (value) => {
    const verifier = start(crashing)
    const poison = await make('x', [{ name: 'Crash', value }])
    const [good, late] = [await make('good'), await make('late')]
    const batch = [verifier.verify(poison), verifier.verify(good)]
    await new Promise(setImmediate)
    const afterwards = verifier.verify(late)
    expect(await Promise.all(batch.map(answer))).toEqual([
      'unavailable verifier-crashed',
      'unavailable verifier-crashed',
    ])
    expect(await afterwards).toBe(true)
    expect(await verifier.verify(good)).toBe(true)
  })

  test('takes along the batch that was sent behind the one under way, and no more', async () => {
    const verifier = start({ ...crashing, batchItems: 2 })
    const poison = await make('x', [{ name: 'Crash', value: 'throw' }])
    const items = [poison, ...(await makeMany(4))]
    const answers = await Promise.all(items.map((item) => answer(verifier.verify(item))))
    expect(answers).toEqual([...Array(4).fill('unavailable verifier-crashed'), 'true'])
  })

  test('on start is answered each time', async () => {
    const verifier = start({ workerUrl: new URL('./absent.ts', import.meta.url) })
    for (const item of await makeMany(3)) {
      expect(await answer(verifier.verify(item))).toBe('unavailable verifier-crashed')
    }
  })
})

describe('close', () => {
  test('answers what waits and what comes later', async () => {
    const verifier = start()
    const items = await makeMany(200)
    const answers = items.map((item) => answer(verifier.verify(item)))
    await verifier.close()
    for (const text of await Promise.all(answers)) {
      expect(['true', 'unavailable verifier-closed']).toContain(text)
    }
    const [item] = await makeMany(1)
    expect(item && (await answer(verifier.verify(item)))).toBe('unavailable verifier-closed')
    await verifier.close()
  })
})

test('takes its own word for what this node signed, and for nothing else', async () => {
  const verifier = start({ workerUrl: new URL('./nowhere.ts', import.meta.url) })
  const item = await make('own')
  verifier.remember(item)
  expect(await verifier.verify(item)).toBe(true)
  const bytes = item.bytes.slice()
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
  await expect(verifier.verify(parseItem(bytes, nodeCrypto))).rejects.toThrow()
})
