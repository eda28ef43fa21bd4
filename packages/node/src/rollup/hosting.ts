import { decodeText, encodeText } from '@heddle/protocol/base'
import type { OrderedLog } from '../journal/index.ts'

/** What a recovery made of a process on this node. */
type Hosted = {
  readonly processId: string
  readonly state: 'recovering' | 'hosted'
  /** Address that signs its assignments; `''` until it is known. */
  readonly scheduler: string
  /** Epoch of the next assignment at least, if this node makes one. */
  readonly epochAtLeast: number
}

/**
 * Which logs came here by recovery. Durable: a log that is here in part must never be gone on with, and
 * one that another key schedules is only read.
 */
export type Hosting = {
  /** The log is not whole yet: nothing may be added but what is recovered. */
  isRecovering(processId: string): boolean
  /** This node neither orders nor speaks for it. */
  isForeign(processId: string): boolean
  /**
   * Lowest epoch of the next assignment. What the lost node ordered last may not have been rolled up, and
   * two messages with one (process, epoch, slot) would be a fault.
   */
  epochAtLeast(processId: string): number
  begin(processId: string): Promise<void>
  finish(processId: string, scheduler: string, epochAtLeast: number): Promise<void>
}

/** Name of the log beside those of the processes. */
const hostingLog = 'hosting'
const pageRecords = 1000

/** Reads what earlier recoveries did. `address` is this node's. */
export async function openHosting(
  journal: OrderedLog,
  epoch: number,
  address: string,
): Promise<Hosting> {
  const hosted = new Map<string, Hosted>()
  for (let slot = 0; slot < journal.head(hostingLog); ) {
    const records = await journal.read(hostingLog, slot, pageRecords)
    for (const { bytes } of records) {
      const one: Hosted = JSON.parse(decodeText(bytes))
      hosted.set(one.processId, one)
    }
    slot += records.length
  }
  let writing: Promise<void> = Promise.resolve()
  const write = (one: Hosted) => {
    writing = writing
      .catch(() => undefined)
      .then(async () => {
        const record = encodeText(JSON.stringify(one))
        await journal.append(hostingLog, journal.head(hostingLog), epoch, [record])
        hosted.set(one.processId, one)
      })
    return writing
  }
  return {
    isRecovering: (processId) => hosted.get(processId)?.state === 'recovering',
    isForeign: (processId) => {
      const one = hosted.get(processId)
      return one !== undefined && one.scheduler !== address
    },
    epochAtLeast: (processId) => hosted.get(processId)?.epochAtLeast ?? 0,
    begin: (processId) => {
      const before = hosted.get(processId) ?? { scheduler: '', epochAtLeast: 0 }
      return write({ ...before, processId, state: 'recovering' })
    },
    finish: (processId, scheduler, epochAtLeast) =>
      write({ processId, state: 'hosted', scheduler, epochAtLeast }),
  }
}
