import { parseRetention, type Retention } from '@heddle/protocol/params'
import { retentionUnkept } from '../errors.ts'

type Tags = Parameters<typeof parseRetention>[0]

/**
 * The retention an upload's tags ask for. A node is one copy, says nothing of where it stands, and its
 * stake backs what it certifies, not what it keeps: a promise beyond that would be broken from the start.
 * Throws `retention-unkept`, `retention-invalid`.
 */
export function admitRetention(tags: Tags): Retention {
  const retention = parseRetention(tags)
  const { copies, placement, minimumStake } = retention
  if (copies > 1) throw retentionUnkept(`${copies} copies`)
  if (placement.length > 0) throw retentionUnkept(`a place (${placement.join(', ')})`)
  if (minimumStake > 0n) throw retentionUnkept(`a stake of ${minimumStake} winston`)
  return retention
}
