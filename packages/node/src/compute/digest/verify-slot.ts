import { assert, errorMessage, isHeddleError } from '@heddle/protocol/base'
import {
  judgeSlot,
  proofInvalid,
  readSlotProof,
  resultChainStart,
  type SlotProof,
  type SlotVerdict,
} from '@heddle/protocol/digest'
import { ownerAddress } from '@heddle/protocol/item'
import { checkChain, type LogEntry } from '@heddle/protocol/message'
import type { Runtime } from '../../runtime/index.ts'
import { type ComputeOptions, computeOptions } from '../options.ts'
import { type ExpandModule, ModuleSource } from '../pool/module-source.ts'
import { ThreadPool } from '../pool/thread-pool.ts'
import { checkedLog } from '../weave-drive/checked-log.ts'
import { itemDriveSource } from '../weave-drive/item-source.ts'
import { type DriveService, openWeaveDrive } from '../weave-drive/service.ts'
import type { CheckedUnit, VerifyRequest } from './checked-unit.ts'
import { findStart, type Start } from './find-start.ts'
import { type RunnerDependencies, SlotRunner } from './slot-runner.ts'

/** What came of it. `slot` is where it was decided: one before the slot asked for can be wrong. */
type Finding = SlotVerdict & {
  readonly slot: number
  /** First slot that was run; 0: no state of the unit's own was trusted. */
  readonly fromSlot: number
  /** Slots before it that the unit decided by its clock: taken as it says, for nobody can tell. */
  readonly takenSlots: readonly number[]
}

export type Verification = Finding & {
  /** Address of who signed the claim; undefined where nobody did. */
  readonly attestedBy: string | undefined
}

const pageSlots = 100

/** Checks units by running their slots on a thread of its own, one at a time. To be closed. */
export type Checker = {
  /** Rejects where the unit does not answer; what it says never makes it reject. */
  verify(unit: CheckedUnit, request: VerifyRequest): Promise<Verification>
  close(): Promise<void>
}

/** What a checker needs: items by id, whose signatures it checks, and what the machine offers. */
export type CheckerDependencies = Pick<RunnerDependencies, 'items' | 'verify' | 'engine'> & {
  readonly runtime: Runtime
  /** What a thread compiles for a module; its data unless told. */
  readonly expandModule?: ExpandModule
}

export function openChecker(
  dependencies: CheckerDependencies,
  given: Partial<ComputeOptions> = {},
): Checker {
  const { items, verify, runtime } = dependencies
  const modules = new ModuleSource(items, verify, dependencies.expandModule)
  const options = computeOptions({ ...given, workers: 1 })
  const drives = new Map<string, DriveService>()
  const pool = new ThreadPool(1, 0, options, runtime.timer, modules, async (asked) => {
    const drive = drives.get(asked.rule.processId)
    assert(drive !== undefined, 'only processes under check read')
    return drive(asked)
  })
  const parts = { ...dependencies, modules, pool }
  return {
    async verify(unit, request) {
      const log = checkedLog({ ...dependencies, unit, lastSlot: request.slot })
      const source = itemDriveSource(items)
      drives.set(request.processId, openWeaveDrive({ ...dependencies, log, source }))
      try {
        return await verifyUnitSlot(parts, unit, request)
      } catch (error) {
        // What cannot be read says nothing of the slot.
        if (!isHeddleError(error, 'proof-invalid')) throw error
        const { slot } = request
        const at = { slot, fromSlot: slot, takenSlots: [], attestedBy: undefined }
        return { outcome: 'undecided', reason: errorMessage(error), ...at }
      } finally {
        drives.delete(request.processId)
      }
    },
    close: () => pool.close(),
  }
}

/**
 * Checks one slot of a unit by running it here, and all slots on the way to it: from slot 0, which
 * believes nothing, or from the unit's newest signed checkpoint before it. A difference found from
 * a checkpoint may be the checkpoint's, so it is looked for again from slot 0 before it is told.
 */
