import { dataRootOf, signTransaction, transactionToJson } from '@heddle/protocol/arweave'
import { concatBytes, encodeBase64Url } from '@heddle/protocol/base'
import { portableCrypto } from '@heddle/protocol/crypto'
import { createItem, parseItem, portableEd25519Signer, verifyItem } from '@heddle/protocol/item'
import { describe, expect, it } from 'vitest'
import { createClient } from '../client.ts'
import { createFakeNode, type FakeAnswer, type SeenRequest } from '../fake-node.testing.ts'
import type { UploadState } from './upload-parts.ts'

const signer = portableEd25519Signer(new Uint8Array(32).fill(5))
const data = Uint8Array.from({ length: 100_000 }, (_, i) => i % 251)
const tags = [{ name: 'Content-Type', value: 'application/x-test' }]
const item = await createItem({ data, tags }, signer, portableCrypto)

/** Serves bytes as a node does, in pieces; `cutAt` breaks the connection after so many. */
function served(
  bytes: Uint8Array,
  range: string | null,
  cutAt = Number.POSITIVE_INFINITY,
): Response {
  const [, from = '0', to = ''] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? []
  const end = Math.min(to === '' ? bytes.length : Number(to) + 1, bytes.length)
  const part = bytes.slice(Number(from), end)
  let at = 0
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at >= cutAt && at < part.length) return controller.error(new Error('connection reset'))
      if (at >= part.length) return controller.close()
      controller.enqueue(part.subarray(at, at + 10_000))
      at += 10_000
    },
  })
  const headers = { 'content-range': `bytes ${from}-${end - 1}/${bytes.length}` }
  return new Response(body, { status: 206, headers })
}

function clientOf(bytes: Uint8Array, cutAt?: number) {
  const fetch = (async (url: string, init: RequestInit = {}) => {
    if (!new URL(url).pathname.startsWith('/item/')) {
      return Response.json({ error: 'not here', code: 'item-unknown' }, { status: 404 })
    }
    const range = new Headers(init.headers).get('range')
    return served(bytes, range, range?.startsWith('bytes=0-') ? undefined : cutAt)
  }) as typeof globalThis.fetch
  return createClient({ url: 'http://node', fetch })
}

async function collect(pieces: AsyncIterable<Uint8Array>, into: Uint8Array[] = []) {
  for await (const piece of pieces) into.push(piece)
  return concatBytes(into)
}

