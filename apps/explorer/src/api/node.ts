import { getJson } from './request.ts'

/** Shapes of the node's answers that the page reads. */
export type Health = {
  readonly status: string
  readonly version: string
  readonly roles: readonly string[]
  readonly address: string
  readonly modules: { readonly js: string }
  readonly processes: number
  readonly height: number
}

export type Sample = {
  readonly atMs: number
  readonly scheduledPerSecond: number
  readonly evaluatedPerSecond: number
  readonly backlogSlots: number
  readonly latencyMedianMs: number | null
  readonly latencyHighMs: number | null
  readonly processes: number
  readonly height: number
  readonly memoryBytes: number
  readonly diskUsedBytes: number
  readonly diskFreeBytes: number
}

export type PeerState = {
  readonly url: string
  readonly state: 'here' | 'away' | 'unknown'
  readonly roundTripMs?: number
}

export type SlotEvent = {
  readonly kind: 'scheduled' | 'evaluated'
  readonly processId: string
  readonly slot: number
  readonly atMs: number
  readonly latencyMs?: number
}

export type Overview = {
  readonly nowMs: number
  readonly samples: readonly Sample[]
  readonly peers: readonly PeerState[]
  readonly recent: readonly SlotEvent[]
}

export type ProcessFacts = {
  readonly id: string
  readonly name?: string
  readonly owner?: string
  readonly module?: string
  readonly spawnedMs?: number
  readonly parent?: string
  readonly parentName?: string
  readonly slots: number
  readonly evaluated: number
}

export type ProcessRow = ProcessFacts & { readonly at: number }

export type Page<Row> = { readonly total: number; readonly rows: readonly Row[] }

export type SlotOutcome = {
  readonly error?: string
  readonly messages: number
  readonly spawns: number
  readonly assignments: number
  readonly gasUsed: number
  readonly output: string
}

export type SlotRow = {
  readonly slot: number
  readonly id: string
  readonly action: string
  readonly from: string
  readonly timestampMs: number
  readonly bytes: number
  readonly cron?: string
  readonly outcome?: SlotOutcome
}

export type Moments = {
  readonly scheduledMs?: number
  readonly evaluatedMs?: number
  readonly scheduled: boolean
  readonly evaluated: boolean
}

export type Partner = {
  readonly id: string
  readonly received: number
  readonly sent: number
  readonly process?: boolean
  readonly name?: string
}

export type Activity = {
  readonly fromSlot: number
  readonly slots: number
  readonly fromMs: number
  readonly toMs: number
  readonly bytes: number
  readonly gasUsed: number
  readonly errors: number
  readonly messages: number
  readonly spawns: number
  readonly partners: readonly Partner[]
}

const api = '/explorer/api'

export function fetchHealth(signal?: AbortSignal): Promise<Health> {
  return getJson('/healthz', signal)
}

export function fetchOverview(signal?: AbortSignal): Promise<Overview> {
  return getJson(`${api}/overview`, signal)
}

export type ProcessQuery = { readonly search: string; readonly sort: string }

export function fetchProcesses(
  { search, sort }: ProcessQuery,
  from: number,
  limit: number,
  signal?: AbortSignal,
): Promise<Page<ProcessRow> & { readonly named: number }> {
  const query = new URLSearchParams({ search, sort, from: String(from), limit: String(limit) })
  return getJson(`${api}/processes?${query}`, signal)
}

export function fetchProcess(id: string, signal?: AbortSignal): Promise<ProcessFacts> {
  return getJson(`${api}/processes/${id}`, signal)
}

export function fetchSlots(
  id: string,
  from: number,
  limit: number,
  signal?: AbortSignal,
): Promise<Page<SlotRow>> {
  return getJson(`${api}/processes/${id}/slots?from=${from}&limit=${limit}`, signal)
}

export function fetchMoments(id: string, slot: number, signal?: AbortSignal): Promise<Moments> {
  return getJson(`${api}/processes/${id}/slots/${slot}`, signal)
}

export function fetchActivity(id: string, signal?: AbortSignal): Promise<Activity> {
  return getJson(`${api}/processes/${id}/activity`, signal)
}

/** Names of those ids that are processes of this node. */
export async function fetchNames(
  ids: readonly string[],
  signal?: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  type Answer = { readonly names: Readonly<Record<string, string>> }
  const { names } = await getJson<Answer>(`${api}/names?ids=${ids.join(',')}`, signal)
  return names
}

/** Every route of the node, as `GET /path`. */
export async function fetchRoutes(signal?: AbortSignal): Promise<readonly string[]> {
  const { routes } = await getJson<{ readonly routes: readonly string[] }>(`${api}/routes`, signal)
  return routes
}
