import { assert } from '@heddle/protocol/base'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { buildModule, int, types } from '../../prepare/testing/build-module.ts'
import { findPages } from '../image/capture.ts'
import { writtenRuns } from '../image/noted-pages.ts'
import { createPageScanner } from '../image/page-scanner.ts'
import { imagePageBytes } from '../ports.ts'
import { markStores, marksName } from './mark-stores.ts'

/** Pages of the memory, each with room for every address below and every offset. */
const wasmPages = 8
const addressMax = 6 * 65_536
const pointers = [0, 1, 2] as const
const loopCounter = 3
const address = fc.nat(addressMax)
const offset = fc.oneof(fc.nat(64), fc.nat(5000), fc.constantFrom(4080, 4081, 65_000))
const pointer = fc.constantFrom(...pointers)

const get = (local: number) => [0x20, local]
const ones = Array.from({ length: 16 }, () => 0xff)

/** Opcode, alignment and value of each store; no value has a zero byte, so what is written shows. */
const stores = [
  { code: [0x36, 0], value: int(-1) },
  { code: [0x37, 0], value: [0x42, 0x7f] },
  { code: [0x38, 0], value: [0x43, ...ones.slice(0, 4)] },
  { code: [0x39, 0], value: [0x44, ...ones.slice(0, 8)] },
  { code: [0x3a, 0], value: int(-1) },
  { code: [0x3b, 0], value: int(-1) },
  { code: [0x3e, 0], value: [0x42, 0x7f] },
  { code: [0xfd, 11, 0], value: [0xfd, 12, ...ones] },
]
const laneStore = { code: [0xfd, 90, 0], value: [0xfd, 12, ...ones] }

function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >> 7)]
}

/** An address, some of them read from a local that the value then changes. */
const place = fc.oneof(
  pointer.map(get),
  address.map(int),
  fc.tuple(pointer, fc.nat(9000)).map(([local, more]) => [...get(local), ...int(more), 0x6a]),
  fc.tuple(pointer, address).map(([local, value]) => [...int(value), 0x22, local]),
)
const store = fc
  .record({ at: place, offset, kind: fc.nat(stores.length), moved: fc.option(pointer), address })
  .map(({ at, offset: behind, kind, moved, address: to }) => {
    const { code, value } = stores[kind] ?? laneStore
    const lane = kind === stores.length ? [1] : []
    const change = moved === null ? [] : [...int(to), 0x21, moved]
    return [...at, ...value, ...change, ...code, ...unsigned(behind), ...lane]
  })
const move = fc.tuple(pointer, address).map(([local, to]) => [...int(to), 0x21, local])
const bulkLength = fc.oneof(fc.constant(0), fc.nat(20_000)).map(int)
const fill = fc
  .tuple(place, bulkLength)
  .map(([at, length]) => [...at, ...int(7), ...length, 0xfc, 11, 0])
const copy = fc
  .tuple(place, place, bulkLength)
  .map(([to, from, length]) => [...to, ...from, ...length, 0xfc, 10, 0, 0])

const block = 0x02
const loop = 0x03
const when = 0x04
const { statements } = fc.letrec<{ statements: number[]; statement: number[] }>((tie) => ({
  statements: fc
    .array(tie('statement'), { minLength: 1, maxLength: 6, depthIdentifier: 'depth' })
    .map((list) => list.flat()),
  statement: fc.oneof(
    { depthIdentifier: 'depth', maxDepth: 4 },
    { weight: 8, arbitrary: store },
    { weight: 4, arbitrary: move },
    fill,
    copy,
    // Left in the middle, or not.
    fc
      .tuple(tie('statements'), pointer, tie('statements'))
      .map(([a, local, b]) => [block, 0x40, ...a, ...get(local), 0x0d, 0, ...b, 0x0b]),
    fc
      .tuple(pointer, tie('statements'), tie('statements'))
      .map(([local, a, b]) => [...get(local), when, 0x40, ...a, 0x05, ...b, 0x0b]),
    // Four rounds in all, in whatever loop.
    tie('statements').map((body) => [
      ...[loop, 0x40, ...body],
      ...[...get(loopCounter), ...int(1), 0x6a, 0x22, loopCounter, ...int(4), 0x48, 0x0d, 0, 0x0b],
    ]),
  ),
}))

/** Ways around the place where an address was noted first. */
const write = (local: number) => [...get(local), ...int(-1), 0x36, 0, 0]
const again = [...get(loopCounter), ...int(1), 0x6a, 0x22, loopCounter, ...int(4), 0x48, 0x0d, 0]
const detours = [
  [...write(0), loop, 0x40, ...write(0), ...int(addressMax), 0x21, 0, ...again, 0x0b],
  [block, 0x40, ...get(0), 0x0d, 0, ...write(1), 0x0b, ...write(1)],
  [...get(0), when, 0x40, ...write(1), 0x05, ...write(1), 0x0b],
  [...get(0), when, 0x40, ...write(1), 0x0b, ...write(1)],
]

function run(bytes: Uint8Array<ArrayBuffer>) {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes))
  const main = exports.main as (...args: number[]) => void
  main(0, 70_000, 200_000)
  main(131_072 - 8, 0, 300_001)
  const memory = exports.memory as WebAssembly.Memory
  const marks = exports[marksName] as WebAssembly.Memory | undefined
  return { memory, marks: marks && new Uint8Array(marks.buffer) }
}

test('a marked program writes the same memory, and names every page it wrote', () => {
  let named = 0
  fc.assert(
    fc.property(statements, (code) => {
      const i32s = pointers.map(() => types.i32)
      const main = { params: i32s, results: [], locals: [types.i32], code, name: 'main' }
      const plain = buildModule({ functions: [main], memory: [1, wasmPages, wasmPages] })
      const marked = markStores(plain)
      assert(marked !== undefined, 'it can be marked')
      const { memory: expected } = run(plain)
      const { memory, marks } = run(new Uint8Array(marked))
      expect(Buffer.compare(new Uint8Array(memory.buffer), new Uint8Array(expected.buffer))).toBe(0)
      const scan = createPageScanner(memory, false)
      const { byteLength } = memory.buffer
      const all = findPages(scan, byteLength)
      const runs = writtenRuns(
        marks ?? new Uint8Array(byteLength / imagePageBytes),
        byteLength / imagePageBytes,
      )
      expect(findPages(scan, byteLength, runs)).toEqual(all)
      const count = marks?.subarray(0, byteLength / imagePageBytes).indexOf(0) ?? -1
      if (count >= 0) named += 1
    }),
    { numRuns: 150, examples: detours.map((code) => [code]) },
  )
  // Naming all pages always would be right as well, and of no use.
  expect(named).toBeGreaterThan(100)
})

test('a module with a 64-bit memory, or with that export of its own, stays as it is', () => {
  const main = { params: [], results: [], code: [], name: 'main' }
  expect(markStores(buildModule({ functions: [main], memory: [5, 1, 2] }))).toBeUndefined()
  const taken = buildModule({ functions: [{ ...main, name: marksName }] })
  expect(markStores(taken)).toBeUndefined()
})
