/**
 * Builds the explorer's page into `apps/explorer/dist`, where a node finds it, each file also packed
 * with brotli and gzip. With `--dev URL` it serves the page from its sources instead, in front of a
 * node at that URL, and shows changes as they are saved.
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { build, createServer, type InlineConfig } from 'vite'
import { packFolder } from './pack.ts'
import { root } from './source.ts'

const page = join(root, 'apps/explorer')
const output = join(page, 'dist')
/** What the page asks of a node. */
const nodePaths = ['/explorer/api', '/su', '/cu', '/mu', '/graphql', '/healthz', '/raw', '/item']

const config: InlineConfig = {
  configFile: false,
  root: page,
  base: '/explorer/',
  logLevel: 'warn',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: output,
    emptyOutDir: true,
    target: 'es2024',
    // The policy allows no inline content; an asset is a file of its own.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
}

async function serve(url: string): Promise<void> {
  const proxy = Object.fromEntries([...nodePaths, '/v1', '/da'].map((path) => [path, url]))
  const server = await createServer({ ...config, server: { proxy } })
  await server.listen()
  server.printUrls()
}

const [flag, url] = process.argv.slice(2)
if (flag === '--dev') {
  await serve(url ?? 'http://127.0.0.1:4000')
} else {
  rmSync(output, { recursive: true, force: true })
  await build(config)
  packFolder(output)
}
