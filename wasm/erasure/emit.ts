import { multiply, point } from '@heddle/protocol/erasure'
import { shareXors } from './xor-network.ts'

/** The twiddles of a transform are the points of even number: 0, 2, … 254. */
const twiddleCount = 128

/** First-layer twiddles of the inverse transform of the data rows: points 0, 2, … 62. */
const firstTwiddleCount = 32

/** Inner layers of a forward transform use points up to 126 only. */
const innerTwiddleCount = 64

/** Rows of the matrix of "times `constant`" on bit planes, as masks of input planes. */
function matrixOf(constant: number): number[] {
  return Array.from({ length: 8 }, (_, output) => {
    let mask = 0
    for (let input = 0; input < 8; input++) {
      mask |= ((multiply(constant, 1 << input) >> output) & 1) << input
    }
    return mask
  })
}

const planes = [0, 1, 2, 3, 4, 5, 6, 7] as const

/**
 * Statements that bind the shared gates of "times `constant`" on b0 … b7, and the sum for each
 * plane.
 */
function product(constant: number): {
  gates: string[]
  sums: (first: string, p: number) => string
} {
  const { gates, outputs } = shareXors(matrixOf(constant))
  const name = (signal: number) => (signal < 8 ? `b${signal}` : `t${signal}`)
  return {
    gates: gates.map(([a, b], g) => `const t${8 + g} = v128.xor(${name(a)}, ${name(b)});`),
    sums: (first, p) =>
      (outputs[p] ?? []).reduce((sum, signal) => `v128.xor(${sum}, ${name(signal)})`, first),
  }
}

/** Steps a pointer through the eight planes: statement p works on plane p. */
function eachPlane(pointer: string, start: string, statement: (p: number) => string): string[] {
  return planes.flatMap((p) => [
    p === 0 ? `let ${pointer}: usize = ${start};` : `${pointer} += plane;`,
    statement(p),
  ])
}

function define(name: string, parameters: string, bound: string, step: number, body: string[]) {
  const typed = parameters.replaceAll(/\w+/g, '$&: usize')
  return [
    `function ${name}(${typed}): void {`,
    `for (let i: usize = 0, j: usize = 0; i < ${bound}; i += ${step}, j += 128) {`,
    ...body,
    '}',
    '}',
  ].join('\n')
}

/** b += a, then a += twiddle · b, in place; both rows in blocks of 128 bytes. */
function inverseInner(index: number): string {
  const { gates, sums } = product(point(2 * index))
  return define(`inverse${index}`, 'a, b, bytes', 'bytes', 128, [
    ...planes.map((p) => {
      const offset = 16 * p
      return `const b${p} = v128.xor(v128.load(a + i, ${offset}), v128.load(b + i, ${offset}));`
    }),
    ...planes.map((p) => `v128.store(b + i, b${p}, ${16 * p});`),
    ...gates,
    // The twiddle of index 0 is zero: row a stays as it is.
    ...planes
      .filter(() => index > 0)
      .map((p) => `v128.store(a + i, ${sums(`v128.load(a + i, ${16 * p})`, p)}, ${16 * p});`),
  ])
}

/** The same, from rows in planes to blocks: row a to `to`, row b right behind it. */
function inverseFirst(index: number): string {
  const { gates, sums } = product(point(2 * index))
  return define(`first${index}`, 'a, b, plane, to, bytes', 'bytes', 16, [
    ...eachPlane('pa', 'a + i', (p) => `const a${p} = v128.load(pa);`),
    ...eachPlane('pb', 'b + i', (p) => `const b${p} = v128.xor(a${p}, v128.load(pb));`),
    'const toB = to + (bytes << 3) + j;',
    ...planes.map((p) => `v128.store(toB, b${p}, ${16 * p});`),
    ...gates,
    ...planes.map((p) => `v128.store(to + j, ${sums(`a${p}`, p)}, ${16 * p});`),
  ])
}

/** toA = a + twiddle · b, toB = toA + b; all in blocks. */
function forwardInner(index: number): string {
  const { gates, sums } = product(point(2 * index))
  return define(`forward${index}`, 'a, b, toA, toB, bytes', 'bytes', 128, [
    ...planes.map((p) => `const b${p} = v128.load(b + i, ${16 * p});`),
    ...gates,
    ...planes.flatMap((p) => [
      `const a${p} = ${sums(`v128.load(a + i, ${16 * p})`, p)};`,
      `v128.store(toA + i, a${p}, ${16 * p});`,
      `v128.store(toB + i, v128.xor(a${p}, b${p}), ${16 * p});`,
    ]),
  ])
}

/** The same, from blocks (row b right behind row a) to rows in planes. */
function forwardLast(index: number): string {
  const { gates, sums } = product(point(2 * index))
  return define(`last${index}`, 'from, toA, toB, plane, bytes', 'bytes', 16, [
    'const fromB = from + (bytes << 3) + j;',
    ...planes.map((p) => `const b${p} = v128.load(fromB, ${16 * p});`),
    ...gates,
    'let pb: usize = toB + i;',
    ...eachPlane('pa', 'toA + i', (p) =>
      [
        `const a${p} = ${sums(`v128.load(from + j, ${16 * p})`, p)};`,
        `v128.store(pa, a${p});`,
        `v128.store(pb, v128.xor(a${p}, b${p})); pb += plane;`,
      ].join('\n'),
    ),
  ])
}

/** to += constant · from, rows in planes or blocks alike: plane distance and step are given. */
function multiplyAdd(constant: number): string {
  const { gates, sums } = product(constant)
  const parameters = 'from, plane, step, to, toPlane, toStep, count'
  return define(`scale${constant}`, parameters, 'count', 1, [
    ...eachPlane('pf', 'from + i * step', (p) => `const b${p} = v128.load(pf);`),
    ...gates,
    'let pt: usize = to + i * toStep;',
    ...planes.map((p) => `v128.store(pt, ${sums('v128.load(pt)', p)}); pt += toPlane;`),
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
    ...each(innerTwiddleCount, forwardInner),
    ...each(twiddleCount, forwardLast),
    ...each(256, multiplyAdd),
    table('inverseInner', 3, twiddleCount, 'inverse'),
    table('inverseFirst', 5, firstTwiddleCount, 'first'),
    table('forwardInner', 5, innerTwiddleCount, 'forward'),
    table('forwardLast', 5, twiddleCount, 'last'),
    table('multiplyAdd', 7, 256, 'scale'),
  ].join('\n')
}
