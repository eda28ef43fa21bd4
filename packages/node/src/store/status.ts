import type { StoreStatus } from './face.ts'
import { numberOf, type StoreIndex } from './store-index.ts'

/** Counts of the index. */
export function readStatus(index: StoreIndex): Omit<StoreStatus, 'damaged' | 'copies'> {
  const count = (sql: string) => numberOf(index.all(sql)[0]?.n)
  return {
    dataSets: count('select count(*) as n from data'),
    chunks: count('select count(*) as n from chunk'),
    chunkBytes: count('select coalesce(sum(bytes), 0) as n from chunk'),
    diskBytes: count('select coalesce(sum(bytes), 0) as n from segment'),
    segments: count('select count(*) as n from segment'),
    holds: count('select count(*) as n from hold'),
  }
}
