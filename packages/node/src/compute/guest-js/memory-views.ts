/** A memory as words and bytes, made again when it has grown. */
export type MemoryViews = () => { readonly words: Uint32Array; readonly bytes: Buffer }

export function viewsOf(memory: WebAssembly.Memory): MemoryViews {
  const make = () => ({
    words: new Uint32Array(memory.buffer),
    bytes: Buffer.from(memory.buffer),
  })
  let views = make()
  return () => {
    if (views.words.length === 0) views = make()
    return views
  }
}
