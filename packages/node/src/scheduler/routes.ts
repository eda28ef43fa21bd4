import { HeddleError, isId } from '@heddle/protocol/base'
import { type Item, ownerAddress, parseItem } from '@heddle/protocol/item'
import { blockHeightText, type LogEntry } from '@heddle/protocol/message'
import { type Route, type RouteReply, type RouteRequest, replyError } from '../network/index.ts'
import type { EntryIndex } from './entry-index.ts'
import {
  latestUnavailable,
  requestInvalid,
  signatureInvalid,
  unknownMessage,
  unknownProcess,
} from './errors.ts'
import type { Receipt, SchedulerFace } from './face.ts'
import type { LogReader } from './log-reader.ts'
import type { SchedulerOptions } from './options.ts'
import { readPage, readPageRange } from './pages.ts'
import type { SchedulerDeps } from './ports.ts'
import { nodeShape, type PageShape, processShape, type ShapeOptions } from './shapes.ts'

/** Certified ranges of a page when the caller names no limit, and at most. */
const rangesDefault = 100
const rangesMax = 1000

/** What the routes speak for. */
type RouteParts = {
  readonly deps: SchedulerDeps
  readonly options: SchedulerOptions
  readonly scheduler: Pick<SchedulerFace, 'schedule' | 'assign' | 'head'>
  readonly reader: LogReader
  readonly index: Pick<EntryIndex, 'placeOf' | 'slotOf'>
  hosted(): number
}

/** The legacynet scheduler's HTTP surface (ao-protocol.md §2), to be mounted at `/su`. */
export function schedulerRoutes(parts: RouteParts): Route[] {
  const get = (path: string, answer: (request: RouteRequest) => unknown): Route => ({
    method: 'GET',
    path,
    handle: (request) => guard(async () => ({ status: 200, body: await answer(request) })),
  })
  return [
    get('/', () => ({ timestamp: nowText(parts), address: addressOf(parts) })),
    get('/timestamp', () => ({
      timestamp: nowText(parts),
      block_height: blockHeightText(parts.deps.baseLayer.height()),
    })),
    { method: 'GET', path: '/health', handle: () => ({ status: 200, body: '' }) },
    { method: 'POST', path: '/', handle: (request) => guard(() => post(parts, request)) },
    get('/processes/:id', (request) => readProcess(parts, request)),
    get('/availability/:id', (request) => readAvailability(parts, request)),
    get('/:id/latest', (request) => readLatest(parts, request)),
    get('/:id', (request) => readById(parts, request)),
  ]
}

async function post(parts: RouteParts, request: RouteRequest): Promise<RouteReply> {
  const processId = request.query.get('process-id')
  const messageId = request.query.get('assign')
  if (processId === null && messageId === null) return schedule(parts, request)
  if (!processId || !messageId) {
    throw requestInvalid('If sending assign or process-id, you must send both.')
  }
  const exclude = listOf(request.query.get('exclude'))
  const baseLayer = isSet(request.query, 'base-layer')
  return receiptReply(await parts.scheduler.assign(processId, messageId, { baseLayer, exclude }))
}

async function schedule({ deps, options, scheduler }: RouteParts, { body }: RouteRequest) {
  if (body.length === 0) throw requestInvalid('the body must be a signed data item, ANS-104 bytes')
  if (body.length > options.itemBytesMax) {
    throw requestInvalid(`${body.length} bytes exceed the limit of ${options.itemBytesMax}`)
  }
  const item: Item = parseItem(body, deps.engine)
  if (!(await deps.verify(item))) throw signatureInvalid(item.id)
  return receiptReply(await scheduler.schedule(item))
}

/** The body is upstream's to the letter; what else is known goes into headers, as on mainnet. */
function receiptReply({ id, processId, slot, timestampMs }: Receipt): RouteReply {
  const headers = { process: processId, slot: String(slot), timestamp: String(timestampMs) }
  return { status: 200, headers, body: { timestamp: timestampMs, id } }
}

async function readProcess(parts: RouteParts, { params }: RouteRequest): Promise<unknown> {
  const processId = idOf(params.id)
  requireHosted(parts, processId)
  return processShape(await parts.reader.entry(processId, 0), shapeOptions(parts))
}

