import { encodeBase64Url, encodeText } from '@heddle/protocol/base'
import { type Item, tagValue } from '@heddle/protocol/item'
import { modelModuleFormat } from '@heddle/protocol/model'
import { modelCalls } from '@heddle/protocol/params'
import type { EvaluatedSlot, KeptItems, ProcessResults } from '../ports.ts'
import type { TrainingOutput } from '../training/guest.ts'
import { trainingModuleFormat } from '../training/job.ts'
import type { TrainingPublisher } from '../training/publish.ts'
import { type ReceiptKeeper, receiptOfDigest } from './keep.ts'

type FollowDependencies = {
  readonly items: KeptItems
  readonly receipts: ReceiptKeeper
  readonly trainings: TrainingPublisher
  readonly sha256: (bytes: Uint8Array) => Uint8Array
  /** Ids of the models kept here. */
  readonly models: () => Promise<readonly string[]>
  readonly onFault: (error: unknown) => void
}

/** The model or the training that a process is, and whether it calls models. */
type ModelUse = {
  readonly model: string | undefined
  readonly training: Item | undefined
  readonly calls: boolean
}

export type FollowedReceipts = {
  /** Ends when no receipt is on its way. */
  close(): Promise<void>
}

const pageSlots = 200
/** One result may have 15 MiB. */
const pageBytes = 16 * 1024 * 1024
const processesMax = 1000
/** Processes whose module is remembered; one more is asked for again. */
const rememberedMax = 100_000

/**
 * Keeps the receipts that models' processes give, and those of models that processes call, as items of their
 * own: those of every new result, and once at the start those that a crash left in the results alone. A receipt's text is in the result anyway, so
 * nothing is lost where this fails; it is told and tried again at the next start.
 */
export function followReceipts(
  results: ProcessResults,
  { items, receipts, trainings, sha256, models, onFault }: FollowDependencies,
): FollowedReceipts {
  const modelOf = createModelUses(results, items)
  const running = new Set<Promise<void>>()
  let isClosed = false

  const keep = async (processId: string, use: ModelUse, { slot, result }: EvaluatedSlot) => {
    const { model, training } = use
    const output = (result.Output ?? {}) as { readonly receipt?: unknown }
    const { receipt } = output
    if (training !== undefined && result.Error === undefined) {
      await trainings.publish(processId, slot, training, output as TrainingOutput)
    }
    if (model !== undefined && typeof receipt === 'string') {
      await keepText(processId, slot, model, receipt)
    }
    for (const called of result.Receipts ?? []) {
      await keepText(processId, slot, called.Model, called.Receipt)
    }
  }

  const keepText = async (processId: string, slot: number, model: string, text: string) => {
    const bytes = encodeText(text)
    const digest = encodeBase64Url(sha256(bytes))
    if ((await receiptOfDigest(items, digest, sha256)) !== undefined) return
    await receipts.keep(bytes, model, [
      { name: 'Process', value: processId },
      { name: 'Slot', value: String(slot) },
    ])
  }

  /** Processes known to have nothing to do with models: nearly all, at each of their slots. */
  const without = new Set<string>()

  const keepNew = async (processId: string, slot: number) => {
    const use = await modelOf(processId)
    if (use.model === undefined && use.training === undefined && !use.calls) {
      if (without.size >= rememberedMax) without.clear()
      without.add(processId)
      return
    }
    const [evaluation] = await results.evaluations(processId, slot, 1, pageBytes)
    if (evaluation !== undefined) await keep(processId, use, evaluation)
  }

  const keepAll = async (processId: string) => {
    const use = await modelOf(processId)
    for (let slot = 0; !isClosed; ) {
      const page = await results.evaluations(processId, slot, pageSlots, pageBytes)
      for (const evaluation of page) await keep(processId, use, evaluation)
      const last = page.at(-1)
      if (last === undefined) return
      slot = last.slot + 1
    }
  }

  const catchUp = async () => {
    const known = await models()
    const trained = await items.tagged({ 'Module-Format': trainingModuleFormat }, processesMax)
    const tags = [
      ...[...known, ...trained].map((id) => ({ Module: id })),
      ...known.map((id) => ({ [modelCalls.tag]: id })),
    ]
    for (const each of tags) {
      for (const processId of await items.tagged({ Type: 'Process', ...each }, processesMax)) {
        if (!isClosed) await keepAll(processId)
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
    if (!isClosed && !without.has(processId)) run(keepNew(processId, slot))
  })
  run(catchUp())
  return {
    close: async () => {
      isClosed = true
      await Promise.all(running)
    },
  }
}

/** What each process is to models, remembered: it is in the item that spawned it. */
function createModelUses(
  results: ProcessResults,
  items: KeptItems,
): (processId: string) => Promise<ModelUse> {
  const modelOfProcess = new Map<string, Promise<ModelUse>>()

  const readModel = async (processId: string): Promise<ModelUse> => {
    const tags = await results.tagsOf(processId)
    const moduleId = tagValue(tags, 'Module')
    const item = moduleId === undefined ? undefined : await items.item(moduleId)
    const format = item && tagValue(item.tags, 'Module-Format')
    const calls = tagValue(tags, modelCalls.tag) !== undefined
    return {
      model: format === modelModuleFormat ? moduleId : undefined,
      training: format === trainingModuleFormat ? item : undefined,
      calls,
    }
  }

  return (processId) => {
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
}
