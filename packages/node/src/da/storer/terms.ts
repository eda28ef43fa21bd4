import { equalBytes } from '@heddle/protocol/base'
import {
  drawAssignment,
  isExpired,
  type StorerSet,
  storerSetId,
} from '@heddle/protocol/certificate'
import { permanent } from '@heddle/protocol/params'
import type { HeaderFields } from '../wire/header.ts'
import { retentionRefused, termsRefused } from './errors.ts'
import type { StorerOptions } from './options.ts'

type Retention = Pick<StorerOptions, 'retentionSecondsMax' | 'keepsForEver'>

/** Whether a storer takes rows for this time; throws `storer-retention`. */
export function checkRetention(
  expiresAtSeconds: number,
  nowSeconds: number,
  { retentionSecondsMax, keepsForEver }: Retention,
): void {
  if (expiresAtSeconds === permanent) {
    if (!keepsForEver) throw retentionRefused('this storer keeps nothing for ever.')
    return
  }
  if (isExpired(expiresAtSeconds, nowSeconds))
    throw retentionRefused('the retention is over already.')
  if (expiresAtSeconds > nowSeconds + retentionSecondsMax) {
    throw retentionRefused(`this storer keeps rows for ${retentionSecondsMax} s at most.`)
  }
}

/** The rows of the blob that the draw gives to this key; throws `storer-terms` or `certificate`. */
export function assignedRows(
  set: StorerSet | undefined,
  fields: HeaderFields,
  key: Uint8Array,
): readonly number[] {
  if (set === undefined || !equalBytes(fields.setId, storerSetId(set))) {
    throw termsRefused(`the storer set is not that of epoch ${fields.epoch}.`, {
      epoch: fields.epoch,
    })
  }
  const { members } = drawAssignment(set, fields.commitment, fields.parameters)
  const own = members.find((member) => equalBytes(member.key, key))
  if (own === undefined) throw termsRefused('the draw gives this storer no rows of this blob.')
  return own.rows
}
