import { getJson, request } from './request.ts'

/** Answers of AO's units: scheduler (`/su`), compute (`/cu`) and messenger (`/mu`). */
export type Tag = { readonly name: string; readonly value: string }

type Signed = {
  readonly id: string
  readonly owner: { readonly address: string; readonly key: string }
  readonly tags: readonly Tag[]
  readonly signature: string
  readonly anchor: string | null
}

export type Assigned = {
  readonly message: (Signed & { readonly data: string | null; readonly target: string }) | null
  readonly assignment: Signed
}

/** Where a message is, read off its assignment. */
export type Place = {
  readonly processId: string
  readonly slot: number
  readonly epoch: number
  readonly timestampMs: number
  readonly blockHeight: number
  readonly hashChain: string
}

export type Outgoing = {
  readonly Target?: string
  readonly Data?: string
  readonly Tags?: readonly Tag[]
}

export type Result = {
  readonly Error?: string
  readonly Messages?: readonly Outgoing[]
  readonly Spawns?: readonly Outgoing[]
  readonly Assignments?: readonly {
    readonly Processes: readonly string[]
    readonly Message: string
  }[]
  readonly Output?: unknown
  readonly GasUsed?: number
}

export type Letter = {
  readonly deliveryId: string
  readonly processId: string
  readonly slot: number
  readonly index: number
  readonly kind: string
  readonly target: string
  readonly state: string
  readonly attempts?: number
  readonly firstAttempt?: number
  readonly nextRetry?: number
  readonly lastError?: string
}

export type Outbox = {
  readonly throughSlot?: number
  readonly evaluatedSlots?: number
  readonly entries: readonly Letter[]
}

export type ComputeStatus = {
  readonly process: string
  readonly live: boolean
  readonly worker: number | null
  readonly stopped: { readonly error: string; readonly code: string } | null
  readonly lastError: { readonly slot: number; readonly text: string } | null
}

export function tagValue(tags: readonly Tag[] | undefined, name: string): string | undefined {
  return tags?.find((tag) => tag.name === name)?.value
}

export function placeOf({ assignment: { tags } }: Assigned): Place {
  const number = (name: string) => Number(tagValue(tags, name) ?? 0)
  return {
    processId: tagValue(tags, 'Process') ?? '',
    slot: number('Nonce'),
    epoch: number('Epoch'),
    timestampMs: number('Timestamp'),
    blockHeight: number('Block-Height'),
    hashChain: tagValue(tags, 'Hash-Chain') ?? '',
  }
}

/** The assignment and message of an id; slot 0 of a process where the id is one. */
export async function fetchAssigned(id: string, signal?: AbortSignal): Promise<Assigned> {
  const found = await getJson<Assigned | { edges: { node: Assigned }[] }>(
    `/su/${id}?limit=1`,
    signal,
  )
  if (!('edges' in found)) return found
  const [first] = found.edges
  if (first === undefined) throw new Error('the log of this process is empty')
  return first.node
}

export function fetchResult(id: string, processId: string, signal?: AbortSignal): Promise<Result> {
  return getJson(`/cu/result/${id}?process-id=${processId}`, signal)
}

export function fetchOutbox(
  query: { readonly processId?: string; readonly state?: string; readonly limit?: number },
  signal?: AbortSignal,
): Promise<Outbox> {
  const given = new URLSearchParams()
  if (query.processId !== undefined) given.set('process-id', query.processId)
  if (query.state !== undefined) given.set('state', query.state)
  given.set('limit', String(query.limit ?? 1000))
  return getJson(`/mu/outbox?${given}`, signal)
}

/** How the compute unit stands with a process, by its place in the order of spawn. */
export async function fetchComputeStatus(
  at: number,
  signal?: AbortSignal,
): Promise<ComputeStatus | undefined> {
  type Answer = { readonly processes: readonly ComputeStatus[] }
  const { processes } = await getJson<Answer>(`/cu/processes?from=${at}&limit=1`, signal)
  return processes[0]
}

/** Slots of a log in one blob. */
type CertifiedRange = {
  readonly fromSlot: number
  /** Not of it. */
  readonly toSlot: number
  readonly certificate: {
    readonly commitment: string
    readonly signers: readonly number[]
    readonly members: number
  }
}

/** How far storers signed for a log; 0 where its process does not ask for that. */
export function fetchLogAvailability(
  processId: string,
  signal?: AbortSignal,
): Promise<{ readonly certifiedTo: number; readonly ranges: readonly CertifiedRange[] }> {
  return getJson(`/su/availability/${processId}?limit=1000`, signal)
}

/** How much of a log is rolled up into the store, and the newest bundle of it. */
export function fetchRollup(
  processId: string,
  signal?: AbortSignal,
): Promise<{ readonly slots: number; readonly rollup?: string }> {
  return getJson(`/rollup/${processId}`, signal)
}

/** What a node signed about the state of a process after a slot. */
export type SlotProof = {
  readonly resultChain: string
  readonly decidedBy: string
  readonly checkpoint: { readonly stateRoot?: string } | null
}

export function fetchProof(
  processId: string,
  slot: number,
  signal?: AbortSignal,
): Promise<SlotProof> {
  return getJson(`/cu/proof/${processId}/${slot}`, signal)
}

/** What a console shows of an output, whichever module wrote it. */
export function outputText(output: unknown): string {
  if (output === undefined || output === null) return ''
  if (typeof output !== 'object') return String(output)
  if ('data' in output) return outputText(output.data)
  if ('output' in output) return outputText(output.output)
  return Object.keys(output).length === 0 ? '' : JSON.stringify(output, null, 2)
}

/** Content of an item as bytes, with its type. */
export async function fetchContent(id: string, signal: AbortSignal, bytesMax: number) {
  const headers = { range: `bytes=0-${bytesMax - 1}` }
  const answer = await request(`/raw/${id}`, { signal, headers })
  const range = answer.headers.get('content-range')
  const bytes = new Uint8Array(await answer.arrayBuffer())
  const total = range === null ? bytes.length : Number(range.split('/')[1])
  return { bytes, total, type: answer.headers.get('content-type') ?? '' }
}
