import { multiply } from '@heddle/protocol/erasure'
import { shareXors } from './xor-network.ts'

export const planes = [0, 1, 2, 3, 4, 5, 6, 7] as const

/** Planes that share a line of the cache in a block of 128 bytes. */
export const lines = [planes.slice(0, 4), planes.slice(4)] as const

/** Rows of the matrix of "times `constant`" on the first `width` planes, as masks of planes. */
function matrixOf(constant: number, width: number): number[] {
  return Array.from({ length: width }, (_, output) => {
    let mask = 0
    for (let input = 0; input < width; input++) {
      mask |= ((multiply(constant, 1 << input) >> output) & 1) << input
    }
    return mask
  })
}

/** "times `constant`" on the planes b0, b1, … of a row named `b`. */
export type Product = {
  /** Statements that bind the shared gates. */
  readonly gates: readonly string[]
  /** Plane p of the product, added to `first`. */
  sum(first: string, p: number): string
}

/** A constant of the field of 16 maps planes 0 … 3 to themselves: there `width` may be 4. */
export function product(constant: number, b: string, width = 8): Product {
  const { gates, outputs } = shareXors(matrixOf(constant, width))
  const name = (signal: number) => (signal < 8 ? `${b}${signal}` : `${b}_${signal}`)
  return {
    gates: gates.map(([x, y], g) => `const ${name(8 + g)} = v128.xor(${name(x)}, ${name(y)});`),
    sum: (first, p) =>
      (outputs[p] ?? []).reduce((sum, signal) => `v128.xor(${sum}, ${name(signal)})`, first),
  }
}

/** A function of addresses and counts whose body runs at i = 0, `step`, … below `bound`. */
export function defineLoop(
  name: string,
  parameters: string,
  bound: string,
  step: number,
  body: readonly string[],
): string {
  const typed = parameters.replaceAll(/\w+/g, '$&: usize')
  return [
    `function ${name}(${typed}): void {`,
    `for (let i: usize = 0, j: usize = 0; i < ${bound}; i += ${step}, j += 128) {`,
    ...body,
    '}',
    '}',
  ].join('\n')
}

/** Plane p of the block at i of a row in blocks. */
export function loadPlane(row: string, p: number): string {
  return `v128.load(${row} + i, ${16 * p})`
}

export function storePlane(row: string, value: string, p: number): string {
  return `v128.store(${row} + i, ${value}, ${16 * p});`
}
