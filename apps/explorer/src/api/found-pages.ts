import { useCallback, useState } from 'preact/hooks'
import { type Found, findItems, type ItemFilter } from './graphql.ts'
import { type Load, useLoad } from './load.ts'

export type FoundPages = {
  readonly items: readonly Found[]
  readonly first: Load<unknown>
  readonly hasMore: boolean
  readonly isLoadingMore: boolean
  /** Why the page after could not be had; `more` tries again. */
  readonly moreError: Error | undefined
  more(): void
}

const pageItems = 50

/** Items that match, a page after the other. */
export function useFoundItems(filter: ItemFilter): FoundPages {
  const key = JSON.stringify(filter)
  const first = useLoad(key, (signal) => findItems(filter, { first: pageItems }, signal))
  const [rest, setRest] = useState<Rest>({ key, items: [], cursor: '', hasMore: true })
  const [isLoadingMore, setLoadingMore] = useState(false)
  const [moreError, setMoreError] = useState<Error>()
  const own = rest.key === key ? rest : { key, items: [], cursor: '', hasMore: true }
  const cursor = own.cursor || first.value?.cursor || ''
  const hasMore = own.cursor === '' ? (first.value?.hasNextPage ?? false) : own.hasMore
  const more = useCallback(() => {
    setLoadingMore(true)
    setMoreError(undefined)
    findItems(JSON.parse(key) as ItemFilter, { first: pageItems, after: cursor })
      .then((page) =>
        setRest({
          key,
          items: [...own.items, ...page.items],
          cursor: page.cursor,
          hasMore: page.hasNextPage,
        }),
      )
      .catch((fault: unknown) =>
        setMoreError(fault instanceof Error ? fault : new Error(String(fault))),
      )
      .finally(() => setLoadingMore(false))
  }, [key, cursor, own.items])
  return {
    items: [...(first.value?.items ?? []), ...own.items],
    first,
    hasMore,
    isLoadingMore,
    moreError,
    more,
  }
}

type Rest = {
  readonly key: string
  readonly items: readonly Found[]
  readonly cursor: string
  readonly hasMore: boolean
}