describe('download', () => {
  it('gives what was signed, with its facts', async () => {
    const seen: number[] = []
    const onProgress = (done: number) => void seen.push(done)
    const found = await clientOf(item.bytes).download(item.id, { onProgress })
    expect(found).toMatchObject({ kind: 'item', tags, sizeBytes: data.length })
    expect(await collect(found.data)).toEqual(data)
    expect(seen.at(-1)).toBe(data.length)
  })

  it('never ends well where a byte is another', async () => {
    const forged = item.bytes.slice()
    forged.set([255], forged.length - 20_000)
    const pieces: Uint8Array[] = []
    const found = await clientOf(forged).download(item.id)
    await expect(collect(found.data, pieces)).rejects.toMatchObject({ code: 'item-forged' })
    expect(concatBytes(pieces).length).toBeLessThan(data.length)
    const other = clientOf(item.bytes).download(encodeBase64Url(new Uint8Array(32)))
    await expect(other).rejects.toMatchObject({ code: 'item-forged' })
  })

  it('goes on where the connection broke, and checks what was there', async () => {
    const pieces: Uint8Array[] = []
    const first = await clientOf(item.bytes, 40_000).download(item.id)
    await expect(collect(first.data, pieces)).rejects.toMatchObject({ code: 'answer-cut' })
    const had = concatBytes(pieces)
    expect(had.length).toBeGreaterThan(0)
    const again = async (already: Uint8Array) => {
      const source = (async function* () {
        yield already
      })()
      return (await clientOf(item.bytes).download(item.id, { already: source })).data
    }
    expect(concatBytes([had, await collect(await again(had))])).toEqual(data)
    const wrong = had.slice().fill(7)
    await expect(collect(await again(wrong))).rejects.toMatchObject({ code: 'item-forged' })
    const tooLong = concatBytes([data, data])
    await expect(collect(await again(tooLong))).rejects.toMatchObject({ code: 'resume-too-long' })
  })

  it('checks a transaction’s data against its root', async () => {
    const { publicKey, privateKey } = await rsaKey()
    const sign = async (payload: Uint8Array) => {
      const algorithm = { name: 'RSA-PSS', saltLength: 32 }
      const bytes = await crypto.subtle.sign(algorithm, privateKey, new Uint8Array(payload))
      return new Uint8Array(bytes)
    }
    const content = { dataRoot: dataRootOf([data], portableCrypto), dataSizeBytes: data.length }
    const transaction = await signTransaction(content, { owner: publicKey, sign }, portableCrypto)
    const json = transactionToJson(transaction, false)
    const clientWith = (bytes: Uint8Array) =>
      createClient({
        url: 'http://node',
        fetch: (async (url: string) => {
          const { pathname } = new URL(url)
          if (pathname.startsWith('/tx/')) return Response.json(json)
          if (pathname.startsWith('/raw/')) return new Response(new Uint8Array(bytes))
          return Response.json({ error: 'no', code: 'item-unknown' }, { status: 404 })
        }) as typeof globalThis.fetch,
      })
    const found = await clientWith(data).download(transaction.id)
    expect(found.kind).toBe('transaction')
    expect(await collect(found.data)).toEqual(data)
    const forged = await clientWith(data.slice().fill(1, 0, 5)).download(transaction.id)
    await expect(collect(forged.data)).rejects.toMatchObject({ code: 'item-forged' })
  })
})

async function rsaKey() {
  const algorithm = {
    name: 'RSA-PSS',
    modulusLength: 2048,
    publicExponent: Uint8Array.of(1, 0, 1),
    hash: 'SHA-256',
  }
  const { privateKey, publicKey } = await crypto.subtle.generateKey(algorithm, true, ['sign'])
  const { n = '' } = await crypto.subtle.exportKey('jwk', publicKey)
  return { privateKey, publicKey: new Uint8Array(Buffer.from(n, 'base64url')) }
}

