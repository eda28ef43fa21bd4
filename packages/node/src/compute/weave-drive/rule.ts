import { isId } from '@heddle/protocol/base'
import { type Tag, tagValues } from '@heddle/protocol/item'
import { weaveDrive } from '@heddle/protocol/params'

/** What the tags of a process and its module say of its drive: the same for every message. */
export type DriveRule = {
  readonly processId: string
  /** `Extension: WeaveDrive`, of the process or the module. Without it only `bootId` can be read. */
  readonly isExtended: boolean
  /** `Availability-Type`, the process's before the module's. */
  readonly availability: string
  /** Addresses whose attestations count: the signer of the log, and the `Attestor` tags. */
  readonly attestors: readonly string[]
  /** `On-Boot`, where it is an id. */
  readonly bootId: string | undefined
}

type Tagged = { readonly id: string; readonly tags: readonly Tag[] }

/** The rule of a process; undefined where its tags give it no drive. */
export function driveRule(
  process: Tagged,
  module: Pick<Tagged, 'tags'>,
  schedulerAddress: string,
): DriveRule | undefined {
  const isExtended = [process, module].some(({ tags }) =>
    tagValues(tags, 'Extension').includes(weaveDrive.extension),
  )
  // Of a tag that is there more than once the reference takes the last.
  const last = (tags: readonly Tag[], name: string) => tagValues(tags, name).at(-1)
  const boot = last(process.tags, 'On-Boot')
  const bootId = boot !== undefined && isId(boot) ? boot : undefined
  if (!isExtended && bootId === undefined) return undefined
  const type = 'Availability-Type'
  return {
    processId: process.id,
    isExtended,
    availability: last(process.tags, type) ?? last(module.tags, type) ?? 'Assignments',
    attestors: [schedulerAddress, ...tagValues(process.tags, 'Attestor')],
    bootId,
  }
}
