/** Waits for the first bytes, so that what cannot be read is refused and not broken off. */
export async function begun(bytes: AsyncGenerator<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  const first = await bytes.next()
  return (async function* () {
    try {
      if (!first.done) yield first.value
      yield* bytes
    } finally {
      await bytes.return(undefined)
    }
  })()
}
