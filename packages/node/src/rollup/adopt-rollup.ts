import { errorMessage } from '@heddle/protocol/base'
import { type Item, ownerAddress, parseItem, tagValue } from '@heddle/protocol/item'
import { checkChain, type LogEntry, verifyAssignment } from '@heddle/protocol/message'
import { rollupInvalid } from './errors.ts'
import type { RollupDeps } from './ports.ts'
import { type Attested, readAttested, readRollup } from './read-rollup.ts'

/** Gets the bytes of an item from where the rollups come from. */
export type FetchItem = (id: string) => Promise<Uint8Array | undefined>

type AdoptDeps = Pick<RollupDeps, 'log' | 'items' | 'engine' | 'verify'>

/**
 * Verifies a rollup's data (every signature, and the hash chain from what is here already) and appends
 * the slots that are new. Slots that are here must be the same. Returns what is stated of the results.
 * Throws `rollup-invalid`; nothing of it was taken then.
 */
export async function adoptRollup(
  deps: AdoptDeps,
  processId: string,
  bytes: Uint8Array,
  scheduler: string | undefined,
  fetchItem: FetchItem,
): Promise<{ readonly scheduler: string; readonly attested: Attested | undefined }> {
  const { log, engine, verify } = deps
  const parts = readRollup(bytes, processId, engine)
  const [opening] = log.head(processId) > 0 ? await log.entries(processId, 0, 1) : parts.entries
  const opener = opening && ownerAddress(opening.assignment.item, engine)
  const signer = scheduler ?? opener ?? ''
  if (opener !== signer) {
    throw rollupInvalid(processId, `its log was opened by ${opener}, not by ${signer}`)
  }
  const fresh = await checkEntries(deps, processId, parts.entries, signer)
  const attested = await readAttested(parts, processId, signer, engine, verify)
  const beside = new Map(parts.beside.map((item) => [item.id, item]))
  const fromBundle: FetchItem = async (id) => beside.get(id)?.bytes ?? fetchItem(id)
  for (const id of fresh.flatMap(idsBeside)) await keepBeside(deps, id, fromBundle)
  if (fresh.length > 0) await log.adopt(processId, fresh)
  return { scheduler: signer, attested }
}

/** The entries that go on where the log here ends. */
async function checkEntries(
  deps: AdoptDeps,
  processId: string,
  entries: readonly LogEntry[],
  scheduler: string,
): Promise<LogEntry[]> {
  const { log, engine, verify } = deps
  const head = log.head(processId)
  const fresh = entries.filter(({ assignment }) => assignment.slot >= head)
  const known = entries.filter(({ assignment }) => assignment.slot < head)
  for (const { assignment } of known) {
    const [own] = await log.entries(processId, assignment.slot, 1)
    if (own?.assignment.item.id === assignment.item.id) continue
    throw rollupInvalid(processId, `slot ${assignment.slot} is another one here: its log forked`)
  }
  const [last] = head === 0 ? [] : await log.entries(processId, head - 1, 1)
  let previous = last?.assignment
  const checks: Promise<void>[] = []
  try {
    for (const entry of fresh) {
      checkChain(previous, entry.assignment, engine)
      previous = entry.assignment
      checks.push(verifyAssignment(entry, scheduler, engine, verify))
      if (entry.message !== undefined) checks.push(verifySigned(entry.message, verify))
    }
    await Promise.all(checks)
  } catch (error) {
    await Promise.allSettled(checks)
    throw rollupInvalid(processId, errorMessage(error), error)
  }
  return fresh
}

async function verifySigned(item: Item, verify: RollupDeps['verify']): Promise<void> {
  if (!(await verify(item))) throw new Error(`the signature of ${item.id} is wrong`)
}

/** What evaluating an entry needs besides: the module, a message that was assigned by its id. */
function idsBeside({ assignment, message }: LogEntry): string[] {
  if (message === undefined) return [assignment.messageId]
  const module = assignment.slot === 0 ? tagValue(message.tags, 'Module') : undefined
  return module === undefined ? [] : [module]
}

/** Where it cannot be had, evaluation says so; the log is whole all the same. */
async function keepBeside(deps: AdoptDeps, id: string, fetchItem: FetchItem): Promise<void> {
  const { items, engine, verify } = deps
  if ((await items.keptItem(id)) !== undefined) return
  const bytes = await fetchItem(id)
  if (bytes === undefined) return
  const item = attempt(() => parseItem(bytes, engine))
  if (item?.id === id && (await verify(item))) await items.keep(item)
}

function attempt<Value>(read: () => Value): Value | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
