import { decodeBase64Url, isId } from '@heddle/protocol/base'
import {
  type BlsEngine,
  portableBls,
  type StorerDirectoryJson,
  storerDirectoryToJson,
} from '@heddle/protocol/certificate'
import { portableCrypto } from '@heddle/protocol/crypto'
import {
  type EpochBlock,
  epochOf,
  epochSecondsDefault,
  type OrderedItem,
  registryProtocol,
  registryTypes,
  storersOfEpoch,
} from '@heddle/protocol/registry'
import type { Client } from '../client.ts'
import { answerUnexpected } from '../errors.ts'
import { readObject, type Transport } from '../transport.ts'
import { storersUnregistered } from './errors.ts'

/** Whose word gives stakes, and of which epoch. */
export type RegisteredInput = {
  /** Address whose items give stakes; of a network of one node, that node's. */
  readonly authority: string
  /** As the network has it; a day unless told. */
  readonly epochSeconds?: number
  /** The newest block's unless told. */
  readonly height?: number
  readonly bls?: BlsEngine
  readonly signal?: AbortSignal
}

type Block = EpochBlock & { readonly height: number; readonly items: readonly string[] }

/**
 * The storer set of the epoch that a block is of, read off the base layer: registrations and stakes with
 * their signatures checked here, in the blocks that hold them. What the node is believed in is the
 * blocks: their order, ids and times, and that none was left out. Ask several, or one's own. Rejects with
 * `da-storers-unregistered` where nobody had registered and been given a stake before that epoch.
 */
export async function registeredStorers(
  client: Pick<Client, 'transport' | 'queryAll' | 'item'>,
  input: RegisteredInput,
): Promise<StorerDirectoryJson> {
  const { authority, epochSeconds = epochSecondsDefault, bls = portableBls, signal } = input
  const { transport } = client
  const name = input.height === undefined ? 'current' : `height/${input.height}`
  const tip = await readBlock(transport, name, signal)
  const first = await firstOfEpoch(transport, tip, epochSeconds, signal)
  const items = await orderedItems(client, first, signal)
  const rules = { authority, epochSeconds }
  const directory = storersOfEpoch(bls, portableCrypto, rules, items, first)
  if (directory !== undefined) return storerDirectoryToJson(directory)
  throw storersUnregistered(epochOf(rules, first.timestampSeconds), authority)
}

/** The first block of an epoch, by halving: block times only grow. */
async function firstOfEpoch(
  transport: Transport,
  tip: Block,
  epochSeconds: number,
  signal: AbortSignal | undefined,
): Promise<Block> {
  const epoch = epochOf({ epochSeconds }, tip.timestampSeconds)
  let found = tip
  let low = 0
  while (low < found.height) {
    const middle = Math.floor((low + found.height) / 2)
    const block = await readBlock(transport, `height/${middle}`, signal)
    if (epochOf({ epochSeconds }, block.timestampSeconds) < epoch) low = middle + 1
    else found = block
  }
  return found
}

/** Registrations and stakes of blocks before this one, in order; each is in the block it is said to be in. */
async function orderedItems(
  { queryAll, item, transport }: Pick<Client, 'transport' | 'queryAll' | 'item'>,
  before: Block,
  signal: AbortSignal | undefined,
): Promise<OrderedItem[]> {
  const tags = { 'Data-Protocol': registryProtocol, Type: Object.values(registryTypes) }
  const found: { height: number; place: number; ordered: OrderedItem }[] = []
  const blocks = new Map<number, Block>()
  const query = { tags, sort: 'HEIGHT_ASC' as const, ...(signal === undefined ? {} : { signal }) }
  for await (const { id, block: at } of queryAll(query)) {
    if (at === undefined || at.height >= before.height) continue
    const block =
      blocks.get(at.height) ?? (await readBlock(transport, `height/${at.height}`, signal))
    blocks.set(at.height, block)
    const place = block.items.indexOf(id)
    if (place < 0) throw answerUnexpected(transport.url, `item ${id} in block ${at.height}`)
    const { timestampSeconds } = block
    const ordered = { item: await item(id, signal), timestampSeconds }
    found.push({ height: at.height, place, ordered })
  }
  found.sort((a, b) => a.height - b.height || a.place - b.place)
  return found.map(({ ordered }) => ordered)
}

async function readBlock(
  transport: Transport,
  name: string,
  signal: AbortSignal | undefined,
): Promise<Block> {
  const answer = readObject(transport, await transport.get(`/block/${name}`, signal))
  const { indep_hash: id, height, timestamp, txs } = answer
  const bytes = typeof id === 'string' && isId(id) ? decodeBase64Url(id) : undefined
  const isBlock =
    bytes !== undefined &&
    typeof height === 'number' &&
    typeof timestamp === 'number' &&
    Array.isArray(txs)
  if (!isBlock) throw answerUnexpected(transport.url, 'a block')
  const items = txs.filter((one) => typeof one === 'string')
  return { id: bytes, height, timestampSeconds: timestamp, items }
}
