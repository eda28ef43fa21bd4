import { isLocalRetention, permanentRetention, type Retention } from '@heddle/protocol/params'
import { retentionUnkept, uploadLost } from '../errors.ts'
import type { CopyPlacer, DataStore, ItemsDeps, PromisedItem } from '../ports.ts'

type Deps = Pick<ItemsDeps, 'copies' | 'store'>

/** Those who see to it that others keep an upload too. */
export type Placing = { readonly copies: CopyPlacer; readonly store: DataStore }

/**
 * Several copies, a place or a stake take keepers: gives who asks them, undefined where this node's own
 * copy is all that is wanted. Throws `retention-unkept` where there is nobody to ask.
 */
export function admitRetention(retention: Retention, { copies, store }: Deps): Placing | undefined {
  if (isLocalRetention(retention)) return undefined
  if (copies !== undefined && store !== undefined) return { copies, store }
  const { copies: count, placement, minimumStake } = retention
  if (count > 1) throw retentionUnkept(`${count} copies`)
  if (placement.length > 0) throw retentionUnkept(`a place (${placement.join(', ')})`)
  throw retentionUnkept(`a stake of ${minimumStake} winston`)
}

/** Tells early whether an upload can be placed; what is placed already can. Throws as `Copies.check` does. */
export async function checkPlacing(
  { copies }: Placing,
  id: string,
  retention: Retention,
  sizeBytes?: number,
): Promise<void> {
  if (!copies.isPromised(id)) await copies.check(retention, sizeBytes)
}

/**
 * Promises to keep data that is here. It may have been here before under a promise that has run out, and been
 * collected after it was found and before this: then it must come again. Throws `upload-lost`.
 */
export async function holdWhole(
  store: DataStore,
  { id, data, retention }: Pick<PromisedItem, 'id' | 'data' | 'retention'>,
): Promise<void> {
  await store.hold(data, id, retention)
  if (!(await store.held(data)).complete) throw uploadLost(id)
}

/**
 * Has data collected that came in and is nobody's: held until a time long over, since what was never held
 * stays for days. The name is no item's, so that no promise about the same data is replaced.
 */
export async function letGo(store: DataStore, data: PromisedItem['data']): Promise<void> {
  await store.hold(data, 'refused', { ...permanentRetention, untilMs: 0 })
}

/**
 * Has copies of an item placed, then this node's own held and the item kept. Where anything of it fails,
 * nothing of it stays, here or at keepers, and this throws.
 */
export async function keepPromised(
  { copies, store }: Placing,
  item: PromisedItem,
  keep: () => Promise<void>,
): Promise<void> {
  try {
    await copies.keep(item, async () => {
      await holdWhole(store, item)
      await keep()
    })
  } catch (error) {
    // What is promised already stays so, whatever became of its repeat. Else nobody was told that it is
    // kept: held until a time long over, the data is collected.
    if (!copies.isPromised(item.id)) {
      await store.hold(item.data, item.id, { ...permanentRetention, untilMs: 0 })
    }
    throw error
  }
}
