import type {
  Activity,
  BlobRow,
  Overview,
  ProcessAnswer,
  ProcessPage,
  RowPage,
  SlotMoments,
  SlotRow,
} from '@heddle/protocol/api'
import type { NodeStatus } from '@heddle/sdk'
import { getJson } from './request.ts'

const api = '/explorer/api'

export function fetchHealth(signal?: AbortSignal): Promise<NodeStatus> {
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
): Promise<ProcessPage> {
  const query = new URLSearchParams({ search, sort, from: String(from), limit: String(limit) })
  return getJson(`${api}/processes?${query}`, signal)
}

export function fetchProcess(id: string, signal?: AbortSignal): Promise<ProcessAnswer> {
  return getJson(`${api}/processes/${id}`, signal)
}

export function fetchSlots(
  id: string,
  from: number,
  limit: number,
  signal?: AbortSignal,
): Promise<RowPage<SlotRow>> {
  return getJson(`${api}/processes/${id}/slots?from=${from}&limit=${limit}`, signal)
}

export function fetchMoments(id: string, slot: number, signal?: AbortSignal): Promise<SlotMoments> {
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

/** Blobs that were certified at this node, newest first. */
export async function fetchBlobs(signal?: AbortSignal): Promise<readonly BlobRow[]> {
  const { rows } = await getJson<{ readonly rows: readonly BlobRow[] }>(
    `${api}/blobs?limit=100`,
    signal,
  )
  return rows
}