async function verifyUnitSlot(
  dependencies: RunnerDependencies,
  unit: CheckedUnit,
  request: VerifyRequest,
): Promise<Verification> {
  const { processId, slot } = request
  const { engine } = dependencies
  const proof = readProofOf(await unit.proof(processId, slot), request, dependencies)
  const [opening] = await unit.proofs(processId, 0, 1)
  const first = readProofOf(opening, { processId, slot: 0 }, dependencies).entry
  const attestedBy = proof.attestation && ownerAddress(proof.attestation, engine)
  const start = request.fromCheckpoint ? await findStart(dependencies, unit, request) : undefined
  const job = { dependencies, unit, first, target: proof }
  if (start !== undefined) {
    const verdict = await runFrom(job, start)
    if (verdict.outcome !== 'differs') return { ...verdict, attestedBy }
  }
  const chain = resultChainStart(processId, engine)
  return { ...(await runFrom(job, { fromSlot: 0, chain, packed: undefined })), attestedBy }
}

type Job = {
  readonly dependencies: RunnerDependencies
  readonly unit: CheckedUnit
  readonly first: LogEntry
  readonly target: SlotProof
}

async function runFrom(job: Job, start: Start): Promise<Finding> {
  const { dependencies, first, target } = job
  const { fromSlot, packed } = start
  const at = { slot: target.entry.assignment.slot, fromSlot, takenSlots: [] }
  let runner: SlotRunner
  try {
    const checkpoint = packed && { packed, nextSlot: fromSlot }
    runner = await SlotRunner.open(dependencies, { first, checkpoint })
  } catch (error) {
    if (isHeddleError(error, 'image-invalid')) {
      return {
        outcome: 'differs',
        field: 'checkpoint',
        claimed: 'a state',
        found: errorMessage(error),
        ...at,
      }
    }
    return { outcome: 'undecided', reason: errorMessage(error), ...at }
  }
  try {
    return { fromSlot, ...(await judgeSlots(job, runner, start)) }
  } finally {
    await runner.close()
  }
}

async function judgeSlots(job: Job, runner: SlotRunner, { fromSlot, chain }: Start) {
  const { dependencies, target } = job
  const last = target.entry.assignment.slot
  const takenSlots: number[] = []
  let before = chain
  let previous: LogEntry | undefined
  for await (const proof of proofsUpTo(job, fromSlot)) {
    const { slot } = proof.entry.assignment
    const broken = brokenLog(previous, proof.entry, dependencies)
    if (broken !== undefined) {
      return { outcome: 'undecided', reason: broken, slot, takenSlots } as const
    }
    const verdict = await judgeSlot(proof, {
      ...dependencies,
      schedulerAddress: runner.facts.schedulerAddress,
      chainBefore: before,
      evaluate: async (entry) => {
        const run = await runner.run(entry)
        return slot === last ? { ...run, rootAfter: await runner.stateRoot() } : run
      },
    })
    const isTaken = verdict.outcome === 'undecided' && verdict.isByUnit === true
    const isPassed = verdict.outcome === 'verified' || isTaken
    if (slot === last || !isPassed) return { ...verdict, slot, takenSlots }
    if (isTaken) takenSlots.push(slot)
    before = proof.chain
    previous = proof.entry
  }
  const reason = 'the unit gave no proofs of the slots before'
  return { outcome: 'undecided', reason, slot: last, takenSlots } as const
}

/** Proofs from `fromSlot` to the target, which is the one the unit signed. */
async function* proofsUpTo({ unit, target, dependencies }: Job, fromSlot: number) {
  const { processId, slot: last } = target.entry.assignment
  let slot = fromSlot
  while (slot < last) {
    const page = await unit.proofs(processId, slot, Math.min(pageSlots, last - slot))
    if (page.length === 0) return
    for (const each of page.slice(0, last - slot)) {
      yield readProofOf(each, { processId, slot }, dependencies)
      slot++
    }
  }
  yield target
}

/** A slot's assignment must follow the one before: gapless, chained, by one scheduler. */
function brokenLog(
  previous: LogEntry | undefined,
  entry: LogEntry,
  { engine }: RunnerDependencies,
): string | undefined {
  if (previous === undefined && entry.assignment.slot > 0) return undefined
  try {
    checkChain(previous?.assignment, entry.assignment, engine)
    return undefined
  } catch (error) {
    return errorMessage(error)
  }
}

function readProofOf(
  value: unknown,
  { processId, slot }: VerifyRequest,
  { engine }: RunnerDependencies,
): SlotProof {
  const proof = readSlotProof(value, engine)
  const { assignment } = proof.entry
  if (assignment.processId === processId && assignment.slot === slot) return proof
  throw proofInvalid(`it is of slot ${assignment.slot} of ${assignment.processId}`)
}
