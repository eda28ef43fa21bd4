import { encodeBase64Url } from '@heddle/protocol/base'
import type { Route, RouteReply } from '../../network/index.ts'
import { itemsLog, pendingHeight } from '../catalog/location.ts'
import { dataMissing, dataTooLarge, itemUnknown } from '../errors.ts'
import { collect } from '../items/data.ts'
import type { Holding } from '../items/holding.ts'
import type { ItemStore } from '../items/store.ts'
import type { ItemsDeps } from '../ports.ts'
import { idPattern } from './id-path.ts'
import { holdingJson } from './transaction-json.ts'

/** Largest data `/tx/:id/data` puts into one text, bytes. */
const dataTextBytes = 64 * 1024 * 1024

/** Fields of a transaction that have a path of their own. */
const fields = [
  'id',
  'last_tx',
  'owner',
  'tags',
  'target',
  'quantity',
  'data_root',
  'data_size',
  'reward',
  'signature',
] as const

/** Transactions and items in the shape of transactions, their fields, and where they stand. */
export function transactionRoutes(store: ItemStore, deps: ItemsDeps): Route[] {
  const held = async (id = ''): Promise<Holding> => {
    const holding = await store.holding(id)
    if (holding === undefined) throw itemUnknown(id)
    return holding
  }
  const get = (path: string, answer: (id: string) => Promise<RouteReply>): Route => ({
    method: 'GET',
    path,
    handle: ({ params: { id = '' } }) => answer(id),
  })
  const at = `/tx/:id(${idPattern})`
  const whole = async (id: string) => ({ status: 200, body: holdingJson(await held(id)) })
  return [
    get(at, whole),
    get(`/unconfirmed_tx/:id(${idPattern})`, whole),
    get(`${at}/status`, (id) => status(id, store, deps)),
    get(`${at}/offset`, (id) => offset(id, store)),
    get(`${at}/data`, async (id) => ({ status: 200, body: await dataText(await held(id)) })),
    ...fields.map((field) =>
      get(`${at}/${field}`, async (id) => {
        const body = holdingJson(await held(id))[field]
        return { status: 200, body }
      }),
    ),
  ]
}

async function status(id: string, store: ItemStore, { consensus }: ItemsDeps): Promise<RouteReply> {
  const found = await store.find(id)
  if (found === undefined) throw itemUnknown(id)
  if (found.height >= pendingHeight) return { status: 202, body: 'Pending' }
  const block = await consensus.block(found.height)
  return {
    status: 200,
    body: {
      block_height: found.height,
      block_indep_hash: block?.id ?? '',
      // The block itself is the first confirmation.
      number_of_confirmations: Math.max(consensus.tip().height - found.height + 1, 1),
    },
  }
}

/** `offset` is the data's last byte in the weave, as nodes state it. */
async function offset(id: string, store: ItemStore): Promise<RouteReply> {
  const found = await store.find(id)
  if (found === undefined) throw itemUnknown(id)
  const isRoot = found.location.log === itemsLog && found.parent === undefined
  const region = isRoot ? await store.weaveOf(found.location.slot) : undefined
  if (region === undefined) throw dataMissing(`of ${id} in the weave`)
  const { start, sizeBytes } = region
  return { status: 200, body: { size: String(sizeBytes), offset: String(start + sizeBytes) } }
}

async function dataText({ data }: Holding): Promise<string> {
  if (data.sizeBytes > dataTextBytes) throw dataTooLarge(dataTextBytes)
  return encodeBase64Url(await collect(data, 0, data.sizeBytes))
}
