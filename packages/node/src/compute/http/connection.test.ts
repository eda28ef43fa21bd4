import { expect, test } from 'vitest'
import type { Evaluation } from '../face.ts'
import { listResults } from './connection.ts'

const mebibyte = 1024 * 1024
const processId = 'p'.repeat(43)

/** Results of so many MiB; notes the most that was read at once. */
function results(sizes: readonly number[]) {
  const read = { mostBytes: 0 }
  const evaluations = async (_id: string, from: number, limit: number, bytesMax: number) => {
    const found: Evaluation[] = []
    let bytes = 0
    for (let slot = from; slot < from + limit && slot < sizes.length && bytes < bytesMax; slot++) {
      const data = 'x'.repeat((sizes[slot] ?? 0) * mebibyte)
      const result = { Messages: [], Spawns: [], Assignments: [], Output: data, GasUsed: 0 }
      const place = { processId, slot, messageId: 'm', timestampMs: slot, blockHeight: 0 }
      found.push({ ...place, result })
      bytes += data.length
    }
    read.mostBytes = Math.max(read.mostBytes, bytes)
    return found
  }
  async function* heads() {}
  return { read, source: { evaluatedHead: () => sizes.length, evaluations, heads } }
}

test.each(['ASC', 'DESC'] as const)(
  'pages of large results, %s, are all there and small',
  async (sort) => {
    const sizes = Array.from({ length: 60 }, (_, slot) => (slot % 20 > 15 ? 9 : 0))
    const { source, read } = results(sizes)
    const slots: number[] = []
    for (let pages = 0; pages < 20; pages++) {
      const at = slots.at(-1)
      const bounds =
        sort === 'ASC'
          ? { from: at === undefined ? undefined : { ordinate: at }, to: undefined }
          : { from: undefined, to: at === undefined ? undefined : { ordinate: at - 1 } }
      const page = await listResults(source, processId, { ...bounds, sort, limit: 1000 })
      for (const { cursor } of page.edges) slots.push(Number(JSON.parse(atob(cursor)).ordinate))
      if (!page.pageInfo.hasNextPage) break
    }
    const all = sizes.map((_, slot) => slot)
    expect(slots).toEqual(sort === 'ASC' ? all : all.toReversed())
    expect(read.mostBytes).toBeLessThan(32 * mebibyte)
  },
)
