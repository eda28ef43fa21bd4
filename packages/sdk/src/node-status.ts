import { answerUnexpected } from './errors.ts'
import { isObject, readObject, type Transport } from './transport.ts'

/** What a node says of itself. */
export type NodeStatus = {
  /** `ok` where all of it works. */
  readonly status: string
  readonly version: string
  /** What the node does: `scheduler`, `compute`, … */
  readonly roles: readonly string[]
  /** Address of the node's key: its scheduler, and the authority of what it pushes. */
  readonly address: string
  /** Modules the node brings along: `js` runs actors in JavaScript. */
  readonly modules: { readonly js: string }
  /** How many processes it schedules. */
  readonly processes: number
  /** Of the base layer. */
  readonly height: number
}

export async function readStatus(transport: Transport, signal?: AbortSignal): Promise<NodeStatus> {
  const status = readObject(transport, await transport.get('/healthz', signal))
  const { address, modules } = status
  const isStatus =
    typeof address === 'string' && isObject(modules) && typeof modules.js === 'string'
  if (!isStatus) throw answerUnexpected(transport.url, 'the status of a node')
  return status as NodeStatus
}
