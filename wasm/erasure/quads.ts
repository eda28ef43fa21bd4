import { point } from '@heddle/protocol/erasure'
import { defineLoop, lines, loadPlane, product, storePlane } from './statements.ts'

// Two layers at once on four rows `stride` apart, for twiddles of the field of 16: products leave
// the halves of a block apart, so one line of each row is worked on at a time, in registers.

const rowNames = ['a', 'b', 'c', 'd'] as const
const half = lines[0]

function bind(row: string, value: (p: number) => string): string[] {
  return half.map((p) => `const ${row}${p} = ${value(p)};`)
}

function save(to: string, value: (p: number) => string): string[] {
  return half.map((p) => storePlane(to, value(p), p))
}

/** Pointers to the four rows: pa, pb, pc, pd. */
function rowsAt(prefix: string, from: string): string[] {
  return rowNames.map((row, r) => `const ${prefix}${row} = ${from} + ${r} * stride;`)
}

/** Inverse layers l and l + 1 in place; `index` is that of the upper twiddle. */
export function inverseQuad(index: number): string {
  const low = product(point(4 * index), 'b', 4)
  const high = product(point(4 * index + 2), 'd', 4)
  const topC = product(point(2 * index), 'C', 4)
  const topD = product(point(2 * index), 'D', 4)
  return defineLoop(`inverseQuad${index}`, 'rows, stride, bytes', 'bytes', 64, [
    ...rowsAt('p', 'rows'),
    ...bind('b', (p) => `v128.xor(${loadPlane('pa', p)}, ${loadPlane('pb', p)})`),
    ...low.gates,
    ...bind('a', (p) => low.sum(loadPlane('pa', p), p)),
    ...bind('c', (p) => loadPlane('pc', p)),
    ...bind('d', (p) => `v128.xor(c${p}, ${loadPlane('pd', p)})`),
    ...high.gates,
    ...bind('C', (p) => `v128.xor(a${p}, ${high.sum(`c${p}`, p)})`),
    ...save('pc', (p) => `C${p}`),
    ...topC.gates,
    ...save('pa', (p) => topC.sum(`a${p}`, p)),
    ...bind('D', (p) => `v128.xor(b${p}, d${p})`),
    ...save('pd', (p) => `D${p}`),
    ...topD.gates,
    ...save('pb', (p) => topD.sum(`b${p}`, p)),
  ])
}

/** Forward layers l + 1 and l, to other rows or in place; `index` is that of the upper twiddle. */
export function forwardQuad(index: number): string {
  const topC = product(point(2 * index), 'c', 4)
  const topD = product(point(2 * index), 'd', 4)
  const low = product(point(4 * index), 'B', 4)
  const high = product(point(4 * index + 2), 'D', 4)
  return defineLoop(`forwardQuad${index}`, 'from, to, stride, bytes', 'bytes', 64, [
    ...rowsAt('p', 'from'),
    ...rowsAt('t', 'to'),
    ...bind('d', (p) => loadPlane('pd', p)),
    ...topD.gates,
    ...bind('B', (p) => topD.sum(loadPlane('pb', p), p)),
    ...bind('D', (p) => `v128.xor(B${p}, d${p})`),
    ...bind('c', (p) => loadPlane('pc', p)),
    ...topC.gates,
    ...bind('A', (p) => topC.sum(loadPlane('pa', p), p)),
    ...bind('C', (p) => `v128.xor(A${p}, c${p})`),
    ...low.gates,
    ...bind('x', (p) => low.sum(`A${p}`, p)),
    ...save('ta', (p) => `x${p}`),
    ...save('tb', (p) => `v128.xor(x${p}, B${p})`),
    ...high.gates,
    ...bind('y', (p) => high.sum(`C${p}`, p)),
    ...save('tc', (p) => `y${p}`),
    ...save('td', (p) => `v128.xor(y${p}, D${p})`),
  ])
}
