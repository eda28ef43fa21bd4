import { encodeBase64Url } from '@heddle/protocol/base'
import { type Item, tagValue } from '@heddle/protocol/item'
import type { Term } from '../catalog/terms.ts'
import type { ItemStore } from './store.ts'

type Announcement = { readonly item: Item; readonly blockHeight: number }

/** The newest announcement of where a scheduler answers, as clients find it by GraphQL. */
export async function findSchedulerLocation(
  store: ItemStore,
  owner: string,
): Promise<Announcement | undefined> {
  const [newest] = await searchLocations(store, [[store.terms.owner(owner)]], 1)
  return newest
}

/** URLs of the schedulers that announced themselves last, without the one of `except`. */
export async function findAnnouncedSchedulers(
  store: ItemStore,
  except: string,
  limit: number,
): Promise<string[]> {
  const newest = await searchLocations(store, [], 4 * limit, [store.terms.owner(except)])
  const urls = newest.flatMap(({ item }) => tagValue(item.tags, 'Url') ?? [])
  return [...new Set(urls)].slice(0, limit)
}

async function searchLocations(
  store: ItemStore,
  more: readonly (readonly Term[])[],
  limit: number,
  excluded: readonly Term[] = [],
): Promise<Announcement[]> {
  const { terms } = store
  const found = await store.search({
    required: [
      ...more,
      [terms.tag('Type', 'Scheduler-Location')],
      [terms.tag('Data-Protocol', 'ao')],
    ],
    excluded,
    heights: {},
    times: {},
    ascending: false,
    limit,
  })
  const announcements = await Promise.all(
    found.map(async ({ id, height }) => {
      const item = await store.item(encodeBase64Url(id))
      return item === undefined ? [] : [{ item, blockHeight: height }]
    }),
  )
  return announcements.flat()
}
