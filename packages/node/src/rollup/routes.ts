import { decodeText, encodeBase64Url, isId } from '@heddle/protocol/base'
import type { Route, RouteReply, RouteRequest } from '../network/index.ts'
import { loopbackOnly, requestInvalid } from './errors.ts'
import type { Noted } from './progress.ts'
import type { Recovery, RecoveryInput } from './recovery.ts'
import { sourceUrl } from './source.ts'

type RouteParts = {
  readonly recovery: Recovery
  readonly sources: readonly string[]
  last(processId: string): Promise<Noted | undefined>
  flush(): Promise<void>
}

/** `/rollup/:process` for anybody; all that does something for the node's own machine. */
export function rollupRoutes(parts: RouteParts): Route[] {
  const { recovery } = parts
  const own = (handle: Route['handle']): Route['handle'] => {
    return (request) => {
      if (!isLoopback(request.peer)) throw loopbackOnly()
      return handle(request)
    }
  }
  return [
    {
      method: 'GET',
      path: '/rollup/:process',
      handle: (request) => readLast(parts, processIn(request)),
    },
    {
      method: 'POST',
      path: '/rollup/flush',
      handle: own(async () => {
        await parts.flush()
        return { status: 200, body: {} }
      }),
    },
    {
      method: 'POST',
      path: '/rollup/:process/bundle',
      handle: own(async (request) => {
        const slots = await recovery.takeBundle(processIn(request), request.body)
        return { status: 200, body: { slots } }
      }),
    },
    {
      method: 'POST',
      path: '/rollup/:process/recovery',
      handle: own(async (request) => {
        const processId = processIn(request)
        await recovery.start(processId, inputOf(request, processId, parts.sources))
        return { status: 202, body: recovery.state(processId) }
      }),
    },
    {
      method: 'GET',
      path: '/rollup/:process/recovery',
      handle: (request) => ({ status: 200, body: recovery.state(processIn(request)) }),
    },
  ]
}

async function readLast({ last }: RouteParts, processId: string): Promise<RouteReply> {
  const noted = await last(processId)
  if (noted === undefined) return { status: 200, body: { process: processId, slots: 0 } }
  const { resultChain, toSlot, id, checkpoint } = noted
  const chain = resultChain && { resultChain: encodeBase64Url(resultChain) }
  const body = { process: processId, slots: toSlot + 1, rollup: id, checkpoint, ...chain }
  return { status: 200, body }
}

function processIn({ params }: RouteRequest): string {
  const id = params.process ?? ''
  if (!isId(id)) throw requestInvalid('the process must be 43 characters of base64url')
  return id
}

/** `{"from": URL, "scheduler": ADDRESS}`, both optional; `"from": null` asks nobody. */
function inputOf(
  { body }: RouteRequest,
  processId: string,
  sources: readonly string[],
): RecoveryInput {
  const { from, scheduler } = parseBody(body)
  if (scheduler !== undefined && !(typeof scheduler === 'string' && isId(scheduler))) {
    throw requestInvalid('scheduler must be 43 characters of base64url')
  }
  if (from === null) return { sources: [], scheduler }
  if (from === undefined) return { sources, scheduler }
  return { sources: [sourceUrl(processId, String(from))], scheduler }
}

function parseBody(body: Uint8Array): { readonly from?: unknown; readonly scheduler?: unknown } {
  if (body.length === 0) return {}
  try {
    const value: unknown = JSON.parse(decodeText(body))
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // Told below.
  }
  throw requestInvalid('the body must be a JSON object: {"from": URL, "scheduler": ADDRESS}')
}

function isLoopback(peer: string): boolean {
  return peer === '::1' || /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(peer)
}
