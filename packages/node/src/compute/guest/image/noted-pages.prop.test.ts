import fc from 'fast-check'
import { expect, test } from 'vitest'
import { imagePageBytes, type MemoryImage } from '../ports.ts'
import { captureImage, findPages } from './capture.ts'
import { NotedPages } from './noted-pages.ts'
import { createPageScanner } from './page-scanner.ts'

const wasmPages = 2
const memoryPages = (wasmPages * 65_536) / imagePageBytes

/** What is done to a memory, in any order; images are taken up again by their number. */
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ page: fc.nat(memoryPages - 1), value: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.constantFrom('keep', 'read', 'grow') },
  fc.record({ backTo: fc.nat(5) }),
)

function open() {
  const memory = new WebAssembly.Memory({ initial: wasmPages, maximum: wasmPages + 3 })
  new Uint8Array(memory.buffer).fill(9, 5000, 5010)
  const scan = createPageScanner(memory, false)
  const marks = new Uint8Array(1024)
  const noted = new NotedPages(marks, scan, findPages(scan, memory.buffer.byteLength))
  const bytes = () => new Uint8Array(memory.buffer)
  const write = (page: number, value: number) => {
    bytes().fill(value, page * imagePageBytes, (page + 1) * imagePageBytes)
    marks[page] = 1
  }
  const whole = () => captureImage(bytes(), scan, new Uint8Array(0))
  return { memory, noted, bytes, write, whole }
}

/** An image that stays what it is, whoever's memory it lies in. */
function copyOf({ pages, ...rest }: MemoryImage): MemoryImage {
  return { ...rest, indexes: rest.indexes.slice(), pages: pages.slice() }
}

test('what was noted gives the images and the memory that looking at all of it gives', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const { memory, noted, bytes, write, whole } = open()
      const none = new Uint8Array(0)
      let base: MemoryImage | undefined
      // The base, and images of their own: both are gone back to.
      const others: MemoryImage[] = []
      for (const each of steps) {
        if (each === 'keep') {
          base = noted.capture(bytes(), none, base)
          expect(base).toEqual(whole())
        } else if (each === 'read') {
          const image = noted.capture(bytes(), none)
          expect(image).toEqual(whole())
          others.push(image)
        } else if (each === 'grow') {
          if (memory.buffer.byteLength < 5 * 65_536) memory.grow(1)
        } else if ('page' in each) write(each.page, each.value)
        else {
          const to = each.backTo === 0 ? base : others[each.backTo - 1]
          if (to === undefined || to.byteLength !== memory.buffer.byteLength) continue
          const expected = copyOf(to)
          noted.restore(bytes(), to)
          expect(whole()).toEqual(expected)
        }
      }
    }),
    { numRuns: 150 },
  )
})

test('an image taken again costs what was written, in the memory of the one before', () => {
  const { noted, bytes, write } = open()
  for (let page = 0; page < 20; page++) write(page, 1)
  const first = noted.capture(bytes(), new Uint8Array(0))
  write(7, 2)
  // Nobody noted this one, so nobody reads it.
  bytes().fill(3, 12 * imagePageBytes, 13 * imagePageBytes)
  const second = noted.capture(bytes(), Uint8Array.of(1), first)
  expect(second.pages.buffer).toBe(first.pages.buffer)
  expect([...second.hostState]).toEqual([1])
  const at = (page: number) => second.pages[page * imagePageBytes]
  expect([at(6), at(7), at(8), at(12)]).toEqual([1, 2, 1, 1])
})
