import { getJson } from './request.ts'

/** Answers of the availability lane, `/da`. */
/** How sure a committee of k of n rows is; see `committeeBounds` of the protocol. */
export type CommitteeFacts = {
  readonly k: number
  readonly n: number
  readonly faultyRows: number
  readonly certificateRows: number
  readonly soundnessBits: number
}

export type DaStatus = {
  readonly epoch: number
  readonly storerSet: string
  readonly storers: number
  readonly publishes: boolean
  readonly certificates: number
  readonly committees: readonly CommitteeFacts[]
}

export type StorerState = {
  readonly storer: string
  readonly isReachable: boolean
  readonly blobs?: number
  readonly rows?: number
  readonly heldBytes?: number
  readonly capacityBytes?: number
}

export type CertificateFacts = {
  readonly commitment: string
  readonly lengthBytes: number
  readonly k: number
  readonly n: number
  readonly hash: string
  readonly epoch: number
  readonly expiresAtSeconds: number | null
  readonly members: number
  readonly signers: readonly number[]
}

export function fetchDaStatus(signal?: AbortSignal): Promise<DaStatus> {
  return getJson('/da/status', signal)
}

/** A storer of the set, and how it answers now. */
export type StakedStorer = StorerState & {
  readonly stake: bigint
  readonly host: string
  readonly port: number
}

export type StorerSet = {
  readonly epoch: number
  readonly beacon: string
  readonly storers: readonly StakedStorer[]
}

/** The set of this epoch; asks each storer how it is. */
export async function fetchStorers(signal?: AbortSignal): Promise<StorerSet> {
  type Member = { key: string; stake: string; host: string; port: number }
  type Answer = {
    readonly epoch: number
    readonly beacon: string
    readonly storers: readonly Member[]
    readonly states: readonly StorerState[]
  }
  const answer = await getJson<Answer>('/da/storers?state=1', signal)
  const states = new Map(answer.states.map((state) => [state.storer, state]))
  const storers = answer.storers.map(({ key, stake, host, port }): StakedStorer => {
    const state = states.get(key) ?? { storer: key, isReachable: false }
    return { ...state, stake: BigInt(stake), host, port }
  })
  return { epoch: answer.epoch, beacon: answer.beacon, storers }
}

export function fetchCertificate(
  commitment: string,
  signal?: AbortSignal,
): Promise<CertificateFacts> {
  return getJson(`/da/certificates/${commitment}`, signal)
}
