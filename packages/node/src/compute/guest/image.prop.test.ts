import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { captureImage, findPages, restoreImage } from './image/capture.ts'
import { createPageScanner } from './image/page-scanner.ts'
import { decodeImage, encodeImage } from './image.ts'

const memoryPages = 4
const memoryBytes = memoryPages * 65_536

function openMemory(is64: boolean): WebAssembly.Memory {
  // The type of the descriptor does not know 64-bit memories yet.
  const wide = { initial: BigInt(memoryPages), address: 'i64' } as unknown
  return new WebAssembly.Memory(
    is64 ? (wide as WebAssembly.MemoryDescriptor) : { initial: memoryPages },
  )
}

const writes = fc.array(
  fc.tuple(fc.integer({ min: 0, max: memoryBytes - 1 }), fc.integer({ min: 1, max: 255 })),
  { maxLength: 80 },
)
const state = fc.uint8Array({ maxLength: 40 })

describe('a memory image', () => {
  it.each([false, true])(
    'is taken, encoded, decoded and restored unchanged (64-bit: %s)',
    (is64) => {
      fc.assert(
        fc.property(writes, writes, state, (content, stale, hostState) => {
          const source = openMemory(is64)
          const bytes = new Uint8Array(source.buffer)
          for (const [at, value] of content) bytes[at] = value
          const image = captureImage(bytes, createPageScanner(source, is64), hostState)
          const pages = new Set(content.map(([at]) => Math.floor(at / 4096)))
          expect([...image.indexes]).toEqual([...pages].sort((a, b) => a - b))
          const decoded = decodeImage(encodeImage(image), memoryBytes)
          expect(decoded).toEqual(image)

          const target = openMemory(is64)
          const restored = new Uint8Array(target.buffer)
          for (const [at, value] of stale) restored[at] = value
          const present = findPages(createPageScanner(target, is64), restored.length)
          restoreImage(restored, decoded, present)
          expect(Buffer.compare(restored, bytes)).toBe(0)
        }),
        { numRuns: 50 },
      )
    },
  )

  it('is refused with any byte changed, cut or added', () => {
    const source = openMemory(false)
    new Uint8Array(source.buffer).fill(3, 5000, 9000)
    const scan = createPageScanner(source, false)
    const hostState = Uint8Array.of(1)
    const encoded = encodeImage(captureImage(new Uint8Array(source.buffer), scan, hostState))
    fc.assert(
      fc.property(fc.nat(encoded.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const broken = encoded.slice()
        broken[at] = (broken[at] ?? 0) ^ change
        expect(() => decodeImage(broken, memoryBytes)).toThrow()
        expect(() => decodeImage(encoded.subarray(0, at), memoryBytes)).toThrow(
          'invalid memory image',
        )
      }),
    )
    expect(() => decodeImage(encoded, 65_536)).toThrow('limit is 65536')
  })

  it('claims nothing its limit does not allow before it is unpacked', () => {
    const scan = createPageScanner(openMemory(false), false)
    const empty = captureImage(new Uint8Array(memoryBytes), scan, new Uint8Array(0))
    const encoded = encodeImage(empty)
    new DataView(encoded.buffer).setUint32(16, 2 ** 31, true)
    expect(() => decodeImage(encoded, memoryBytes)).toThrow('too many pages')
  })
})
