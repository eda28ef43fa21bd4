import { encodeBase64Url, isId } from '@heddle/protocol/base'
import { type Item, ownerAddress, tagValue } from '@heddle/protocol/item'
import { type Route, type RouteReply, type RouteRequest, replyError } from '../network/index.ts'
import type { Courier } from './courier.ts'
import * as errors from './errors.ts'
import type { Intake } from './intake.ts'
import { deliveryId, type Letter, lettersOf, messageCount, slotNamed } from './letters.ts'
import type { MessengerOptions } from './options.ts'
import { outboxQuery, readOutbox } from './outbox.ts'
import type { AssignOptions, MessengerDeps } from './ports.ts'
import { isLoopback, RateLimit } from './rate.ts'
import type { Sender } from './senders.ts'
import type { State } from './state.ts'

type Deps = Pick<MessengerDeps, 'scheduler' | 'compute' | 'engine' | 'runtime'> & {
  readonly intake: Intake
  readonly state: State
  readonly options: MessengerOptions
  /** Address of the node's key, which may do what an owner may. */
  readonly address: string
  courier(): Courier
  isClosed(): boolean
}

const order = 'Send a data item with the process as its target and no Type, signed by its owner.'
/** Dead letters revived by one request. */
const retriedMax = 10_000

/** The messenger's route table, to be mounted under `/mu`. */
export function messengerRoutes(deps: Deps): Route[] {
  const post = guard(deps)
  return [
    { method: 'GET', path: '/', handle: () => ({ status: 200, body: 'ao messenger unit' }) },
    { method: 'POST', path: '/', handle: post((request) => take(deps, request)) },
    { method: 'POST', path: '/monitor/:pid', handle: post((request) => monitor(deps, request)) },
    { method: 'DELETE', path: '/monitor/:pid', handle: post((request) => forget(deps, request)) },
    { method: 'POST', path: '/push/:txId/:number', handle: post((request) => push(deps, request)) },
    { method: 'GET', path: '/outbox', handle: (request) => outbox(deps, request) },
    { method: 'POST', path: '/outbox/retry', handle: post((request) => retry(deps, request)) },
  ]
}

type Handle = (request: RouteRequest) => Promise<RouteReply>

/** Keeps what is under way bounded: refuses with 429 per caller and with 503 for all. */
function guard(deps: Deps): (handle: Handle) => Handle {
  const { options, runtime } = deps
  const rate = new RateLimit(runtime.clock)
  let inFlight = 0
  return (handle) => async (request) => {
    if (deps.isClosed()) throw errors.messengerClosed()
    const local = isLoopback(request.peer)
    const postsPerMinute = local ? options.postsPerMinuteLoopback : options.postsPerMinute
    const waitMs = rate.take(request.peer, postsPerMinute)
    if (waitMs > 0) {
      const reply = replyError(errors.rateExceeded(postsPerMinute, waitMs))
      return { ...reply, headers: { 'retry-after': String(Math.ceil(waitMs / 1000)) } }
    }
    if (inFlight >= options.postsInFlightMax) {
      throw errors.messengerBusy(`${inFlight} posts are being answered`)
    }
    inFlight++
    try {
      return await handle(request)
    } finally {
      inFlight--
    }
  }
}

async function take(deps: Deps, request: RouteRequest): Promise<RouteReply> {
  const { letters, pump } = deps.courier()
  if (pump.isFull) {
    throw errors.messengerBusy(`${letters.pending} messages wait to be delivered`)
  }
  const processId = request.query.get('process-id')
  const assign = request.query.get('assign')
  if (processId === null && assign === null) {
    const taken = await deps.intake.item(request.body)
    return { status: 202, body: { message: 'Processing DataItem', ...taken } }
  }
  if (processId === null || assign === null) {
    throw errors.assignInvalid('You must set both process-id and assign to assign an item.')
  }
  const id = await deps.intake.assign(processId, assign, assignOptions(request.query))
  return { status: 202, body: { message: 'Processing Assignment', id } }
}

function assignOptions(query: URLSearchParams): AssignOptions {
  const exclude =
    query
      .get('exclude')
      ?.split(',')
      .filter((name) => name !== '') ?? []
  return {
    ...(query.has('base-layer') ? { baseLayer: true } : {}),
    ...(exclude.length > 0 ? { exclude } : {}),
  }
}

async function monitor(deps: Deps, request: RouteRequest): Promise<RouteReply> {
  const { sender } = await byOwner(deps, request.body, request.params.pid ?? '')
  await deps.courier().ticker.monitor(sender)
  return { status: 200, body: 'Monitoring process' }
}

