import type { BlobRow } from '@heddle/protocol/api'
import { encodeBase64Url } from '@heddle/protocol/base'
import { type Certificate, certificateCommitment } from '@heddle/protocol/certificate'
import { permanent } from '@heddle/protocol/params'
import type { BlobPort } from './ports.ts'

/** The newest blobs that were certified here, newest first; none on nodes without a wide lane. */
export async function readBlobs(
  blobs: BlobPort | undefined,
  limit: number,
): Promise<{ readonly rows: readonly BlobRow[] }> {
  const found = (await blobs?.newest(limit)) ?? []
  return { rows: found.map(rowOf) }
}

function rowOf(certificate: Certificate): BlobRow {
  const { parameters, epoch, expiresAtSeconds, members, signers } = certificate
  const { lengthBytes, k, n } = parameters
  return {
    commitment: encodeBase64Url(certificateCommitment(certificate)),
    lengthBytes,
    k,
    n,
    epoch,
    ...(expiresAtSeconds === permanent ? {} : { expiresAtSeconds }),
    members,
    signers: signers.length,
  }
}
