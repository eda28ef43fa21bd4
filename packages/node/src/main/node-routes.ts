import type { Route } from '../network/index.ts'
import type { Metrics } from '../observe/index.ts'

/** What `/healthz` tells: enough for a client to spawn its first process. */
export type NodeState = {
  readonly version: string
  readonly roles: readonly string[]
  readonly address: string
  readonly jsModuleId: string
  processes(): number
  height(): number
}

export function nodeRoutes(state: NodeState, metrics: Metrics): Route[] {
  const health = () => ({
    status: 'ok',
    version: state.version,
    roles: state.roles,
    address: state.address,
    modules: { js: state.jsModuleId },
    processes: state.processes(),
    height: state.height(),
  })
  return [
    { method: 'GET', path: '/healthz', handle: () => ({ status: 200, body: health() }) },
    {
      method: 'GET',
      path: '/metrics',
      handle: async () => ({
        status: 200,
        headers: { 'content-type': metrics.contentType },
        body: await metrics.text(),
      }),
    },
  ]
}
