import { point } from '@heddle/protocol/erasure'
import { forwardQuad, inverseQuad } from './quads.ts'
import { defineLoop, lines, loadPlane, planes, product, storePlane } from './statements.ts'

/** The twiddles of a transform are the points of even number: 0, 2, … 254. */
const twiddleCount = 128

/** First-layer twiddles of the inverse transform of the data rows: points 0, 2, … 62. */
const firstTwiddleCount = 32

/** Inner layers of a forward transform use points up to 126 only. */
const innerTwiddleCount = 64

/** Blocks of four rows all of whose twiddles are points below 16: those of the field of 16. */
const quadCount = 4

/** Steps a pointer through the eight planes: statement p works on plane p. */
function eachPlane(pointer: string, start: string, statement: (p: number) => string): string[] {
  return planes.flatMap((p) => [
    p === 0 ? `let ${pointer}: usize = ${start};` : `${pointer} += plane;`,
    statement(p),
  ])
}

/** b += a, then a += twiddle · b, in place; both rows in blocks of 128 bytes. */
function inverseInner(index: number): string {
  const { gates, sum } = product(point(2 * index), 'b')
  return defineLoop(`inverse${index}`, 'a, b, bytes', 'bytes', 128, [
    ...planes.map((p) => `const b${p} = v128.xor(${loadPlane('a', p)}, ${loadPlane('b', p)});`),
    ...planes.map((p) => storePlane('b', `b${p}`, p)),
    ...gates,
    // The twiddle of index 0 is zero: row a stays as it is.
    ...planes.filter(() => index > 0).map((p) => storePlane('a', sum(loadPlane('a', p), p), p)),
  ])
}

/** The same, from rows in planes to blocks: row a to `to`, row b right behind it. */
function inverseFirst(index: number): string {
  const { gates, sum } = product(point(2 * index), 'b')
  return defineLoop(`first${index}`, 'a, b, plane, to, bytes', 'bytes', 16, [
    ...eachPlane('pa', 'a + i', (p) => `const a${p} = v128.load(pa);`),
    ...eachPlane('pb', 'b + i', (p) => `const b${p} = v128.xor(a${p}, v128.load(pb));`),
    'const toB = to + (bytes << 3) + j;',
    ...planes.map((p) => `v128.store(toB, b${p}, ${16 * p});`),
    ...gates,
    ...planes.map((p) => `v128.store(to + j, ${sum(`a${p}`, p)}, ${16 * p});`),
  ])
}

/** toA = a + twiddle · b, toB = toA + b; all in blocks. A line is stored whole before the next. */
function forwardInner(index: number): string {
  const { gates, sum } = product(point(2 * index), 'b')
  return defineLoop(`forward${index}`, 'a, b, toA, toB, bytes', 'bytes', 128, [
    ...planes.map((p) => `const b${p} = ${loadPlane('b', p)};`),
    ...gates,
    ...lines.flatMap((line) => [
      ...line.map((p) => `const a${p} = ${sum(loadPlane('a', p), p)};`),
      ...line.map((p) => storePlane('toA', `a${p}`, p)),
      ...line.map((p) => storePlane('toB', `v128.xor(a${p}, b${p})`, p)),
    ]),
  ])
}

/** a += twiddle · b in blocks: a forward butterfly that leaves b += a to whoever writes row b. */
function forwardLast(index: number): string {
  const { gates, sum } = product(point(2 * index), 'b')
  return defineLoop(`last${index}`, 'a, b, bytes', 'bytes', 128, [
    ...planes.map((p) => `const b${p} = ${loadPlane('b', p)};`),
    ...gates,
    ...planes.map((p) => storePlane('a', sum(loadPlane('a', p), p), p)),
  ])
}

/** to += constant · from, rows in planes or blocks alike: plane distance and step are given. */
function multiplyAdd(constant: number): string {
  const { gates, sum } = product(constant, 'b')
  const parameters = 'from, plane, step, to, toPlane, toStep, count'
  return defineLoop(`scale${constant}`, parameters, 'count', 1, [
    ...eachPlane('pf', 'from + i * step', (p) => `const b${p} = v128.load(pf);`),
    ...gates,
    'let pt: usize = to + i * toStep;',
    ...planes.map((p) => `v128.store(pt, ${sum('v128.load(pt)', p)}); pt += toPlane;`),
  ])
}

function table(name: string, arity: number, count: number, entry: string): string {
  const parameters = Array.from({ length: arity }, (_, i) => `p${i}: usize`).join(', ')
  const entries = Array.from({ length: count }, (_, i) => `${entry}${i}`).join(', ')
  return `export const ${name}: StaticArray<(${parameters}) => void> = [${entries}];`
}

/** AssemblyScript source of all butterflies and products, with a dispatch table for each kind. */
export function emitButterflies(): string {
  const each = (count: number, emit: (index: number) => string) =>
    Array.from({ length: count }, (_, index) => emit(index))
  return [
    ...each(twiddleCount, inverseInner),
    ...each(firstTwiddleCount, inverseFirst),
    ...each(quadCount, inverseQuad),
    ...each(quadCount, forwardQuad),
    ...each(innerTwiddleCount, forwardInner),
    ...each(twiddleCount, forwardLast),
    ...each(256, multiplyAdd),
    table('inverseInner', 3, twiddleCount, 'inverse'),
    table('inverseFirst', 5, firstTwiddleCount, 'first'),
    table('inverseQuads', 3, quadCount, 'inverseQuad'),
    table('forwardQuads', 4, quadCount, 'forwardQuad'),
    table('forwardInner', 5, innerTwiddleCount, 'forward'),
    table('forwardLast', 3, twiddleCount, 'last'),
    table('multiplyAdd', 7, 256, 'scale'),
  ].join('\n')
}
