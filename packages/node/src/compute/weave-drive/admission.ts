import type { Attestations, AttestationsDependencies } from './attestations.ts'
import { driveRefused } from './errors.ts'
import type { DrivePath } from './path.ts'
import type { DriveRule } from './rule.ts'

export type AdmissionDependencies = AttestationsDependencies & {
  readonly attestations: Attestations
}

/**
 * Decides from the log alone what a message at `slot` may read. Gives the id whose bytes are meant: of a
 * block the one that was attested. Rejects with `weave-drive-refused`, or `unknown-item` where an
 * entry of the log cannot be read here.
 */
export async function admitPath(
  dependencies: AdmissionDependencies,
  rule: DriveRule,
  path: DrivePath,
  slot: number,
): Promise<string> {
  if (path.kind === 'block') return await admitBlock(dependencies, rule, path.height, slot)
  const { kind, id } = path
  const text = `/${kind}/${id}`
  if (id === rule.bootId) return id
  checkRule(rule, text)
  const { log, attestations } = dependencies
  const named = await log.slotOf(rule.processId, id)
  if (named !== undefined && named <= slot && (await isMessage(log, rule.processId, named, id)))
    return id
  if (await attestations.find(rule, 'message', id, slot)) return id
  const individual = rule.availability === 'Individual'
  if (individual && (await attestations.find(rule, 'available', id, slot))) return id
  throw driveRefused(
    text,
    `it is not in the process's log up to slot ${slot}, and no attestation in there names it. ` +
      'Assign it to the process first',
  )
}

function checkRule({ isExtended, availability }: DriveRule, path: string): void {
  if (!isExtended) throw driveRefused(path, 'neither process nor module has Extension: WeaveDrive')
  if (availability === 'Library')
    throw driveRefused(
      path,
      'no attestations of a Library are known: use Assignments or Individual',
    )
  if (availability !== 'Assignments' && availability !== 'Individual')
    throw driveRefused(path, `unknown Availability-Type ${JSON.stringify(availability)}`)
}

/** An assignment's own id names its slot too, and is no message. */
async function isMessage(
  log: AttestationsDependencies['log'],
  processId: string,
  slot: number,
  id: string,
): Promise<boolean> {
  const [entry] = await log.entries(processId, slot, 1)
  return entry?.assignment.messageId === id
}

async function admitBlock(
  { attestations }: AdmissionDependencies,
  rule: DriveRule,
  height: number,
  slot: number,
): Promise<string> {
  const path = `/block/${height}`
  checkRule(rule, path)
  const attested = await attestations.find(rule, 'block', String(height), slot)
  if (attested !== undefined) return attested.value
  throw driveRefused(
    path,
    `no attestation in the process's log up to slot ${slot} says which block has this height. ` +
      'An item Type: Available, Data-Protocol: WeaveDrive with Block and Block-Id does',
  )
}
