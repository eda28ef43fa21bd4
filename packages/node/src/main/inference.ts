import { join } from 'node:path'
import { decodeText, encodeText, HeddleError } from '@heddle/protocol/base'
import type { Compute } from '../compute/index.ts'
import type { Gateway } from '../gateway/index.ts'
import {
  createInference,
  type HostedProcesses,
  type Inference,
  type KeptItems,
} from '../inference/index.ts'
import type { Route } from '../network/index.ts'
import { nodeCrypto } from '../runtime/index.ts'
import type { Scheduler } from '../scheduler/index.ts'
import type { Ground } from './ground.ts'
import { loadNodeKey } from './key.ts'

/** Opens inference over the items that this node keeps. */
export function openInference(ground: Ground, gateway: Gateway): Inference {
  const { options, runtime, signer, closing } = ground
  const room = ground.log.forRoom('inference')
  const { modelMemoryMebibytes, modelContextTokens } = options
  const inference = createInference(
    {
      items: keptItems(gateway),
      signer,
      engine: nodeCrypto,
      runtime,
      onFault: (error) => room.error({ error }, 'an answer or its receipt failed'),
    },
    { memoryBytesMax: modelMemoryMebibytes * 2 ** 20, contextTokensMax: modelContextTokens },
  )
  closing.add(() => inference.close())
  return inference
}

/** Has the receipts kept that models' processes give. */
export function followModels(
  inference: Inference,
  scheduler: Pick<Scheduler, 'entries'>,
  compute: Pick<Compute, 'evaluations' | 'onEvaluated'>,
): void {
  inference.follow({
    evaluations: (...page) => compute.evaluations(...page),
    onEvaluated: (listener) => compute.onEvaluated(listener),
    tagsOf: async (processId) => {
      const [entry] = await scheduler.entries(processId, 0, 1)
      return entry?.message?.tags ?? []
    },
  })
}

/** Routes of inference, `/mcp` among them: its messages are signed with a key of their own. */
export async function inferenceRoutes(
  { options, runtime }: Ground,
  inference: Inference,
  scheduler: Scheduler,
  compute: Compute,
): Promise<Route[]> {
  const folder = join(options.dataFolder, 'agent')
  await runtime.disk.makeFolder(folder)
  const agent = await loadNodeKey(folder, undefined, runtime)
  const hosted: HostedProcesses = {
    processes: () => scheduler.processes(),
    head: (processId) => scheduler.head(processId),
    spawnItem: async (processId) => (await scheduler.entries(processId, 0, 1))[0]?.message,
    schedule: (item) => scheduler.schedule(item),
    result: (processId, slot, signal) => compute.result(processId, slot, signal),
    dryRun: (processId, message, signal) => compute.dryRun(processId, message, signal),
  }
  return inference.routes({ hosted, agent })
}

/** Items by id and by tag; the latter by the query that clients use. */
export function keptItems(gateway: Gateway): KeptItems {
  const graphql = gateway
    .routes()
    .find(({ method, path }) => method === 'POST' && path === '/graphql')
  return {
    item: (id) => gateway.itemAnywhere(id),
    keep: (item) => gateway.keep(item),
    tagged: (tags, limit) => findTagged(graphql, tags, limit),
  }
}

const query = `query ($tags: [TagFilter!], $first: Int) {
  transactions(first: $first, sort: HEIGHT_ASC, tags: $tags) { edges { node { id } } }
}`

type Found = {
  readonly data?: {
    readonly transactions?: {
      readonly edges: readonly { readonly node: { readonly id: string } }[]
    }
  }
}

async function findTagged(
  route: Route | undefined,
  tags: Readonly<Record<string, string>>,
  limit: number,
): Promise<string[]> {
  const filters = Object.entries(tags).map(([name, value]) => ({ name, values: [value] }))
  const variables = { tags: filters, first: limit }
  const reply = await route?.handle({
    params: {},
    query: new URLSearchParams(),
    headers: { 'content-type': 'application/json' },
    body: encodeText(JSON.stringify({ query, variables })),
    stream: noStream(),
    url: '/graphql',
    method: 'POST',
    peer: 'inference',
    signal: new AbortController().signal,
  })
  const { data } = readReply(reply?.body)
  if (data?.transactions === undefined) {
    const text = 'the index of items refused a query: it is at fault'
    throw new HeddleError('query-refused', 'internal', text, { reply: reply?.body })
  }
  return data.transactions.edges.map(({ node }) => node.id)
}

function readReply(body: unknown): Found {
  if (typeof body === 'string') return JSON.parse(body) as Found
  if (body instanceof Uint8Array) return JSON.parse(decodeText(body)) as Found
  return (body ?? {}) as Found
}

async function* noStream(): AsyncGenerator<Uint8Array> {}