describe('upload in parts', () => {
  /** Takes parts in any order, as a node does; refuses what `refuse` says. */
  function uploadNode(refuse: (request: SeenRequest) => FakeAnswer | undefined = () => undefined) {
    const parts = new Map<number, Uint8Array>()
    const taken: string[] = []
    const { fetch } = createFakeNode((request) => {
      const no = refuse(request)
      if (no !== undefined) return no
      const [, , , id = '', step = ''] = request.path.split('?')[0]?.split('/') ?? []
      if (id === '-1') return { id: 'upload1' }
      if (step !== 'finalize') {
        parts.set(Number(step), request.body)
        return {}
      }
      const bytes = concatBytes([...parts].sort(([a], [b]) => a - b).map(([, part]) => part))
      const sent = parseItem(bytes, portableCrypto)
      taken.push(sent.id)
      return { id: sent.id }
    })
    return { client: createClient({ url: 'http://node', signer, fetch }), parts, taken }
  }
  const blob = new Blob([data])
  const partBytes = 30_000

  it('is the same item as one of the same bytes in memory', async () => {
    const { client, parts } = uploadNode()
    const phases = new Set<string>()
    const onProgress = ({ phase }: { phase: string }) => void phases.add(phase)
    const id = await client.upload({ data: blob, tags, partBytes, onProgress })
    expect(id).toBe(item.id)
    expect([...parts.keys()].sort((a, b) => a - b)).toEqual([0, 30_000, 60_000, 90_000])
    const inOrder = [...parts].sort(([a], [b]) => a - b).map(([, part]) => part)
    const whole = parseItem(concatBytes(inOrder), portableCrypto)
    expect(await verifyItem(whole, portableCrypto)).toBe(true)
    expect([...phases]).toEqual(['hashing', 'sending'])
  })

  it('goes on with what is missing', async () => {
    let broken = true
    const states: UploadState[] = []
    const { client, parts } = uploadNode(({ path }) => {
      if (broken && path.endsWith('/60000')) throw new TypeError('fetch failed')
      return undefined
    })
    const input = { data: blob, tags, partBytes }
    const first = client.upload({ ...input, onState: (state) => void states.push(state) })
    await expect(first).rejects.toMatchObject({ code: 'node-unreachable' })
    const resume = states.at(-1)
    expect(resume?.done).not.toContain(2)
    broken = false
    if (resume !== undefined) expect(await client.upload({ ...input, resume })).toBe(item.id)
    expect(parts.size).toBe(4)
  })

  it('begins again under the same signature where the node forgot it', async () => {
    const gone = Response.json({ error: 'no such upload', code: 'upload-unknown' }, { status: 404 })
    const { client, taken } = uploadNode(({ path }) =>
      path.includes('/old/') ? gone.clone() : undefined,
    )
    const header = item.bytes.subarray(0, item.bytes.length - data.length)
    const resume: UploadState = {
      version: 1,
      id: item.id,
      header: encodeBase64Url(header),
      sizeBytes: data.length,
      partBytes,
      uploadId: 'old',
      done: [0],
    }
    expect(await client.upload({ data: blob, tags, resume })).toBe(item.id)
    expect(taken).toEqual([item.id])
  })

  it('refuses a node that names another item, and sizes of parts that cannot be', async () => {
    const { client } = uploadNode(({ path }) =>
      path.endsWith('/finalize') ? { id: 'other' } : undefined,
    )
    const input = { data: blob, tags }
    await expect(client.upload(input)).rejects.toMatchObject({ code: 'item-forged' })
    const bad = client.upload({ ...input, partBytes: 0 })
    await expect(bad).rejects.toMatchObject({ code: 'part-bytes-invalid' })
  })
})

describe('query', () => {
  const node = (id: string) => ({
    cursor: `after-${id}`,
    node: {
      id,
      recipient: '',
      owner: { address: 'o' },
      tags,
      data: { size: '12', type: 'text/plain' },
      block: { height: 3, timestamp: 9 },
      bundledIn: null,
    },
  })
  const page = (ids: readonly string[], hasNextPage: boolean) => ({
    data: { transactions: { pageInfo: { hasNextPage }, edges: ids.map(node) } },
  })

  it('asks with all filters and goes from page to page', async () => {
    const asked: Record<string, unknown>[] = []
    const { fetch } = createFakeNode(({ body }) => {
      const { variables } = JSON.parse(new TextDecoder().decode(body))
      asked.push(variables)
      return variables.after === undefined ? page(['a', 'b'], true) : page(['c'], false)
    })
    const client = createClient({ url: 'http://node', fetch })
    const ids: string[] = []
    for await (const found of client.queryAll({ tags: { Type: ['x', 'y'], A: 'b' }, first: 2 })) {
      ids.push(found.id)
      expect(found).toMatchObject({
        dataBytes: 12,
        contentType: 'text/plain',
        bundledIn: undefined,
      })
    }
    expect(ids).toEqual(['a', 'b', 'c'])
    const filters = [
      { name: 'Type', values: ['x', 'y'] },
      { name: 'A', values: ['b'] },
    ]
    expect(asked).toEqual([
      { first: 2, tags: filters },
      { first: 2, tags: filters, after: 'after-b' },
    ])
  })

  it('passes on what the node refuses', async () => {
    const refused = { errors: [{ message: 'too many fields' }], data: null }
    const { fetch } = createFakeNode(() => refused)
    const client = createClient({ url: 'http://node', fetch })
    await expect(client.query()).rejects.toThrow('too many fields')
    const odd = createFakeNode(() => ({ data: {} }))
    const other = createClient({ url: 'http://node', fetch: odd.fetch })
    await expect(other.query()).rejects.toMatchObject({ code: 'answer-unexpected' })
  })
})
