import { assert } from '@heddle/protocol/base'
import { imagePageBytes } from '../ports.ts'

/**
 * Finds pages that hold anything, at memory speed: 128 bytes per step with SIMD over the
 * guest's own memory, which the scanner imports. The module is assembled here from the few
 * instructions it has; in text form, with `A` i32 or i64 by the guest's address size:
 *
 *   (func (export "next") (param $page i32) (param $end i32) (result i32) (local $at A)
 *     (block $out (loop $pages
 *       (br_if $out (i32.ge_u $page $end))
 *       (local.set $at (page << 12 as A))
 *       (loop $lines
 *         (if (v128.any_true (v128.or of the 8 vectors at $at)) (return $page))
 *         (br_if $lines (($at += 128) & 4095)))
 *       $page += 1
 *       (br $pages)))
 *     $end)
 */
export type PageScanner = (fromPage: number, endPage: number) => number

const simd = 0xfd
const lineBytes = 128

function code(is64: boolean): number[] {
  const loads: number[] = []
  for (let offset = 0; offset < lineBytes; offset += 16) {
    loads.push(0x20, 2, simd, 0, 4, offset) // local.get $at, v128.load align=16 offset
    if (offset > 0) loads.push(simd, 80) // v128.or
  }
  const widen = is64 ? [0xad] : [] // i64.extend_i32_u
  const shift = is64 ? [0x42, 12, 0x86] : [0x41, 12, 0x74] // const 12, shl
  const add = is64 ? [0x42, 0x80, 1, 0x7c] : [0x41, 0x80, 1, 0x6a] // const 128, add
  const within = is64 ? [0x42, 0xff, 0x1f, 0x83, 0xa7] : [0x41, 0xff, 0x1f, 0x71] // & 4095, wrap
  return [
    ...[1, 1, is64 ? 0x7e : 0x7f], // one local: $at
    ...[0x02, 0x40, 0x03, 0x40], // block, loop
    ...[0x20, 0, 0x20, 1, 0x4f, 0x0d, 1], // $page >= $end: br_if $out
    ...[0x20, 0, ...widen, ...shift, 0x21, 2], // $at = page << 12
    ...[0x03, 0x40, ...loads, simd, 83], // loop, v128.any_true
    ...[0x04, 0x40, 0x20, 0, 0x0f, 0x0b], // if: return $page
    ...[0x20, 2, ...add, 0x22, 2, ...within, 0x0d, 0, 0x0b], // ($at += 128) & 4095: br_if $lines
    ...[0x20, 0, 0x41, 1, 0x6a, 0x21, 0, 0x0c, 0], // $page += 1, br $pages
    ...[0x0b, 0x0b, 0x20, 1, 0x0b], // end loop, end block, $end
  ]
}

function assemble(is64: boolean): Uint8Array<ArrayBuffer> {
  const section = (id: number, body: number[]) => [id, body.length, ...body]
  const body = code(is64)
  assert(body.length < 126, 'lengths below take one byte')
  const name = (text: string) => [text.length, ...Buffer.from(text)]
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 2, 0x7f, 0x7f, 1, 0x7f]),
    ...section(2, [1, ...name('guest'), ...name('memory'), 2, is64 ? 4 : 0, 0]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...name('next'), 0, 0]),
    ...section(10, [1, body.length, ...body]),
  ])
}

const compiled = new Map<boolean, WebAssembly.Module>()

const scanners = new WeakMap<WebAssembly.Memory, PageScanner>()

/** A scanner bound to one memory; it sees the memory grow. Pages are `imagePageBytes` long. */
export function createPageScanner(memory: WebAssembly.Memory, is64: boolean): PageScanner {
  const known = scanners.get(memory)
  if (known !== undefined) return known
  assert(imagePageBytes === 4096, 'the scanner is assembled for 4 KiB pages')
  const module = compiled.get(is64) ?? new WebAssembly.Module(assemble(is64))
  compiled.set(is64, module)
  const instance = new WebAssembly.Instance(module, { guest: { memory } })
  const scanner = instance.exports.next as PageScanner
  scanners.set(memory, scanner)
  return scanner
}
