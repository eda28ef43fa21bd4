import { verifyStorageProof } from '@heddle/protocol/arweave'
import { decodeBase64Url, encodeBase64Url, isHeddleError } from '@heddle/protocol/base'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RouteRequest } from '../network/index.ts'
import { nodeCrypto } from '../runtime/index.ts'
import { openTestStore, patternBytes, streamOf, type TestStore } from './testing/store-folder.ts'

let test: TestStore

beforeEach(async () => {
  test = await openTestStore()
})
afterEach(() => test.remove())

async function ask(path: string, peer = '127.0.0.1') {
  const url = new URL(path, 'http://node')
  const route = test.store.routes().find((one) => one.path === url.pathname)
  if (route === undefined) throw new Error(`no route ${path}`)
  const request: RouteRequest = {
    params: {},
    query: url.searchParams,
    headers: {},
    body: new Uint8Array(0),
    stream: streamOf(new Uint8Array(0)),
    url: path,
    method: route.method,
    peer,
    signal: new AbortController().signal,
  }
  return await route.handle(request)
}

async function refusal(path: string, peer?: string): Promise<string | undefined> {
  try {
    await ask(path, peer)
    return undefined
  } catch (error) {
    return isHeddleError(error) ? error.code : String(error)
  }
}

type Proof = { readonly answers: readonly { readonly chunk: string; readonly data_path: string }[] }

describe('the storage proof', () => {
  it('convinces a third party that has nothing but root, size and its own nonce', async () => {
    const data = await test.store.write(streamOf(patternBytes(900_000, 1)))
    const nonce = new Uint8Array(32).fill(77)
    const query = `root=${data.dataRoot}&size=900000&nonce=${encodeBase64Url(nonce)}&count=4`
    const { status, body } = await ask(`/store/proof?${query}`)
    expect(status).toBe(200)
    const none = new Uint8Array(0)
    const answers = (body as Proof).answers.map(({ chunk, data_path }) => ({
      bytes: decodeBase64Url(chunk) ?? none,
      path: decodeBase64Url(data_path) ?? none,
    }))
    const root = decodeBase64Url(data.dataRoot) ?? none
    const challenge = { root, sizeBytes: 900_000, nonce, count: 4 }
    expect(verifyStorageProof(challenge, answers, nodeCrypto)).toBe(true)
    const other = { ...challenge, nonce: new Uint8Array(32) }
    expect(verifyStorageProof(other, answers, nodeCrypto)).toBe(false)
  })

  it('is refused for what is not here and what is not asked right', async () => {
    const root = 'A'.repeat(43)
    const nonce = root
    const unknown = `/store/proof?root=${root}&size=9&nonce=${nonce}`
    expect(await refusal(unknown)).toBe('store-chunk-missing')
    for (const query of [
      '',
      `root=${root}&size=9`,
      `root=${root}&size=0&nonce=${nonce}`,
      `root=${root}&size=-9&nonce=${nonce}`,
      `root=AAAA&size=9&nonce=${nonce}`,
      `root=${root}&size=9&nonce=${nonce}A`,
      `root=${root}&size=9&nonce=${nonce}&count=5`,
      `root=${root}&size=9&nonce=${nonce}&count=0`,
    ]) {
      expect(await refusal(`/store/proof?${query}`), query).toBe('store-request-invalid')
    }
  })
})

describe('the audit', () => {
  it('is for the node’s own machine', async () => {
    await test.store.write(streamOf(patternBytes(500_000, 1)))
    const { body } = await ask('/store/audit?count=7')
    expect(body).toMatchObject({ checkedChunks: 7, faults: [] })
    expect(await refusal('/store/audit', '192.0.2.7')).toBe('store-loopback-only')
    expect(await refusal('/store/audit', '::1')).toBeUndefined()
    expect(await refusal('/store/audit', '::ffff:127.0.0.1')).toBeUndefined()
    expect(await refusal('/store/audit?count=10001')).toBe('store-request-invalid')
  })

  it('has nothing to say of an empty store', async () => {
    const { body } = await ask('/store/audit')
    expect(body).toEqual({ checkedChunks: 0, checkedBytes: 0, faults: [] })
  })
})

it('tells its status', async () => {
  await test.store.write(streamOf(patternBytes(500_000, 1)))
  const { body } = await ask('/store/status')
  expect(body).toMatchObject({ dataSets: 1, chunks: 2, chunkBytes: 500_000, damaged: 0 })
})