/** Certified ranges of slots; `from` is the number of a range, not a slot. */
async function readAvailability(parts: RouteParts, { params, query }: RouteRequest) {
  const processId = idOf(params.id)
  requireHosted(parts, processId)
  const { certify } = parts.deps
  const head = parts.scheduler.head(processId)
  if (certify === undefined) return { process: processId, head, certifiedTo: 0, ranges: [] }
  const from = wholeOf(query.get('from'), 'from', 0, Number.MAX_SAFE_INTEGER)
  const limit = wholeOf(query.get('limit'), 'limit', rangesDefault, rangesMax)
  return certify.availability(processId, from, Math.max(1, limit))
}

function wholeOf(text: string | null, name: string, given: number, max: number): number {
  if (text === null) return given
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (value <= max) return value
  throw requestInvalid(`${name} must be a whole number up to ${max}, not ${text.slice(0, 32)}`)
}

async function readLatest(parts: RouteParts, { params, query }: RouteRequest): Promise<unknown> {
  const processId = idOf(params.id)
  const head = parts.scheduler.head(processId)
  if (head === 0) throw latestUnavailable(processId)
  const entry = await parts.reader.entry(processId, head - 1)
  return nodeShape(entry, shapeOptions(parts, query))
}

/** A page where the id is the process asked about, else the one slot that holds the id. */
async function readById(parts: RouteParts, { params, query }: RouteRequest): Promise<unknown> {
  const id = idOf(params.id)
  const asked = query.get('process-id')
  const processId = asked === null || asked === '' ? undefined : idOf(asked, 'process-id')
  if (processId === id) requireHosted(parts, id)
  if ((processId ?? id) === id && parts.scheduler.head(id) > 0) return readLog(parts, id, query)
  const entry = await findEntry(parts, id, processId)
  return nodeShape(entry, shapeOptions(parts, query))
}

async function findEntry(
  { index, reader, scheduler, hosted }: RouteParts,
  id: string,
  processId: string | undefined,
): Promise<LogEntry> {
  if (processId === undefined) {
    const place = index.placeOf(id)
    if (place === undefined) throw unknownMessage(id, undefined)
    return reader.entry(place.processId, place.slot)
  }
  if (scheduler.head(processId) === 0) throw unknownProcess(processId, hosted())
  const slot = index.slotOf(processId, id)
  if (slot === undefined) throw unknownMessage(id, processId)
  return reader.entry(processId, slot)
}

async function readLog(
  parts: RouteParts,
  processId: string,
  query: URLSearchParams,
): Promise<PageShape> {
  const { options, reader, scheduler } = parts
  const head = scheduler.head(processId)
  const range = await readPageRange(processId, head, query, reader, options)
  const { entries, hasNext } = await readPage(processId, range, reader)
  const shape = shapeOptions(parts, query)
  return {
    page_info: { has_next_page: hasNext },
    edges: entries.map((entry) => ({
      cursor: String(
        range.cursor === 'slot' ? entry.assignment.slot : entry.assignment.timestampMs,
      ),
      node: nodeShape(entry, shape),
    })),
  }
}

/** Errors as upstream's clients know them: a conflict is a 400, and a repeat shows its first receipt. */
async function guard(answer: () => Promise<RouteReply>): Promise<RouteReply> {
  try {
    return await answer()
  } catch (error) {
    if (!(error instanceof HeddleError) || error.kind !== 'conflict') return replyError(error)
    return { ...replyError(error, { first: error.details }), status: 400 }
  }
}

function requireHosted({ hosted, scheduler }: RouteParts, processId: string): void {
  if (scheduler.head(processId) === 0) throw unknownProcess(processId, hosted())
}

function idOf(text: string | undefined, name = 'id'): string {
  if (text !== undefined && isId(text)) return text
  throw requestInvalid(`${name} must be 32 bytes as base64url, not ${(text ?? '').slice(0, 64)}`)
}

function listOf(text: string | null): string[] {
  return (text ?? '')
    .split(',', 64)
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

/** A parameter that means yes by being there: `&base-layer`, `&base-layer=true`. */
function isSet(query: URLSearchParams, name: string): boolean {
  return query.has(name) && query.get(name) !== 'false'
}

function shapeOptions({ deps }: RouteParts, query?: URLSearchParams): ShapeOptions {
  return { engine: deps.engine, showAnchor: query !== undefined && isSet(query, 'show-anchor') }
}

function nowText({ deps }: RouteParts): string {
  return String(deps.runtime.clock.nowMs())
}

function addressOf({ deps }: RouteParts): string {
  return ownerAddress(deps.signer, deps.engine)
}
