/** Waits for the first bytes, so that what cannot be read is refused and not broken off. */
export async function begun(bytes: AsyncGenerator<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  const first = await bytes.next()
  let isFirst = true
  return {
    [Symbol.asyncIterator]: () => ({
      next() {
        if (!isFirst) return bytes.next()
        isFirst = false
        return Promise.resolve(first)
      },
      // Also where nothing was asked for yet: a generator around it would not begin, nor end this one.
      return() {
        isFirst = false
        return bytes.return(undefined)
      },
    }),
  }
}
