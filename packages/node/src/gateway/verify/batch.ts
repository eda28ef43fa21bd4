/**
 * Items of one message to a worker: their bytes one after another, and where each ends. `bytes` is
 * made for the message and transferred, so a batch costs one copy and no cloning.
 */
export type Batch = {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly ends: readonly number[]
}

/** One byte per item of a batch: 1 the signature holds, 0 it does not. */
export type Verdicts = Uint8Array<ArrayBuffer>

export function packBatch(items: readonly Uint8Array[]): Batch {
  const bytes = new Uint8Array(items.reduce((sum, item) => sum + item.length, 0))
  const ends: number[] = []
  let at = 0
  for (const item of items) {
    bytes.set(item, at)
    at += item.length
    ends.push(at)
  }
  return { bytes, ends }
}

/** The items of a batch as views into it. */
export function unpackBatch(batch: Batch): Uint8Array[] {
  let start = 0
  return batch.ends.map((end) => {
    const item = batch.bytes.subarray(start, end)
    start = end
    return item
  })
}
