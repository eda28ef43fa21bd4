/** Replays a receipt on a thread of its own, so that the page stays quick. */
import { errorMessage, isHeddleError } from '@heddle/protocol/base'
import { portableCrypto } from '@heddle/protocol/crypto'
import { tagValue } from '@heddle/protocol/item'
import type { ModelManifest } from '@heddle/protocol/model'
import { readReceipt } from '@heddle/protocol/receipt'
import { createClient, fetchChunk, fetchModel, findReceipt } from '@heddle/sdk'
import { openReference, replayReceipt, sha256Hash } from './reference-replay.ts'
import type { ReplayMessage } from './use-replay.ts'

const { sha256 } = portableCrypto
const hash = sha256Hash(sha256)
/** The reference holds all weights; larger models are for the command line. */
const weightBytesMax = 256 * 1024 * 1024

self.addEventListener('message', ({ data }: MessageEvent<{ readonly id: string }>) => {
  replay(data.id).catch((error: unknown) => {
    const code = isHeddleError(error) ? error.code : ''
    say({ kind: 'failed', message: errorMessage(error), code })
  })
})

function say(message: ReplayMessage): void {
  self.postMessage(message)
}

async function replay(id: string): Promise<void> {
  const client = createClient({ url: self.location.origin })
  const item = await findReceipt(client, id)
  const receipt = readReceipt(item.data, sha256)
  const { manifest } = await fetchModel(client, tagValue(item.tags, 'Model') ?? '', { hash })
  const { sizeBytes } = manifest.weights
  if (sizeBytes > weightBytesMax) throw new Error(tooLarge(id))
  const file = await fetchWeights(manifest)
  const { tokenizerItem } = manifest
  const tokenizer =
    tokenizerItem === undefined ? undefined : (await client.item(tokenizerItem)).data
  const opened = await openReference(manifest, file, tokenizer, sha256)
  for (const event of replayReceipt(receipt, manifest, opened, sha256)) say(event)
  say({ kind: 'over' })
}

async function fetchWeights(manifest: ModelManifest): Promise<Uint8Array> {
  const client = createClient({ url: self.location.origin })
  const { sizeBytes } = manifest.weights
  const file = new Uint8Array(sizeBytes)
  let at = 0
  for (const index of manifest.chunks.keys()) {
    const chunk = await fetchChunk(client, manifest, index, { hash })
    file.set(chunk, at)
    at += chunk.length
    say({ kind: 'weights', done: at, of: sizeBytes })
  }
  return file
}

function tooLarge(id: string): string {
  return `this model is too large to be replayed in a page: npx heddle verify receipt ${id}`
}
