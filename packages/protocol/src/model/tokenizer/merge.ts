/**
 * What joining two neighbours gives: the pair with the smallest rank is joined first, leftmost
 * first.
 */
export type Merge = { readonly rank: number; readonly token: number }

/** A run of bytes, as long as it lasts; `token` is -1 where the run is none. */
type Run = { token: number; start: number; end: number; before: number; after: number }

type Candidate = { rank: number; left: number; right: number; leftEnd: number; rightEnd: number }

function isEarlier(a: Candidate, b: Candidate): boolean {
  return a.rank < b.rank || (a.rank === b.rank && a.left < b.left)
}

/** A binary heap: the work on a text of n runs is n log n, however it is made up. */
function pushCandidate(heap: Candidate[], candidate: Candidate): void {
  let at = heap.push(candidate) - 1
  while (at > 0) {
    const parent = (at - 1) >> 1
    const above = heap[parent]
    if (above === undefined || !isEarlier(candidate, above)) break
    heap[at] = above
    at = parent
  }
  heap[at] = candidate
}

function popCandidate(heap: Candidate[]): Candidate | undefined {
  const first = heap[0]
  const last = heap.pop()
  if (first === undefined || last === undefined || heap.length === 0) return first
  let at = 0
  for (;;) {
    let child = 2 * at + 1
    const right = heap[child + 1]
    let least = heap[child]
    if (least !== undefined && right !== undefined && isEarlier(right, least)) {
      child += 1
      least = right
    }
    if (least === undefined || !isEarlier(least, last)) break
    heap[at] = least
    at = child
  }
  heap[at] = last
  return first
}

export type Piece = { readonly token: number; readonly start: number; readonly end: number }

/** Joins neighbouring pieces as byte pair encoding does, until `mergeOf` knows no pair any more. */
export function mergePieces(
  pieces: readonly Piece[],
  mergeOf: (left: Piece, right: Piece) => Merge | undefined,
): Piece[] {
  const runs: Run[] = pieces.map((piece, i) => ({
    ...piece,
    before: i - 1,
    after: i + 1 < pieces.length ? i + 1 : -1,
  }))
  const heap: Candidate[] = []
  const propose = (left: number, right: number): void => {
    const a = runs[left]
    const b = runs[right]
    if (a === undefined || b === undefined) return
    const merge = mergeOf(a, b)
    if (merge === undefined) return
    pushCandidate(heap, { rank: merge.rank, left, right, leftEnd: a.end, rightEnd: b.end })
  }
  for (let i = 0; i + 1 < runs.length; i++) propose(i, i + 1)
  for (let next = popCandidate(heap); next !== undefined; next = popCandidate(heap)) {
    const a = runs[next.left]
    const b = runs[next.right]
    // Either run may have been joined since: then its end, or the neighbour, is another.
    if (a === undefined || b === undefined || a.after !== next.right) continue
    if (a.end !== next.leftEnd || b.end !== next.rightEnd) continue
    a.token = mergeOf(a, b)?.token ?? a.token
    a.end = b.end
    a.after = b.after
    const following = runs[b.after]
    if (following !== undefined) following.before = next.left
    b.after = -2
    propose(a.before, next.left)
    propose(next.left, a.after)
  }
  return runs.filter((run) => run.after !== -2)
}
