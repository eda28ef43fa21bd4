import { HeddleError } from '@heddle/protocol/base'
import { type Route, type RouteReply, type RouteRequest, replyError } from '../../network/index.ts'
import type { Clock, Timer } from '../../runtime/index.ts'
import type { ComputeUnit } from '../compute-unit.ts'
import { proofHandlers } from '../digest/routes.ts'
import { requestInvalid, unknownMessage, unknownProcess } from '../errors.ts'
import type { ProcessStatus } from '../face.ts'
import type { ComputeOptions } from '../options.ts'
import type { ProcessLog } from '../ports.ts'
import { listCron, listResults } from './connection.ts'
import { decodeCursor, type Sort } from './cursor.ts'
import { memoryReply } from './memory-reply.ts'

type RouteDependencies = {
  readonly unit: ComputeUnit
  readonly log: ProcessLog
  readonly address: string
  readonly clock: Clock
  readonly timer: Timer
  readonly options: ComputeOptions
}

type Handle = (request: RouteRequest, patience: AbortSignal) => Promise<RouteReply> | RouteReply

const listLimits = { results: 25, resultsMax: 1000, cron: 500, processes: 100 } as const

/** The legacynet routes of a compute unit (ao-protocol §4), and `/processes` for operators. */
export function computeRoutes(dependencies: RouteDependencies): Route[] {
  const { address, clock } = dependencies
  const get = (path: string, handle: Handle) => route(dependencies, 'GET', path, handle)
  return [
    get('/', () => ({ status: 200, body: { address, timestamp: clock.nowMs() } })),
    get('/result/:id', (request, patience) => readResult(dependencies, request, patience)),
    get('/results/:pid', (request) => readResults(dependencies, request)),
    get('/cron/:pid', (request, patience) => readCron(dependencies, request, patience)),
    get('/state/:pid', (request, patience) => readState(dependencies, request, patience)),
    get('/processes', (request) => readProcesses(dependencies, request)),
    ...proofHandlers(proofParts(dependencies)).map(([path, handle]) => get(path, handle)),
    route(dependencies, 'POST', '/dry-run', (request, patience) =>
      dryRun(dependencies, request, patience),
    ),
  ]
}

function proofParts({ unit, log }: RouteDependencies) {
  const result: ComputeUnit['result'] = (processId, slot, signal) =>
    unit.result(processId, slot, signal)
  return { log, result, prover: unit.prover }
}

/** Errors get `Error` too: AO's clients take any body for a result and show that field. */
function route(
  { options, timer }: RouteDependencies,
  method: Route['method'],
  path: string,
  handle: Handle,
): Route {
  return {
    method,
    path,
    async handle(request) {
      const patience = new AbortController()
      const cancel = timer.after(options.resultPatienceMs, () => patience.abort())
      try {
        return await handle(request, AbortSignal.any([request.signal, patience.signal]))
      } catch (error) {
        const text = error instanceof HeddleError ? error.message : 'internal error'
        return replyError(error, { Error: text })
      } finally {
        cancel()
      }
    },
  }
}

async function readResult(
  { unit, log }: RouteDependencies,
  { params, query }: RouteRequest,
  patience: AbortSignal,
): Promise<RouteReply> {
  const id = params.id ?? ''
  const processId = required(query, 'process-id')
  if (log.head(processId) === 0) throw unknownProcess(processId, [...log.processes()].length)
  const slot = id === processId ? 0 : await log.slotOf(processId, id)
  if (slot === undefined) throw unknownMessage(processId, id)
  const { result } = await unit.result(processId, slot, patience)
  return { status: 200, headers: { 'x-heddle-slot': String(slot) }, body: result }
}

async function dryRun(
  { unit, log }: RouteDependencies,
  { query, body, peer }: RouteRequest,
  patience: AbortSignal,
): Promise<RouteReply> {
  const processId = required(query, 'process-id')
  const to = query.get('to')
  if (to !== null && to !== '') {
    const slot = await log.slotOf(processId, to)
    if (slot === undefined) throw unknownMessage(processId, to)
    if (slot !== log.head(processId) - 1) {
      throw requestInvalid('to: only the newest state is kept; leave it out')
    }
  }
  const message = parseJson(body)
  return { status: 200, body: await unit.dryRun(processId, message, patience, peer) }
}

async function readResults(
  { unit }: RouteDependencies,
  { params, query }: RouteRequest,
): Promise<RouteReply> {
  const processId = params.pid ?? ''
  unit.assertKnown(processId)
  const page = readPage(query, listLimits.results)
  return { status: 200, body: await listResults(unit, processId, page) }
}

async function readCron(
  { unit, log }: RouteDependencies,
  { params, query }: RouteRequest,
  patience: AbortSignal,
): Promise<RouteReply> {
  const processId = params.pid ?? ''
  unit.assertKnown(processId)
  const page = { ...readPage(query, listLimits.cron), sort: 'ASC' as const }
  await unit.result(processId, log.head(processId) - 1, patience)
  return { status: 200, body: await listCron(unit, processId, page, patience) }
}

async function readState(
  { unit }: RouteDependencies,
  { params, query }: RouteRequest,
  patience: AbortSignal,
): Promise<RouteReply> {
  if (query.get('to')) throw requestInvalid('to: only the newest state is kept; leave it out')
  const processId = params.pid ?? ''
  const { evaluation, image } = await unit.state(processId, patience)
  return memoryReply(evaluation, image)
}

async function readProcesses(
  { unit, log }: RouteDependencies,
  { query }: RouteRequest,
): Promise<RouteReply> {
  const limit = readLimit(query, listLimits.processes)
  // A cursor is a count for now; callers should not care.
  const from = readCount(query, 'cursor') ?? readCount(query, 'from') ?? 0
  const known = [...log.processes()]
  const page = known.slice(from, from + limit)
  const processes: ProcessStatus[] = []
  // One after another: the process item of one that sleeps is read, and may have 10 MiB.
  for (const processId of page) processes.push(await unit.status(processId))
  const end = from + page.length
  const cursor = end < known.length ? String(end) : null
  return { status: 200, body: { total: known.length, ...unit.use, cursor, processes } }
}

function readPage(query: URLSearchParams, limitDefault: number) {
  const from = decodeCursor('from', query.get('from'))
  const to = decodeCursor('to', query.get('to'))
  const limit = readLimit(query, limitDefault)
  return { from, to, limit, sort: from?.sort ?? to?.sort ?? readSort(query) }
}

function readSort(query: URLSearchParams): Sort {
  const sort = query.get('sort') ?? 'ASC'
  if (sort === 'ASC' || sort === 'DESC') return sort
  throw requestInvalid('sort must be ASC or DESC')
}

/** AO's unit takes any limit; a page here ends at 1,000 and says that more follows. */
function readLimit(query: URLSearchParams, limitDefault: number): number {
  const limit = readCount(query, 'limit') ?? limitDefault
  if (limit === 0) throw requestInvalid('limit must be at least 1')
  return Math.min(limit, listLimits.resultsMax)
}

function readCount(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null || text === '') return undefined
  if (/^\d{1,16}$/.test(text)) return Number(text)
  throw requestInvalid(`${name} must be a whole number`)
}

function required(query: URLSearchParams, name: string): string {
  const value = query.get(name)
  if (value === null || value === '') throw requestInvalid(`query parameter ${name} is missing`)
  return value
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body))
  } catch {
    throw requestInvalid('the body must be JSON: {"Id","Owner","Target","Anchor","Data","Tags"}')
  }
}
