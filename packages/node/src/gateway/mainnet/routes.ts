import { statusOfError } from '@heddle/protocol/api'
import { isHeddleError } from '@heddle/protocol/base'
import { type Route, type RouteReply, type RouteRequest, replyError } from '../../network/index.ts'
import { idPattern } from '../arweave/id-path.ts'
import { pathUnknown } from '../errors.ts'
import type { MainnetDeps } from '../ports.ts'
import { type Call, readCall, replyCodec } from './call.ts'
import { compute } from './compute.ts'
import { dryRun } from './dry-run.ts'
import { type MainnetPath, parsePath } from './path.ts'
import type { Patience } from './patience.ts'
import { push } from './push.ts'
import { readSchedule } from './schedule.ts'

const devicePattern = '^[A-Za-z0-9_-]{43}~process@1\\.0$'

/**
 * HyperBEAM's paths, as aoconnect's mainnet mode asks for them, over the same scheduler and compute
 * unit as the legacy units. Reads are answered to GET and POST alike, for that mode posts
 * everything.
 */
export function mainnetRoutes(deps: MainnetDeps, patience: Patience): Route[] {
  const handle = (request: RouteRequest) => guarded(() => answer(request, deps, patience))
  const any = (path: string): Route[] => [
    { method: 'GET', path, handle },
    { method: 'POST', path, handle },
  ]
  return [
    { method: 'GET', path: '/~meta@1.0/info/address', handle: () => text(deps.address) },
    { method: 'GET', path: '/~meta@1.0/info', handle: () => metaInfo(deps) },
    {
      method: 'POST',
      path: '/push',
      handle: (request) =>
        guarded(() => push(readCall(request, deps.engine), undefined, deps, patience)),
    },
    ...any(`/:process(${devicePattern})/*`),
    ...any(`/:process(${idPattern})/slot`),
    ...any(`/:process(${idPattern})/slot/current`),
    ...any(`/:process(${idPattern})/compute/*`),
    ...any(`/:process(${idPattern})/now`),
    ...any(`/:process(${idPattern})/schedule`),
    ...any(`/:process(${idPattern})/~scheduler@1.0/*`),
  ]
}

async function answer(
  request: RouteRequest,
  deps: MainnetDeps,
  patience: Patience,
): Promise<RouteReply> {
  const path = parsePath(request.url)
  if (path === undefined) throw pathUnknown(request.url.split('?')[0] ?? '')
  const call = readCall(request, deps.engine)
  // Refuses a form nobody speaks before anything is done.
  replyCodec(call)
  return dispatch(call, withoutDevice(path), deps, patience)
}

async function dispatch(
  call: Call,
  { processId, keys, raw }: MainnetPath,
  deps: MainnetDeps,
  patience: Patience,
): Promise<RouteReply> {
  const [first, second] = keys
  const posted = call.request.method === 'POST'
  switch (first?.name) {
    case 'push':
      if (posted) return push(call, processId, deps, patience)
      break
    case 'schedule':
      if (posted) return push(call, processId, deps, { pushPatienceMs: 0 })
      return readSchedule(call, processId, deps)
    case 'slot':
      if (second?.name === 'current')
        return text(String(deps.scheduler.readSlot(processId).current))
      if (second === undefined) return { status: 200, body: deps.scheduler.readSlot(processId) }
      break
    case 'compute':
    case 'now':
      return compute(call, processId, keys, deps, patience)
    case 'as':
      if (first.value === 'execution' && second?.name === 'compute') {
        return dryRun(call, processId, raw.slice(1), deps, patience)
      }
  }
  throw pathUnknown(raw.join('/'))
}

/** `/<id>/~scheduler@1.0/schedule` is the process's own `schedule`. */
function withoutDevice(path: MainnetPath): MainnetPath {
  if (path.keys[0]?.name !== '~scheduler@1.0') return path
  return { ...path, keys: path.keys.slice(1), raw: path.raw.slice(1) }
}

/**
 * Errors here carry what HyperBEAM's clients read, `status` and `reason`, beside our own fields.
 */
async function guarded(run: () => Promise<RouteReply>): Promise<RouteReply> {
  try {
    return await run()
  } catch (error) {
    if (!isHeddleError(error)) throw error
    return replyError(error, { status: statusOfError(error), reason: error.message })
  }
}

function metaInfo({ address, scheduler }: MainnetDeps): RouteReply {
  const processes = [...scheduler.processes()].length
  return { status: 200, body: { address, operator: address, node: 'heddle', processes } }
}

function text(body: string): RouteReply {
  return { status: 200, body }
}
