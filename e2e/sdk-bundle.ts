/**
 * How large the SDK is in a browser: `node e2e/sdk-bundle.ts`. The program below signs a message, reads a
 * process and verifies an item, and is built as an application would be. One JSON line.
 */

import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { Rolldown } from 'vite'
import { bundleProgram, bundleRoot } from './bundle-program.ts'

const entry = 'message-read-verify.js'

const program = `
import { createClient, walletSigner } from '@heddle/sdk'
export async function run(url, wallet, processId, itemId) {
  const client = createClient({ url, signer: walletSigner(wallet) })
  const process = client.process(processId)
  const result = await process.send({ action: 'Inc', tags: { By: 2 } })
  const now = await process.read({ action: 'Get' })
  const item = await client.item(itemId)
  return { result, now, item }
}`

/** What is read of a built part. */
type Chunk = Pick<Rolldown.OutputChunk, 'fileName' | 'isEntry' | 'imports' | 'code' | 'modules'>

export type BundleSize = {
  /** What is loaded at once. */
  readonly firstBytes: number
  /** Parts that are loaded only where they are used. */
  readonly lazyBytes: number
  /** Modules of the first part with their sizes before they are packed, largest first. */
  readonly modules: readonly (readonly [name: string, bytes: number])[]
}

/** Sizes in gzip of the program above. */
export async function measureSdkBundle(): Promise<BundleSize> {
  const rolldown = { preserveEntrySignatures: 'strict' } as const
  const chunks: readonly Chunk[] = await bundleProgram({ entry, program, rolldown })
  const packed = (code: string) => gzipSync(code, { level: 9 }).length
  const first = chunks.filter((chunk) => isFirst(chunk, chunks))
  const sum = (list: readonly Chunk[]) => list.reduce((bytes, { code }) => bytes + packed(code), 0)
  const modules = first
    .flatMap((chunk) => Object.entries(chunk.modules))
    .map(([id, { renderedLength }]) => [id.replace(bundleRoot, ''), renderedLength] as const)
    .sort((a, b) => b[1] - a[1])
  return { firstBytes: sum(first), lazyBytes: sum(chunks) - sum(first), modules }
}

/** The entry, and what it imports without being asked. */
function isFirst(chunk: Chunk, all: readonly Chunk[]): boolean {
  if (chunk.isEntry) return true
  return all.some((other) => other.imports.includes(chunk.fileName) && isFirst(other, all))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { firstBytes, lazyBytes, modules } = await measureSdkBundle()
  const largest = Object.fromEntries(modules.slice(0, 25))
  console.log(JSON.stringify({ bench: 'sdk bundle', firstBytes, lazyBytes, largest }, null, 2))
}
