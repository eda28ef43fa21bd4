/**
 * Builds the documentation into `docs/.vitepress/dist`, where a node finds it, each file also packed. With
 * `--dev` it is served from its sources instead, and shows changes as they are saved. The SDK's reference is
 * made anew each time, from its types and docstrings.
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { build, createServer } from 'vitepress'
import { writeSdkReference } from './docs/sdk-reference.ts'
import { packFolder } from './pack.ts'
import { root } from './source.ts'

const docs = join(root, 'docs')
await writeSdkReference(join(docs, 'reference/sdk'))

if (process.argv[2] === '--dev') {
  const server = await createServer(docs)
  await server.listen()
  server.printUrls()
} else {
  const output = join(docs, '.vitepress/dist')
  rmSync(output, { recursive: true, force: true })
  await build(docs)
  packFolder(output)
}
