/** Writes the generated pages of `docs/`: commands, settings, errors, limits, HTTP, metrics. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { nodePages, sourcePages } from './docs/pages.ts'
import { startSampleNode } from './docs/sample-node.ts'
import { root } from './source.ts'

const sample = await startSampleNode()
try {
  for (const [path, text] of [...(await sourcePages()), ...(await nodePages(sample))]) {
    const file = join(root, 'docs', path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
} finally {
  await sample.close()
}
