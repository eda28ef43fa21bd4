import { encodeBase64Url, encodeText, toHex } from '@heddle/protocol/base'
import type { CryptoEngine } from '@heddle/protocol/crypto'
import type { Item, Signer } from '@heddle/protocol/item'
import type { Route } from '../network/index.ts'
import type { Runtime } from '../runtime/index.ts'
import { expandModule } from './guest/formats.ts'
import { createProcessAccess } from './mcp/processes.ts'
import { mcpRoutes } from './mcp/routes.ts'
import { openAiRoutes } from './openai/routes.ts'
import type { HostedProcesses, KeptItems, ProcessResults } from './ports.ts'
import { type FollowedReceipts, followReceipts } from './receipts/from-processes.ts'
import type { ServiceOptions } from './service/options.ts'
import { createInferenceService, type InferenceService } from './service/service.ts'
import { createTrainingPublisher } from './training/publish.ts'

export type InferenceDependencies = {
  readonly items: KeptItems
  /** Signs receipts: the node's key. */
  readonly signer: Signer
  readonly engine: CryptoEngine
  readonly runtime: Runtime
  readonly onFault?: (error: unknown) => void
}

/** What MCP clients reach, and the key their messages are signed with. */
export type McpProcesses = { readonly hosted: HostedProcesses; readonly agent: Signer }

export type Inference = {
  readonly service: InferenceService
  /** What a compute thread compiles for a module. */
  expandModule(module: Item, use?: 'called'): Promise<Uint8Array>
  /** Keeps the receipts of answers in processes, and the models that processes train, from now on. */
  follow(results: ProcessResults): void
  /** Routes of the node's root: `/v1/…` for OpenAI's clients, `/mcp` where there are processes. */
  routes(processes?: McpProcesses): Route[]
  close(): Promise<void>
}

/** Answers questions to the models that are kept here; see README. */
export function createInference(
  { items, signer, engine, runtime, onFault = () => undefined }: InferenceDependencies,
  given: Partial<ServiceOptions> = {},
): Inference {
  const service = createInferenceService({ items, signer, engine }, given)
  const { clock, random } = runtime
  const { catalog, receipts } = service
  let followed: FollowedReceipts | undefined
  return {
    service,
    expandModule: (module, use) => expandModule(module, { catalog, items }, use),
    follow: (results) => {
      const models = async () => (await catalog.list()).map(({ id }) => id)
      const { sha256 } = engine
      const trainings = createTrainingPublisher({ items, signer, engine })
      const kept = { items, receipts, trainings, sha256, models, onFault }
      followed = followReceipts(results, kept)
    },
    routes: (processes) => {
      const openAi = openAiRoutes({ service, engine, clock, random, onFault })
      if (processes === undefined) return openAi
      const { hosted, agent } = processes
      const agentAddress = encodeBase64Url(engine.sha256(agent.owner))
      const anchor = () => encodeText(toHex(random.bytes(16)))
      const access = createProcessAccess({ hosted, items, agent, agentAddress, engine, anchor })
      return [...openAi, ...mcpRoutes({ service, items, engine, access })]
    },
    close: async () => {
      await followed?.close()
      await service.close()
    },
  }
}