async function forget(deps: Deps, request: RouteRequest): Promise<RouteReply> {
  const { sender } = await byOwner(deps, request.body, request.params.pid ?? '')
  await deps.courier().ticker.unmonitor(sender.processId)
  return { status: 200, body: 'Process deleted' }
}

/**
 * The process a signed request is about, if its signer may order about it: the owner, or the node's own
 * key (which owns what processes spawned here). An item for one process says nothing about another.
 */
async function byOwner(
  deps: Deps,
  body: Uint8Array,
  named?: string,
): Promise<{ sender: Sender; item: Item }> {
  const item = await deps.intake.verified(body)
  const target = encodeBase64Url(item.target)
  const processId = named ?? target
  const sender = isId(processId) ? await deps.courier().senders.sender(processId) : undefined
  if (sender === undefined) {
    throw errors.processUnknown(processId, 'it is not scheduled by this node')
  }
  const signer = ownerAddress(item, deps.engine)
  // Messages the owner once sent are public and have this target too: they must not pass for orders.
  if (tagValue(item.tags, 'Type') !== undefined) {
    throw errors.postInvalid(
      'this is a message, not an order to the messenger: leave out Type',
      order,
    )
  }
  if (target !== processId)
    throw errors.postInvalid(`the target of the item is not ${processId}`, order)
  if (signer !== sender.ownerAddress && signer !== deps.address) {
    throw errors.ownerOnly(processId, signer)
  }
  return { sender, item }
}

/** Sends one message of a result again; harmless where it went through, since repeats are dropped. */
async function push(deps: Deps, request: RouteRequest): Promise<RouteReply> {
  const id = request.params.txId ?? ''
  const number = request.params.number ?? ''
  const processId = request.query.get('process-id') ?? ''
  if (!isId(id) || !isId(processId) || !/^\d{1,9}$/.test(number)) {
    throw errors.queryInvalid('push takes /push/<message id>/<number>?process-id=<process id>')
  }
  const slot = await deps.scheduler.slotOf(processId, id)
  if (slot === undefined) throw errors.resultMissing(`${id} is no message of process ${processId}`)
  const { senders, letters, lanes, pump } = deps.courier()
  const { evaluation, epoch } = await senders.slot(processId, slot)
  const index = Number(number)
  const letter = lettersOf(processId, epoch, slot, evaluation.result)[index]
  if (letter === undefined || index >= messageCount(evaluation.result)) {
    throw errors.resultMissing(`the result of ${id} has no message number ${index}`)
  }
  // What has not been read yet is on its way in any case.
  if (slot < pump.cursor(processId)) {
    const stored = letters.find(letter)
    if (stored === undefined) lanes.file(letter)
    else if (stored.state === 'dead') reviveAll(deps, [stored])
    await deps.state.durable()
  }
  return { status: 202, body: { message: 'Processing Message Result', id } }
}

async function outbox(deps: Deps, request: RouteRequest): Promise<RouteReply> {
  if (deps.isClosed()) throw errors.messengerClosed()
  const epochOf = async (processId: string, slot: number): Promise<number> => {
    const [entry] = await deps.scheduler.entries(processId, slot, 1)
    return entry?.assignment.epoch ?? 0
  }
  const query = outboxQuery(request.query)
  return { status: 200, body: await readOutbox(query, deps.courier(), deps.compute, epochOf) }
}

/**
 * Makes dead letters of a process pending again: all (up to a bound), or the one a tag `Delivery-Id`
 * names. The body is an item signed by the process's owner, its target the process.
 */
async function retry(deps: Deps, request: RouteRequest): Promise<RouteReply> {
  const { item, sender } = await byOwner(deps, request.body)
  const { processId } = sender
  const only = tagValue(item.tags, 'Delivery-Id')
  const { letters } = deps.courier()
  const of = only === undefined ? { processId } : { processId, slot: slotNamed(only) }
  const dead = letters.list({ ...of, state: 'dead', limit: retriedMax })
  const chosen = dead.filter((letter) => only === undefined || deliveryId(letter) === only)
  reviveAll(deps, chosen)
  await deps.state.durable()
  return { status: 200, body: { processId, retried: chosen.length } }
}

function reviveAll(deps: Deps, dead: readonly Letter[]): void {
  const { letters, lanes } = deps.courier()
  letters.revive(dead, Math.floor(deps.runtime.clock.nowMs()))
  lanes.wake(dead)
}
