import type { RowPage } from '@heddle/protocol/api'
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'

export type PagedRows<Row> = {
  readonly total: number
  readonly error: Error | undefined
  readonly isLoading: boolean
  row(at: number): Row | undefined
  /** Loads what is missing of a range; called as rows come into sight. */
  need(from: number, to: number): void
  /** Forgets all and loads what is in sight anew, without taking it from the screen first. */
  refresh(): void
}

const pageRows = 100

type Book<Row> = {
  readonly rows: Map<number, Row>
  readonly asked: Set<number>
  /** The newest question that was answered, by page: an older answer may come after it. */
  readonly answered: Map<number, number>
}

function newBook<Row>(): Book<Row> {
  return { rows: new Map(), asked: new Set(), answered: new Map() }
}

/** Rows of a list of any length, loaded a page at a time as they come into sight. */
export function usePagedRows<Row>(
  key: string,
  load: (from: number, limit: number, signal: AbortSignal) => Promise<RowPage<Row>>,
): PagedRows<Row> {
  const book = useRef<Book<Row>>(newBook())
  const range = useRef<readonly [number, number]>([0, pageRows])
  const [total, setTotal] = useState(-1)
  const [error, setError] = useState<Error>()
  const [, redraw] = useState(0)
  const gone = useRef(new AbortController())
  const questions = useRef(0)

  const loadPage = useCallback(
    async (page: number) => {
      const { signal } = gone.current
      const own = book.current
      own.asked.add(page)
      const question = ++questions.current
      try {
        const found = await load(page * pageRows, pageRows, signal)
        if (signal.aborted || own !== book.current) return
        if ((own.answered.get(page) ?? 0) > question) return
        own.answered.set(page, question)
        for (const [at, row] of found.rows.entries()) own.rows.set(page * pageRows + at, row)
        setTotal(found.total)
        setError(undefined)
        redraw((round) => round + 1)
      } catch (fault) {
        if (signal.aborted) return
        own.asked.delete(page)
        setError(fault instanceof Error ? fault : new Error(String(fault)))
      }
    },
    // The key names what `load` loads
    [key],
  )

  const loadRange = useCallback(() => {
    const [from, to] = range.current
    for (let page = Math.floor(from / pageRows); page * pageRows < to; page++) {
      if (!book.current.asked.has(page)) void loadPage(page)
    }
  }, [loadPage])

  const need = useCallback(
    (from: number, to: number) => {
      range.current = [from, to]
      loadRange()
    },
    [loadRange],
  )

  // Another key is another list
  useEffect(() => {
    gone.current = new AbortController()
    book.current = newBook()
    setTotal(-1)
    range.current = [0, pageRows]
    loadRange()
    return () => gone.current.abort()
  }, [key])

  const refresh = useCallback(() => {
    // Rows shown stay until their page comes; pages out of sight are asked for again when needed.
    book.current.asked.clear()
    loadRange()
  }, [loadRange])

  return {
    total: Math.max(total, 0),
    error,
    isLoading: total < 0 && error === undefined,
    row: (at) => book.current.rows.get(at),
    need,
    refresh,
  }
}
