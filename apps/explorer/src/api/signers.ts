import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { runQuery } from './graphql.ts'

/** Addresses by their newest item, as far back as items were read. */
export type Signers = {
  readonly addresses: readonly string[]
  /** Items read so far. */
  readonly items: number
  /** Whether older items are there. */
  readonly hasMore: boolean
  readonly isLoading: boolean
  readonly error: Error | undefined
  /** Reads on until somebody new is found or nothing is left; again after an error. */
  more(): void
}

const itemsPerPage = 1000
/** Pages of one step: a log of one signer may be long. */
const pagesPerStep = 20

type Held = {
  readonly addresses: readonly string[]
  readonly items: number
  readonly cursor: string
  readonly hasMore: boolean
}

const nothing: Held = { addresses: [], items: 0, cursor: '', hasMore: true }

/** Everybody who signed something the node has, a step at a time. */
export function useSigners(): Signers {
  const [held, setHeld] = useState(nothing)
  const [isLoading, setLoading] = useState(true)
  const [error, setError] = useState<Error>()
  const gone = useRef(new AbortController())
  const read = useCallback((from: Held) => {
    const { signal } = gone.current
    setLoading(true)
    setError(undefined)
    readOn(from, signal)
      .then(
        (found) => {
          if (!signal.aborted) setHeld(found)
        },
        (fault: unknown) => {
          if (!signal.aborted) setError(fault instanceof Error ? fault : new Error(String(fault)))
        },
      )
      .finally(() => {
        if (!signal.aborted) setLoading(false)
      })
  }, [])
  useEffect(() => {
    gone.current = new AbortController()
    read(nothing)
    return () => gone.current.abort()
  }, [read])
  const { addresses, items, hasMore } = held
  return { addresses, items, hasMore, isLoading, error, more: () => read(held) }
}

async function readOn(from: Held, signal: AbortSignal): Promise<Held> {
  let held = from
  for (let page = 0; page < pagesPerStep && held.hasMore; page++) {
    held = await readPage(held, signal)
    if (held.addresses.length > from.addresses.length) break
  }
  return held
}

async function readPage(from: Held, signal: AbortSignal): Promise<Held> {
  const query = `query ($first: Int, $after: String) { transactions(first: $first, after: $after) {
    pageInfo { hasNextPage } edges { cursor node { owner { address } } } } }`
  type Edge = { readonly cursor: string; readonly node: { readonly owner: { address: string } } }
  type Answer = {
    readonly transactions: {
      readonly pageInfo: { readonly hasNextPage: boolean }
      readonly edges: readonly Edge[]
    }
  }
  const page = { first: itemsPerPage, ...(from.cursor === '' ? {} : { after: from.cursor }) }
  const { transactions } = await runQuery<Answer>(query, page, signal)
  const { edges, pageInfo } = transactions
  const seen = new Set(from.addresses)
  for (const { node } of edges) seen.add(node.owner.address)
  return {
    addresses: [...seen],
    items: from.items + edges.length,
    cursor: edges.at(-1)?.cursor ?? from.cursor,
    hasMore: pageInfo.hasNextPage,
  }
}
