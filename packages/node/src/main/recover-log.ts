import { join } from 'node:path'
import { HeddleError } from '@heddle/protocol/base'
import { ownerAddress, verifyItem } from '@heddle/protocol/item'
import type { LogEntry } from '@heddle/protocol/message'
import {
  addressesOf,
  type CertifiedRange,
  createRetriever,
  encodeRange,
  loadErasureKernel,
  nativeBls,
  openCertificateStore,
  openEngines,
  openLane,
  readDirectory,
  recoverLog,
} from '../da/index.ts'
import { openJournal } from '../journal/index.ts'
import { openBulkClient } from '../network/index.ts'
import { createRuntime, ed25519Signer, nodeCrypto, systemSockets } from '../runtime/index.ts'
import { encodeRecord } from '../scheduler/index.ts'
import { createClosing } from './closing.ts'
import { loadNodeKey } from './key.ts'
import { lockDataFolder } from './lock.ts'
import { openHostingOf } from './rollup.ts'

export type RecoverLogOptions = {
  readonly processId: string
  /** From whom the user trusts for it. */
  readonly storerSetFile: string
  /** The newest is enough. */
  readonly ranges: readonly CertifiedRange[]
  /** Of a stopped node, or one that is yet to be; must not have the process. */
  readonly dataFolder: string
  readonly keyFile: string | undefined
  /** Address that must have signed the log; undefined takes who opened it. */
  readonly scheduler: string | undefined
  readonly signal: AbortSignal
  readonly onProgress?: (slots: number, totalSlots: number) => void
}

export type RecoveredLog = {
  readonly processId: string
  readonly slots: number
  /** Who signed its assignments: for the user to compare with what is expected. */
  readonly scheduler: string
  /** This folder's key is the scheduler's, so a node of it goes on with the log. */
  readonly isOwn: boolean
}

/**
 * Rebuilds a process's log from storers' rows in the data folder of a node that is not running. Rejects with
 * `log-hosted` where the process is there, `data-folder-in-use`, `log-part-invalid`, and what storers lack
 * (`da-rows-missing`); what was written then is marked, and a node does not go on with it.
 */
export async function recoverProcessLog(options: RecoverLogOptions): Promise<RecoveredLog> {
  const { processId, dataFolder, keyFile, ranges, scheduler, signal } = options
  const runtime = createRuntime()
  const closing = createClosing()
  try {
    await runtime.disk.makeFolder(dataFolder)
    const lock = lockDataFolder(dataFolder)
    closing.add(() => lock.release())
    const retriever = await openRetriever(options, runtime, closing)
    const signer = await loadNodeKey(dataFolder, keyFile, runtime)
    const open = async (name: string) => {
      const journal = await openJournal(join(dataFolder, name), runtime)
      closing.add(() => journal.close())
      return journal
    }
    const { hosting } = await openHostingOf({ signer }, await open('rollup'))
    const journal = await open('scheduler')
    if (journal.head(processId) > 0) throw logHosted(processId, journal.head(processId))
    const epoch = await journal.claim()
    const availability = await open('availability')
    const availabilityEpoch = await availability.claim()
    const stored = await open('certificates')
    const certificates = await openCertificateStore(stored, await stored.claim())
    await hosting.begin(processId)
    const verify = (item: LogEntry['assignment']['item']) => verifyItem(item, nodeCrypto)
    const source = { processId, ranges, retriever, engine: nodeCrypto, verify, scheduler, signal }
    const total = Math.max(...ranges.map(({ toSlot }) => toSlot))
    let last: LogEntry | undefined
    for await (const { entries, range } of recoverLog(source)) {
      const records = entries.map(({ assignment, message }) =>
        encodeRecord(assignment.item, message),
      )
      await journal.append(processId, journal.head(processId), epoch, records)
      await certificates.keep(range.certificate)
      const at = availability.head(processId)
      await availability.append(processId, at, availabilityEpoch, [encodeRange(range)])
      last = entries.at(-1)
      options.onProgress?.(journal.head(processId), total)
    }
    if (last === undefined) throw new Error('a recovered log has at least one slot')
    const signedBy = ownerAddress(last.assignment.item, nodeCrypto)
    // The lost node may have signed slots that were never certified: nothing is said twice in one epoch.
    await hosting.finish(processId, signedBy, last.assignment.epoch + 1)
    const isOwn = signedBy === ownerAddress(signer, nodeCrypto)
    return { processId, slots: journal.head(processId), scheduler: signedBy, isOwn }
  } finally {
    await closing.run()
  }
}

async function openRetriever(
  { storerSetFile }: RecoverLogOptions,
  runtime: ReturnType<typeof createRuntime>,
  closing: ReturnType<typeof createClosing>,
) {
  const { directory, set } = await readDirectory(runtime.disk, nativeBls, storerSetFile)
  const identity = ed25519Signer(runtime.random.bytes(32))
  const parts = { ...runtime, identity, engine: nodeCrypto, sockets: systemSockets }
  const client = openBulkClient(parts)
  closing.add(() => client.close())
  return createRetriever({
    lane: openLane(client, addressesOf(directory)),
    storerSet: (epoch) => (epoch === set.epoch ? set : undefined),
    engineFor: openEngines(await loadErasureKernel(runtime.disk)),
    bls: nativeBls,
    ...runtime,
  })
}

/** The process is in this data folder, and a log is never written over. */
function logHosted(processId: string, slots: number): HeddleError {
  const text =
    `process ${processId} is in this data folder already, with ${slots} slots: ` +
    'recover it into an empty one (--data DIR).'
  return new HeddleError('log-hosted', 'conflict', text, { processId, slots })
}
