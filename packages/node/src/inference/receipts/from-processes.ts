import { encodeBase64Url, encodeText } from '@heddle/protocol/base'
import { tagValue } from '@heddle/protocol/item'
import { modelModuleFormat } from '@heddle/protocol/model'
import type { EvaluatedSlot, KeptItems, ProcessResults } from '../ports.ts'
import type { ReceiptKeeper } from './keep.ts'

type FollowDependencies = {
  readonly items: KeptItems
  readonly receipts: ReceiptKeeper
  readonly sha256: (bytes: Uint8Array) => Uint8Array
  /** Ids of the models kept here. */
  readonly models: () => Promise<readonly string[]>
  readonly onFault: (error: unknown) => void
}

export type FollowedReceipts = {
  /** Ends when no receipt is on its way. */
  close(): Promise<void>
}

const pageSlots = 200
const processesMax = 1000
/** Processes whose module is remembered; one more is asked for again. */
const rememberedMax = 100_000

/**
 * Keeps the receipts that models' processes give as items of their own: those of every new result, and once at
 * the start those that a crash left in the results alone. A receipt's text is in the result anyway, so
 * nothing is lost where this fails; it is told and tried again at the next start.
 */
export function followReceipts(
  results: ProcessResults,
  { items, receipts, sha256, models, onFault }: FollowDependencies,
): FollowedReceipts {
  /** The model of each process, or undefined for those that have none. */
  const modelOfProcess = new Map<string, Promise<string | undefined>>()
  const running = new Set<Promise<void>>()
  let isClosed = false

  const readModel = async (processId: string): Promise<string | undefined> => {
    const moduleId = await results.moduleOf(processId)
    const item = moduleId === undefined ? undefined : await items.item(moduleId)
    const isModel = item && tagValue(item.tags, 'Module-Format') === modelModuleFormat
    return isModel ? moduleId : undefined
  }

  const modelOf = (processId: string): Promise<string | undefined> => {
    let model = modelOfProcess.get(processId)
    if (model === undefined) {
      model = readModel(processId)
      model.catch(() => modelOfProcess.delete(processId))
      const [oldest] = modelOfProcess.keys()
      if (modelOfProcess.size >= rememberedMax && oldest !== undefined) {
        modelOfProcess.delete(oldest)
      }
      modelOfProcess.set(processId, model)
    }
    return model
  }

  const keep = async (processId: string, model: string, { slot, result }: EvaluatedSlot) => {
    const { Output } = result
    const text = (Output as { readonly receipt?: unknown } | undefined)?.receipt
    if (typeof text !== 'string') return
    const bytes = encodeText(text)
    const digest = encodeBase64Url(sha256(bytes))
    const known = await items.tagged({ Type: 'Receipt', 'Receipt-Digest': digest }, 1)
    if (known.length > 0) return
    await receipts.keep(bytes, model, [
      { name: 'Process', value: processId },
      { name: 'Slot', value: String(slot) },
    ])
  }

  const keepNew = async (processId: string, slot: number) => {
    const model = await modelOf(processId)
    if (model === undefined) return
    const [evaluation] = await results.evaluations(processId, slot, 1)
    if (evaluation !== undefined) await keep(processId, model, evaluation)
  }

  const keepAll = async (processId: string, model: string) => {
    for (let slot = 0; !isClosed; ) {
      const page = await results.evaluations(processId, slot, pageSlots)
      for (const evaluation of page) await keep(processId, model, evaluation)
      const last = page.at(-1)
      if (last === undefined) return
      slot = last.slot + 1
    }
  }

  const catchUp = async () => {
    for (const model of await models()) {
      const tags = { Type: 'Process', Module: model }
      for (const processId of await items.tagged(tags, processesMax)) {
        if (!isClosed) await keepAll(processId, model)
      }
    }
  }

  const run = (work: Promise<void>): void => {
    const done = work
      .catch((error) => {
        if (!isClosed) onFault(error)
      })
      .finally(() => running.delete(done))
    running.add(done)
  }

  results.onEvaluated((processId, slot) => {
    if (!isClosed) run(keepNew(processId, slot))
  })
  run(catchUp())
  return {
    close: async () => {
      isClosed = true
      await Promise.all(running)
    },
  }
}
