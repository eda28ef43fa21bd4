import type { DaStatus, StorersAnswer } from '@heddle/sdk'
import { getJson } from './request.ts'

/** How a storer answers now. */
export type StorerState = NonNullable<StorersAnswer['states']>[number] & {
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
  const answer = await getJson<StorersAnswer>('/da/storers?state=1', signal)
  const states = new Map((answer.states ?? []).map((state) => [state.storer, state]))
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
