import type { Client } from '@heddle/sdk'
import { parseMetrics, type Series } from './metrics-text.ts'

/** One second of the node, as its explorer gives it. */
export type Sample = {
  readonly atMs: number
  readonly scheduledPerSecond: number
  readonly evaluatedPerSecond: number
  readonly backlogSlots: number
  readonly latencyMedianMs: number | null
  readonly latencyHighMs: number | null
  readonly processes: number
  readonly height: number
}

export type Peer = {
  readonly url: string
  readonly state: 'here' | 'away' | 'unknown'
  readonly roundTripMs?: number
}

/** What the explorer told last. */
export type Live = { samples: readonly Sample[]; peers: readonly Peer[] }

export type ProcessRow = {
  readonly id: string
  readonly name: string
  readonly slots: number
  readonly evaluated: number
  /** Time its evaluations took since the node started. */
  readonly busyMs: number
}

/** What is known of a node at one moment. */
export type Reading = {
  readonly atMs: number
  readonly version: string
  readonly url: string
  /** Oldest first. */
  readonly samples: readonly Sample[]
  readonly peers: readonly Peer[]
  readonly processes: readonly ProcessRow[]
  readonly series: Series
}

/** Processes looked at: the longest logs, those that wait most, and the newest of a small node. */
const rowsMax = 200
const waitingMax = 50
const costsMax = 1000

type Cost = { readonly process: string; readonly cost?: { readonly elapsedMs: number } }

/** What the explorer knows of the time before now. */
export async function readPast({ transport }: Client, signal: AbortSignal): Promise<Live> {
  const overview = (await transport.get('/explorer/api/overview', signal)).json() as Live
  return { samples: overview.samples, peers: overview.peers }
}

/** Asks a node for everything that is shown; samples and peers are those of its feed. */
export async function readNode(
  client: Client,
  { samples, peers }: Live,
  signal: AbortSignal,
): Promise<Reading> {
  const { transport } = client
  const json = async (path: string) => (await transport.get(path, signal)).json()
  const rows = async (sort: string, limit: number) => {
    const page = await json(`/explorer/api/processes?sort=${sort}&limit=${limit}`)
    return (page as { readonly rows: readonly ProcessRow[] }).rows
  }
  const costs = async () => {
    const page = await json(`/cu/processes?limit=${costsMax}`)
    return (page as { readonly processes: readonly Cost[] }).processes
  }
  const [status, unit, metrics, busiest, waiting, spent] = await Promise.all([
    client.status(signal),
    json('/cu/') as Promise<{ readonly timestamp: number }>,
    transport.get('/metrics', signal),
    rows('busiest', rowsMax),
    rows('backlog', waitingMax),
    costs(),
  ])
  const busyMs = new Map(spent.map(({ process, cost }) => [process, cost?.elapsedMs ?? 0]))
  const processes = new Map(
    [...busiest, ...waiting].map((row) => [row.id, { ...row, busyMs: busyMs.get(row.id) ?? 0 }]),
  )
  const series = parseMetrics(new TextDecoder().decode(metrics.body))
  const known = { version: status.version, url: client.url, samples, peers, series }
  return { ...known, atMs: unit.timestamp, processes: [...processes.values()] }
}
