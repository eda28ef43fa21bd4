import { expect, it } from 'vitest'
import { concatBytes, encodeText } from '../../base/index.ts'
import { ggufLimits, readGguf } from './gguf.ts'

const u32 = (value: number) => new Uint8Array(Uint32Array.of(value).buffer)
const u64 = (value: number) => new Uint8Array(BigUint64Array.of(BigInt(value)).buffer)

/** A header with lists of bytes and nothing else. */
function listsOf(count: number, items: number): Uint8Array {
  const start = [encodeText('GGUF'), u32(3), u64(0), u64(count)]
  const lists = Array.from({ length: count }, (_, i) => [
    ...[u64(2), encodeText(`k${i}`), u32(9), u32(0), u64(items)],
    new Uint8Array(items),
  ])
  return concatBytes([...start, ...lists.flat()])
}

it('a header may not take eight times its bytes of memory', () => {
  const read = (count: number, items: number) => {
    const bytes = listsOf(count, items)
    return readGguf(bytes, bytes.length).values.size
  }
  expect(read(5, 1000)).toBe(5)
  expect(() => read(5, ggufLimits.listItems)).toThrow(/its lists have .* items by k4/)
  expect(() => read(1, ggufLimits.listItems + 1)).toThrow(/the length of k0 is/)
})
