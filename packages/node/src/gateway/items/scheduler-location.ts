import { encodeBase64Url } from '@heddle/protocol/base'
import type { Item } from '@heddle/protocol/item'
import type { ItemStore } from './store.ts'

/** The newest announcement of where a scheduler answers, as clients find it by GraphQL. */
export async function findSchedulerLocation(
  store: ItemStore,
  owner: string,
): Promise<{ item: Item; blockHeight: number } | undefined> {
  const { terms } = store
  const [found] = await store.search({
    required: [
      [terms.owner(owner)],
      [terms.tag('Type', 'Scheduler-Location')],
      [terms.tag('Data-Protocol', 'ao')],
    ],
    excluded: [],
    heights: {},
    times: {},
    ascending: false,
    limit: 1,
  })
  const item = found && (await store.item(encodeBase64Url(found.id)))
  return item && { item, blockHeight: found.height }
}
