import { fileURLToPath } from 'node:url'
import type { Compute } from '../compute/index.ts'
import type { Consensus } from '../consensus/index.ts'
import { createExplorer, type Explorer, type ExplorerDeps } from '../explorer/index.ts'
import type { Mount } from '../network/index.ts'
import { nodeCrypto } from '../runtime/index.ts'
import type { Scheduler } from '../scheduler/index.ts'
import type { Ground } from './ground.ts'
import { readHostUse } from './host-use.ts'

/** The page and its live feed; the page is built next to the sources. */
export function openExplorer(
  ground: Ground,
  consensus: Consensus,
  scheduler: Scheduler,
  compute: Compute,
  wideLane: Pick<ExplorerDeps, 'blobs' | 'onPublished' | 'onCertified'>,
  mounts: () => readonly Mount[],
): Explorer {
  const { options, runtime, log, closing } = ground
  const room = log.forRoom('explorer')
  const explorer = createExplorer({
    log: scheduler,
    results: compute,
    blocks: consensus,
    ...wideLane,
    runtime,
    engine: nodeCrypto,
    peers: options.peers,
    fetch: globalThis.fetch,
    siteFolder: fileURLToPath(new URL('../../../../apps/explorer/dist', import.meta.url)),
    served: () => servedRoutes(mounts()),
    hostUse: () => readHostUse(options.dataFolder),
    onFault: (what, error) => room.warn({ error }, what),
  })
  closing.add(() => explorer.close())
  return explorer
}

/** Each route as `GET /path`. */
function servedRoutes(mounts: readonly Mount[]): string[] {
  return mounts.flatMap(({ prefix, routes }) =>
    routes.map(({ method, path }) => `${method} ${prefix}${path}`),
  )
}
