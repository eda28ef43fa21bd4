import type { Route } from '../../network/index.ts'
import { blobRoutes } from './blob-routes.ts'
import { certificateRoutes } from './certificate-routes.ts'
import { type DaHttpOptions, daHttpDefaults } from './options.ts'
import type { DaDeps } from './ports.ts'
import { repairRoutes } from './repair-routes.ts'
import { sampleRoutes } from './sample-routes.ts'
import { segmentRoutes } from './segment-routes.ts'
import { statusRoutes } from './status-routes.ts'

/** The routes of the wide lane; main mounts them under `/da`. */
export function daRoutes(deps: DaDeps, given: Partial<DaHttpOptions> = {}): Route[] {
  const options = { ...daHttpDefaults, ...given }
  return [
    ...blobRoutes(deps, options),
    ...certificateRoutes(deps),
    ...repairRoutes(deps),
    ...sampleRoutes(deps, options),
    ...segmentRoutes(deps),
    ...statusRoutes(deps),
  ]
}
