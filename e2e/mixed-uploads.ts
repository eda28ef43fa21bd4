import { constants, createHash, generateKeyPairSync, sign } from 'node:crypto'
import { createRuntime, ed25519Signer, nodeCrypto } from '@heddle/node/runtime'
import { DataRootBuilder, signTransaction, transactionToJson } from '@heddle/protocol/arweave'
import { encodeBase64Url } from '@heddle/protocol/base'
import { bundleItems, bundleTags, createItem, type Item, type Tag } from '@heddle/protocol/item'
import { sleep } from './killable-node.ts'

const { random } = createRuntime()
const signer = ed25519Signer(random.bytes(32))
const wallet = newWallet()

/** What a node acknowledged: it must be found, and its data be this. */
export type Kept = { readonly id: string; readonly sha256: string; readonly kind: string }

export type UploadKind = keyof typeof ways

/** Ways to bring data to a node, each posting until it is acknowledged, whatever happens to the node. */
export const ways = { transaction, chunks, item, bundle, turbo, large }

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64url')
}

/** 2,048 bits: four times as fast to make and as good for a test. */
function newWallet() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const { n = '' } = privateKey.export({ format: 'jwk' })
  const key = { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
  return {
    owner: new Uint8Array(Buffer.from(n, 'base64url')),
    sign: (payload: Uint8Array) => new Uint8Array(sign('sha256', payload, key)),
  }
}

/** A node that starts is not helped by being asked all the time. */
const retryMs = 100
const size = (most: number) => 1 + Math.floor((random.bytes(1)[0] ?? 0) * (most / 256))
const tagsOf = (kind: string): Tag[] => [{ name: 'Kind', value: kind }]
const kept = (id: string, data: Uint8Array, kind: string): Kept => ({
  id,
  sha256: sha256Of(data),
  kind,
})

/** One request, repeated until it is taken. What is refused for good throws. */
async function insist(url: string, body: Uint8Array | string): Promise<Record<string, unknown>> {
  for (;;) {
    try {
      const reply = await fetch(url, {
        method: 'POST',
        body: typeof body === 'string' ? body : new Uint8Array(body),
        signal: AbortSignal.timeout(20_000),
      })
      const text = await reply.text()
      if (reply.ok) return text.startsWith('{') ? JSON.parse(text) : {}
      if (reply.status < 500 && reply.status !== 429) throw new Refused(`${url}: ${text}`)
    } catch (error) {
      if (error instanceof Refused) throw error
    }
    await sleep(retryMs)
  }
}

class Refused extends Error {}

async function signed(data: Uint8Array, dataRoot: Uint8Array, kind: string) {
  const content = { dataRoot, dataSizeBytes: data.length, tags: tagsOf(kind) }
  return signTransaction(content, wallet, nodeCrypto)
}

function cut(data: Uint8Array) {
  const builder = new DataRootBuilder(nodeCrypto)
  const early = builder.push(data)
  const { chunks, tree } = builder.end()
  return { chunks: [...early, ...chunks], tree }
}

/** A transaction with its data. */
async function transaction(url: string): Promise<Kept[]> {
  const data = random.bytes(size(5000))
  const { tree } = cut(data)
  const json = transactionToJson(await signed(data, tree.root, 'transaction'))
  await insist(`${url}/tx`, JSON.stringify({ ...json, data: encodeBase64Url(data) }))
  return [kept(json.id, data, 'transaction')]
}

/** A transaction, and its data in chunks, in any order. */
async function chunks(url: string): Promise<Kept[]> {
  const data = random.bytes(size(1_200_000))
  const { chunks, tree } = cut(data)
  const json = transactionToJson(await signed(data, tree.root, 'chunks'))
  await insist(`${url}/tx`, JSON.stringify(json))
  const post = (chunk: (typeof chunks)[number], i: number) =>
    insist(
      `${url}/chunk`,
      JSON.stringify({
        data_root: json.data_root,
        data_size: json.data_size,
        data_path: encodeBase64Url(tree.path(i)),
        offset: String(chunk.toByte - 1),
        chunk: encodeBase64Url(chunk.bytes),
      }),
    )
  await Promise.all(chunks.map(post).reverse())
  return [kept(json.id, data, 'chunks')]
}

async function item(url: string): Promise<Kept[]> {
  const data = random.bytes(size(100_000))
  const made = await createItem({ data, tags: tagsOf('item') }, signer, nodeCrypto)
  await insist(`${url}/v1/tx`, made.bytes)
  return [kept(made.id, data, 'item')]
}

/** A bundle with a bundle in it. */
async function bundle(url: string): Promise<Kept[]> {
  const found: Kept[] = []
  const make = async (): Promise<Item> => {
    const data = random.bytes(size(3000))
    const made = await createItem({ data, tags: tagsOf('bundle') }, signer, nodeCrypto)
    found.push(kept(made.id, data, 'bundle'))
    return made
  }
  const wrap = (items: readonly Item[]) =>
    createItem({ data: bundleItems(items), tags: bundleTags }, signer, nodeCrypto)
  const inner = await wrap([await make(), await make()])
  const outer = await wrap([await make(), inner, await make()])
  await insist(`${url}/v1/tx`, outer.bytes)
  return found
}

/** In parts, three at a time, under one upload id whatever happens in between. */
async function inParts(url: string, data: Uint8Array, partBytes: number, kind: string) {
  const made = await createItem({ data, tags: tagsOf(kind) }, signer, nodeCrypto)
  const id = await beginParts(url, partBytes)
  const offsets = Array.from(
    { length: Math.ceil(made.bytes.length / partBytes) },
    (_, i) => i * partBytes,
  ).reverse()
  const sender = async () => {
    for (let at = offsets.pop(); at !== undefined; at = offsets.pop()) {
      await insist(`${url}/v1/chunks/${id}/${at}`, made.bytes.subarray(at, at + partBytes))
    }
  }
  await Promise.all([sender(), sender(), sender()])
  const receipt = await insist(`${url}/v1/chunks/${id}/finalize`, '')
  if (receipt.id !== made.id) throw new Error(`${made.id} became ${JSON.stringify(receipt)}`)
  return [kept(made.id, data, kind)]
}

async function beginParts(url: string, partBytes: number): Promise<string> {
  for (;;) {
    try {
      const reply = await fetch(`${url}/v1/chunks/-1/-1?chunkSize=${partBytes}`)
      if (reply.ok) return ((await reply.json()) as { id: string }).id
    } catch {
      // It is being killed: again.
    }
    await sleep(retryMs)
  }
}

const turboPartBytes = 100_000

function turbo(url: string): Promise<Kept[]> {
  return inParts(url, random.bytes(size(900_000)), turboPartBytes, 'turbo')
}

/** Beyond what is a record of the journal: its data goes to the store. */
function large(url: string): Promise<Kept[]> {
  return inParts(url, random.bytes(16_000_000 + size(500_000)), 4_000_000, 'large')
}
