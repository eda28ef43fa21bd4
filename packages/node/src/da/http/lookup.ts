import { isId } from '@heddle/protocol/base'
import { type Certificate, isExpired } from '@heddle/protocol/certificate'
import type { RouteRequest } from '../../network/index.ts'
import { commitmentInvalid, daBlobExpired, daBlobUnknown } from './errors.ts'
import type { DaDeps } from './ports.ts'

/** The certificate a path names; throws `da-commitment-invalid`, `da-blob-unknown`. */
export async function namedCertificate(
  { certificates }: Pick<DaDeps, 'certificates'>,
  { params }: Pick<RouteRequest, 'params'>,
): Promise<{ readonly commitment: string; readonly certificate: Certificate }> {
  const commitment = params.commitment ?? ''
  if (!isId(commitment)) throw commitmentInvalid(commitment)
  const certificate = await certificates.find(commitment)
  if (certificate === undefined) throw daBlobUnknown(commitment)
  return { commitment, certificate }
}

/** The same, of a blob that storers still keep; throws `da-blob-expired` too. */
export async function keptCertificate(
  deps: Pick<DaDeps, 'certificates' | 'clock'>,
  request: Pick<RouteRequest, 'params'>,
): Promise<{ readonly commitment: string; readonly certificate: Certificate }> {
  const named = await namedCertificate(deps, request)
  const { expiresAtSeconds } = named.certificate
  if (isExpired(expiresAtSeconds, deps.clock.nowMs() / 1000)) {
    throw daBlobExpired(named.commitment, expiresAtSeconds)
  }
  return named
}
