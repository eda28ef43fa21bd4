import { getJson } from './request.ts'

/** Answers of the availability lane, `/da`. */
export type DaStatus = {
  readonly epoch: number
  readonly storerSet: string
  readonly storers: number
  readonly publishes: boolean
  readonly certificates: number
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

export async function fetchStorers(signal?: AbortSignal): Promise<readonly StorerState[]> {
  const { states } = await getJson<{ readonly states: readonly StorerState[] }>(
    '/da/storers?state=1',
    signal,
  )
  return states
}

export function fetchCertificate(
  commitment: string,
  signal?: AbortSignal,
): Promise<CertificateFacts> {
  return getJson(`/da/certificates/${commitment}`, signal)
}
