import { errorMessage, isId } from '@heddle/protocol/base'
import type { CryptoEngine } from '@heddle/protocol/crypto'
import { type Item, ownerAddress, tagValue, tagValues } from '@heddle/protocol/item'
import {
  evaluationEnvironment,
  memoryLimitDefaultBytes,
  readMemoryLimit,
  verifyAssignment,
} from '@heddle/protocol/message'
import { modelCalls } from '@heddle/protocol/params'
import { logInvalid, unknownItem } from '../errors.ts'
import type { ModuleFacts, ModuleSource } from '../pool/module-source.ts'
import type { ItemSource, ProcessLog } from '../ports.ts'
import { type DriveRule, driveRule } from '../weave-drive/rule.ts'

/** What holds for every message of a process. */
export type ProcessFacts = {
  readonly process: Item
  /** Who signs the assignments: the signer of slot 0's. */
  readonly schedulerAddress: string
  readonly moduleId: string
  readonly memoryBytes: number
  /** `{Process, Module}` as JSON, the module's second argument. */
  readonly environment: string
  /** Ids of the models it may call. */
  readonly models: readonly string[]
  /** What it may read of a drive; undefined: nothing. */
  readonly drive?: DriveRule | undefined
  /** Why no message of this process can ever run; each one's result says so. */
  broken: string | undefined
}

export type FactsDependencies = {
  readonly log: ProcessLog
  readonly items: ItemSource
  readonly modules: ModuleSource
  readonly verify: (item: Item) => Promise<boolean>
  readonly engine: CryptoEngine
}

/**
 * Reads slot 0 and finds the module. Rejects with `log-invalid`, and while something is not here
 * yet
 * with `unknown-item` or `unknown-module`.
 */
export async function loadFacts(
  dependencies: FactsDependencies,
  processId: string,
): Promise<ProcessFacts> {
  const { log, items, modules, verify, engine } = dependencies
  const [entry] = await log.entries(processId, 0, 1)
  if (entry === undefined) throw logInvalid(processId, 0, 'slot 0 cannot be read')
  const schedulerAddress = ownerAddress(entry.assignment.item, engine)
  await verifyAssignment(entry, schedulerAddress, engine, verify).catch((error) => {
    throw logInvalid(processId, 0, errorMessage(error), error)
  })
  const process = entry.message ?? (await items.item(processId))
  if (process === undefined) throw unknownItem(processId, processId, 0)
  if (process.id !== processId) throw logInvalid(processId, 0, 'it does not hold the process')
  if (!(await verify(process))) {
    throw logInvalid(processId, 0, 'the signature of the process item is wrong')
  }
  const moduleId = tagValue(process.tags, 'Module')
  if (moduleId === undefined || !isId(moduleId)) {
    const broken = `the process names no module: its tag Module is ${JSON.stringify(moduleId)}`
    const nothing = { moduleId: moduleId ?? '', memoryBytes: 1, environment: '{}', models: [] }
    return { process, schedulerAddress, ...nothing, broken }
  }
  const module = await modules.facts(moduleId, processId)
  const models = [...new Set(tagValues(process.tags, modelCalls.tag))]
  const memory = memoryLimit(process, module)
  return {
    process,
    schedulerAddress,
    moduleId,
    models,
    drive: driveRule(process, module, schedulerAddress),
    memoryBytes: memory.memoryBytes,
    broken: memory.broken ?? modelsRefused(models),
    environment: JSON.stringify(evaluationEnvironment(process, module, engine)),
  }
}

/** What is wrong with the models that a process names, whatever this node keeps. */
function modelsRefused(models: readonly string[]): string | undefined {
  const { tag, modelsMax } = modelCalls
  const wrong = models.find((id) => !isId(id))
  if (wrong !== undefined) return `its tag ${tag} is ${JSON.stringify(wrong)}, not an item's id`
  if (models.length <= modelsMax) return undefined
  return `it names ${models.length} models with ${tag}, and ${modelsMax} are the most`
}

/** The process's own `Memory-Limit` goes before the module's. */
function memoryLimit(process: Item, module: ModuleFacts) {
  const text = tagValue(process.tags, 'Memory-Limit') ?? tagValue(module.tags, 'Memory-Limit')
  const memoryBytes = text === undefined ? memoryLimitDefaultBytes : readMemoryLimit(text)
  if (memoryBytes !== undefined) return { memoryBytes, broken: undefined }
  const broken = `cannot read Memory-Limit ${JSON.stringify(text)}: write it like 500-mb or 1-gb`
  return { memoryBytes: 1, broken }
}
