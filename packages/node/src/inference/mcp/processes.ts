import { decodeText, isId } from '@heddle/protocol/base'
import type { CryptoEngine } from '@heddle/protocol/crypto'
import { createItem, type Item, type Signer, type Tag, tagValue } from '@heddle/protocol/item'
import type { Result } from '@heddle/protocol/message'
import { modelModuleFormat } from '@heddle/protocol/model'
import { mcpInputInvalid, mcpUnknownProcess } from '../errors.ts'
import type { HostedProcesses, KeptItems } from '../ports.ts'
import { type Handler, modelHandlers, readHandlers } from './handlers.ts'

export type ProcessCard = {
  readonly id: string
  readonly name: string
  readonly module: string
  readonly slots: number
  readonly handlers: readonly Handler[]
}

/** A message a client asks for. */
export type AskedMessage = {
  readonly action: string
  readonly tags: readonly Tag[]
  readonly data: string
}

export type ProcessAccess = {
  /** Newest first. */
  list(limit: number): Promise<ProcessCard[]>
  /** Rejects with `unknown-process`. */
  card(processId: string): Promise<ProcessCard>
  /** Signs a message with the key of all agents of this node, and waits for its result. */
  send(processId: string, message: AskedMessage, signal: AbortSignal): Promise<Result>
  /** The same without a trace. */
  read(processId: string, message: AskedMessage, signal: AbortSignal): Promise<Result>
}

export type ProcessAccessDependencies = {
  readonly hosted: HostedProcesses
  readonly items: Pick<KeptItems, 'item'>
  /** Not the node's own key: what that signs, processes trust. */
  readonly agent: Signer
  readonly agentAddress: string
  readonly engine: CryptoEngine
  /** Sets equal messages apart. */
  readonly anchor: () => Uint8Array
}

const protocolTags: readonly Tag[] = [
  { name: 'Data-Protocol', value: 'ao' },
  { name: 'Variant', value: 'ao.TN.1' },
  { name: 'Type', value: 'Message' },
]
/**
 * Tags that would speak for somebody else, or that the system writes. A second `Action` would have a tool do
 * what another tool is for.
 */
const reservedTags = new Set([
  'Action',
  'From-Process',
  'From-Module',
  'Pushed-For',
  'Delivery-Id',
  'Cron-Tick',
  ...protocolTags.map(({ name }) => name),
])
const rememberedMax = 1000

export function createProcessAccess(deps: ProcessAccessDependencies): ProcessAccess {
  const { hosted, items, agent, agentAddress, engine, anchor } = deps
  /** A process's own item never changes. */
  const remembered = new Map<string, Omit<ProcessCard, 'slots'>>()

  const card = async (id: string): Promise<ProcessCard> => {
    const slots = isId(id) ? hosted.head(id) : 0
    const item = slots === 0 ? undefined : await hosted.spawnItem(id)
    if (item === undefined) throw mcpUnknownProcess(id)
    let facts = remembered.get(id)
    if (facts === undefined) {
      facts = await readFacts(items, item)
      const [oldest] = remembered.keys()
      if (remembered.size >= rememberedMax && oldest !== undefined) remembered.delete(oldest)
      remembered.set(id, facts)
    }
    return { ...facts, slots }
  }

  const tagsOf = ({ action, tags }: AskedMessage): Tag[] => {
    for (const { name } of tags) {
      if (reservedTags.has(name)) throw mcpInputInvalid(`tag ${name} is written by the system`)
    }
    return [{ name: 'Action', value: action }, ...tags, ...protocolTags]
  }

  return {
    list: async (limit) => {
      const newest = [...hosted.processes()].slice(-limit).reverse()
      return await Promise.all(newest.map(card))
    },
    card,
    send: async (processId, message, signal) => {
      await card(processId)
      const data = new TextEncoder().encode(message.data || ' ')
      const draft = { target: processId, tags: tagsOf(message), data, anchor: anchor() }
      const item = await createItem(draft, agent, engine)
      const { slot } = await hosted.schedule(item)
      return (await hosted.result(processId, slot, signal)).result
    },
    read: async (processId, message, signal) => {
      await card(processId)
      const asked = {
        Id: '0',
        Owner: agentAddress,
        From: agentAddress,
        Target: processId,
        Anchor: '0',
        Tags: tagsOf(message),
        Data: message.data || ' ',
      }
      return await hosted.dryRun(processId, asked, signal)
    },
  }
}

async function readFacts(
  items: Pick<KeptItems, 'item'>,
  item: Item,
): Promise<Omit<ProcessCard, 'slots'>> {
  const module = tagValue(item.tags, 'Module') ?? ''
  const format = isId(module) ? await items.item(module) : undefined
  const isModel =
    format !== undefined && tagValue(format.tags, 'Module-Format') === modelModuleFormat
  const handlers = isModel ? modelHandlers : readHandlers(decodeText(item.data))
  return { id: item.id, name: tagValue(item.tags, 'Name') ?? '', module, handlers }
}
