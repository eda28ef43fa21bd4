import { readFileSync } from 'node:fs'
import { multiply } from '@heddle/protocol/erasure'
import { describe, expect, it } from 'vitest'
import { buildErasureKernel, builtPath } from './build.ts'
import { shareXors } from './xor-network.ts'

function run(rows: readonly number[], input: number): number {
  const { gates, outputs } = shareXors(rows)
  const signals = Array.from({ length: 8 }, (_, bit) => (input >> bit) & 1)
  for (const [a, b] of gates) signals.push((signals[a] ?? 0) ^ (signals[b] ?? 0))
  return outputs.reduce(
    (value, sum, p) => value | (sum.reduce((bit, s) => bit ^ (signals[s] ?? 0), 0) << p),
    0,
  )
}

describe('the XOR networks', () => {
  it('multiply by every constant', () => {
    for (let constant = 0; constant < 256; constant++) {
      const rows = Array.from({ length: 8 }, (_, p) =>
        [0, 1, 2, 3, 4, 5, 6, 7].reduce(
          (mask, bit) => mask | (((multiply(constant, 1 << bit) >> p) & 1) << bit),
          0,
        ),
      )
      for (const input of [1, 2, 77, 128, 255]) {
        expect(run(rows, input)).toBe(multiply(constant, input))
      }
    }
  })
})

describe('the built kernel', () => {
  it('is what its sources give, byte for byte', async () => {
    const built = await buildErasureKernel()
    const kept = readFileSync(builtPath)
    const remedy = 'run: node wasm/erasure/build.ts'
    expect(Buffer.compare(built, kept), remedy).toBe(0)
  })
})
