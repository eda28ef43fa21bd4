import type { Route } from '../network/index.ts'
import type { ProvenanceDeps } from './ports.ts'
import { traceItem } from './trace.ts'

/** `GET /provenance/:id`: where an item came from and what came of it; see `traceItem`. */
export function provenanceRoutes(deps: ProvenanceDeps): Route[] {
  return [
    {
      method: 'GET',
      path: '/provenance/:id',
      handle: async ({ params }) => ({
        status: 200,
        headers: { 'cache-control': 'no-store' },
        body: await traceItem(deps, params.id ?? ''),
      }),
    },
  ]
}
