import { fileURLToPath } from 'node:url'
import type { Route } from '../network/index.ts'
import { nodeCrypto } from '../runtime/index.ts'
import { siteRoutes } from '../site/index.ts'
import type { Ground } from './ground.ts'

/** The documentation, built next to its sources. */
export function docsRoutes({ runtime: { disk } }: Ground): Route[] {
  return siteRoutes({
    title: 'the documentation',
    folder: fileURLToPath(new URL('../../../../docs/.vitepress/dist', import.meta.url)),
    buildCommand: 'node scripts/build-docs.ts',
    // Highlighted code has its colours in the lines themselves.
    hasStyleAttributes: true,
    disk,
    engine: nodeCrypto,
  })
}
