import type {
  Activity,
  Overview,
  ProcessAnswer,
  ProcessPage,
  ProcessSort,
  RowPage,
  SlotMoments,
  SlotRow,
} from '@heddle/protocol/api'
import type { Route, RouteRequest } from '../network/index.ts'
import type { Site } from '../site/index.ts'
import { readActivity } from './activity.ts'
import { readBlobs } from './blobs.ts'
import type { Directory } from './directory.ts'
import { explorerProcessUnknown, explorerQueryInvalid } from './errors.ts'
import type { Observer } from './observer.ts'
import { explorerLimits } from './options.ts'
import type { ExplorerDeps } from './ports.ts'
import { readSlots } from './slots.ts'

type Parts = {
  readonly deps: ExplorerDeps
  readonly observer: Observer
  readonly directory: Directory
  readonly site: Site
}

const sorts: readonly ProcessSort[] = ['newest', 'oldest', 'busiest', 'backlog']

const feedHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // A proxy that gathers would make live late.
  'x-accel-buffering': 'no',
}

/** The page and what it needs beyond the public routes of the units, to be mounted at `/explorer`. */
export function explorerRoutes(parts: Parts): Route[] {
  const { deps, site } = parts
  const get = (path: string, answer: (request: RouteRequest) => unknown): Route => ({
    method: 'GET',
    path,
    handle: async (request) => ({
      status: 200,
      headers: { 'cache-control': 'no-store' },
      body: await answer(request),
    }),
  })
  const page = (request: RouteRequest) => site.page(request)
  const asset = (request: RouteRequest) => site.asset(request.params.name ?? '', request)
  return [
    { method: 'GET', path: '/', handle: page },
    { method: 'HEAD', path: '/', handle: page },
    { method: 'GET', path: '/*', handle: page },
    { method: 'HEAD', path: '/*', handle: page },
    { method: 'GET', path: '/assets/:name', handle: asset },
    { method: 'HEAD', path: '/assets/:name', handle: asset },
    get('/api/overview', () => overview(parts)),
    get('/api/routes', () => ({ routes: deps.served() })),
    get('/api/names', (request) => names(parts, request)),
    get('/api/processes', (request) => processes(parts, request)),
    get('/api/processes/:id', (request) => oneProcess(parts, request)),
    get('/api/processes/:id/slots', (request) => slots(parts, request)),
    get('/api/processes/:id/slots/:slot', (request) => moments(parts, request)),
    get('/api/processes/:id/activity', (request) => activity(parts, request)),
    get('/api/blobs', ({ query }) => readBlobs(deps.blobs, rangeOf(query).limit)),
    { method: 'GET', path: '/api/live', handle: (request) => live(parts, request) },
  ]
}

function overview({ observer, deps }: Parts): Overview {
  return {
    nowMs: deps.runtime.clock.nowMs(),
    samples: observer.samples(),
    peers: observer.peers(),
    recent: observer.feed.recent(),
  }
}

function processes({ directory }: Parts, { query }: RouteRequest): Promise<ProcessPage> {
  const search = (query.get('search') ?? '').trim()
  const sort = query.get('sort') ?? 'newest'
  if (search.length > explorerLimits.searchLength) {
    throw explorerQueryInvalid(`search has ${explorerLimits.searchLength} characters at most`)
  }
  if (!isSort(sort)) throw explorerQueryInvalid(`sort must be one of ${sorts.join(', ')}`)
  const { from, limit } = rangeOf(query)
  return directory.page(from, limit, search, sort)
}

/** Names of those ids that are processes here; what is not is left out. */
async function names({ directory }: Parts, { query }: RouteRequest) {
  const ids = (query.get('ids') ?? '').split(',', explorerLimits.namesMax + 1).filter(Boolean)
  if (ids.length > explorerLimits.namesMax) {
    throw explorerQueryInvalid(`ids has ${explorerLimits.namesMax} ids at most`)
  }
  const found = await Promise.all(
    ids.map(async (id) => [id, (await directory.facts(id))?.name] as const),
  )
  return { names: Object.fromEntries(found.filter(([, name]) => name !== undefined)) }
}

async function oneProcess(
  { deps, directory }: Parts,
  { params }: RouteRequest,
): Promise<ProcessAnswer> {
  const id = knownProcess(deps, params)
  const facts = await directory.facts(id)
  const parent = facts?.parent === undefined ? undefined : await directory.facts(facts.parent)
  const parentName = parent === undefined ? {} : { parentName: parent.name }
  const { log, results } = deps
  return { id, ...facts, ...parentName, slots: log.head(id), evaluated: results.evaluatedHead(id) }
}

async function slots({ deps }: Parts, { params, query }: RouteRequest): Promise<RowPage<SlotRow>> {
  const id = knownProcess(deps, params)
  const { from, limit } = rangeOf(query)
  return { total: deps.log.head(id), rows: await readSlots(deps, id, from, limit) }
}

function moments({ deps, observer }: Parts, { params }: RouteRequest): SlotMoments {
  const id = knownProcess(deps, params)
  const slot = wholeNumber('slot', params.slot ?? '')
  return {
    ...observer.moments.of(id, slot),
    scheduled: slot < deps.log.head(id),
    evaluated: slot < deps.results.evaluatedHead(id),
  }
}

async function activity({ deps, directory }: Parts, { params }: RouteRequest): Promise<Activity> {
  const id = knownProcess(deps, params)
  const found = await readActivity(deps, id)
  const partners = found.partners.map(async (partner) => {
    const facts = await directory.facts(partner.id)
    return facts === undefined ? partner : { ...partner, process: true, name: facts.name }
  })
  return { ...found, partners: await Promise.all(partners) }
}

function live({ deps, observer }: Parts, { query, signal }: RouteRequest) {
  const processId = query.get('process') ?? undefined
  if (processId !== undefined) knownProcess(deps, { id: processId })
  return { status: 200, headers: feedHeaders, body: observer.feed.read(processId, signal) }
}

function knownProcess({ log }: ExplorerDeps, params: RouteRequest['params']): string {
  const id = params.id ?? ''
  if (log.head(id) === 0) throw explorerProcessUnknown(id.slice(0, 64))
  return id
}

function rangeOf(query: URLSearchParams): { from: number; limit: number } {
  const from = wholeNumber('from', query.get('from') ?? '0')
  const limit = wholeNumber('limit', query.get('limit') ?? '50')
  if (limit < 1 || limit > explorerLimits.rowsMax) {
    throw explorerQueryInvalid(`limit must be from 1 to ${explorerLimits.rowsMax}`)
  }
  return { from, limit }
}

function wholeNumber(name: string, text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw explorerQueryInvalid(`${name} must be a whole number`)
}

function isSort(text: string): text is ProcessSort {
  return (sorts as readonly string[]).includes(text)
}
