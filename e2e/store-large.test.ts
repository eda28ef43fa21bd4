import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRuntime, ed25519Signer, nodeCrypto } from '@heddle/node/runtime'
import { createItemHeader } from '@heddle/protocol/item'
import { afterEach, expect, it } from 'vitest'
import { type NodeProcess, newDataFolder, removeFolder, startNodeProcess } from './node-process.ts'

/** Size of the data: nothing unless asked for; `npm run soak` asks for 4 GiB. */
const gibibytes = Number(process.env.HEDDLE_LARGE_GIB ?? 0)
const largeBytes = gibibytes * 2 ** 30
/** Enough to have all threads at work. */
const smallBytes = 32 * 2 ** 20
const partBytes = 16 * 2 ** 20
/** Parts on their way at one time. */
const parallel = 3
const rssLimitMb = 300

const opened: NodeProcess[] = []
afterEach(async () => {
  for (const node of opened.splice(0)) {
    await node.stop()
    removeFolder(node.folder)
  }
})

/** Bytes from `from` up to, without, `to`: no two chunks of the data are alike. */
function dataBytes(from: number, to: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(to - from)
  const view = new DataView(bytes.buffer)
  for (let at = 0; at + 8 <= bytes.length; at += 4096) view.setFloat64(at, from + at)
  return bytes
}

function eachPart(sizeBytes: number): number[] {
  return Array.from({ length: Math.ceil(sizeBytes / partBytes) }, (_, part) => part * partBytes)
}

function digestData(sizeBytes: number) {
  const digest = createHash('sha384')
  for (const from of eachPart(sizeBytes)) {
    digest.update(dataBytes(from, Math.min(from + partBytes, sizeBytes)))
  }
  return new Uint8Array(digest.digest())
}

async function post(url: string, body?: Uint8Array<ArrayBuffer>): Promise<Response> {
  const reply = await fetch(url, { method: 'POST', ...(body && { body }) })
  if (!reply.ok) throw new Error(`${reply.status} ${await reply.text()}`)
  return reply
}

/**
 * Turbo's upload in parts. The header is one of its own and comes first, so that the rest is taken as it
 * comes, as it is with clients.
 */
async function upload(
  url: string,
  header: Uint8Array<ArrayBuffer>,
  sizeBytes: number,
): Promise<string> {
  const begun = await fetch(`${url}/v1/chunks/-1/-1?chunkSize=${partBytes}`)
  const { id } = (await begun.json()) as { id: string }
  const waiting = eachPart(sizeBytes)
  const sender = async () => {
    for (let from = waiting.shift(); from !== undefined; from = waiting.shift()) {
      const bytes = dataBytes(from, Math.min(from + partBytes, sizeBytes))
      await post(`${url}/v1/chunks/${id}/${header.length + from}`, bytes)
    }
  }
  await post(`${url}/v1/chunks/${id}/0`, header)
  await Promise.all(Array.from({ length: parallel }, sender))
  const receipt = (await (await post(`${url}/v1/chunks/${id}/finalize`)).json()) as { id: string }
  return receipt.id
}

async function download(url: string) {
  const reply = await fetch(url)
  const digest = createHash('sha384')
  let sizeBytes = 0
  for await (const part of reply.body ?? []) {
    digest.update(part)
    sizeBytes += part.length
  }
  return { sizeBytes, sha384: new Uint8Array(digest.digest()) }
}

/** Posts so much data and reads it again. */
async function passThrough(url: string, sizeBytes: number): Promise<void> {
  const data = { sizeBytes, sha384: digestData(sizeBytes) }
  const signer = ed25519Signer(createRuntime().random.bytes(32))
  const signed = await createItemHeader({ tags: [] }, data, signer, nodeCrypto)
  expect(await upload(url, new Uint8Array(signed.bytes), sizeBytes)).toBe(signed.id)
  expect(await download(`${url}/raw/${signed.id}`)).toEqual(data)
}

/** The most memory the node had so far; only Linux tells it of another process. */
async function mostMb({ child }: NodeProcess): Promise<number> {
  const status = await readFile(`/proc/${child.pid}/status`, 'utf8')
  return (Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024) / 1e6
}

it.skipIf(gibibytes === 0 || process.platform !== 'linux')(
  `${gibibytes} GiB go in and come out over HTTP, and the node stays under ${rssLimitMb} MB`,
  { timeout: 1_800_000 },
  async () => {
    const folder = newDataFolder()
    // The very first start compiles the node's code, which is kept.
    const first = await startNodeProcess(folder)
    opened.push(first)
    await passThrough(first.url, smallBytes)
    await first.stop()
    const node = await startNodeProcess(folder)
    opened.push(node)
    const startMb = await mostMb(node)
    await passThrough(node.url, largeBytes)
    const endMb = await mostMb(node)
    const told = [startMb, endMb].map((mb) => mb.toFixed(0)).join(' and ')
    process.stderr.write(`most memory at the start and in all: ${told} MB\n`)
    expect(endMb).toBeLessThan(rssLimitMb)
  },
)
