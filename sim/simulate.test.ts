import { describe, expect, it } from 'vitest'
import { simulate } from './simulate.ts'
import type { Mutant } from './world.ts'

const seeds = 50
const groups = 10

/** What a run writes into its log where a fault did what it is there for. */
const marks: Readonly<Record<string, RegExp>> = {
  'a crash in the midst of a write, torn': /cuts off/,
  'a power cut': /loses power/,
  'a killed process': /is killed/,
  'a stop in order': / stopped$/,
  'bit rot, refused and restored': /is restored/,
  'a damaged read, refused': /checksum does not match/,
  'a sync that failed': /EIO/,
  'a partition': /: cut off/,
  'a call without an answer': /: given up/,
  'a repeat, told so': /POST \/su\/: 400/,
  'a tick': /checked .* [1-9]\d* ticks/,
}

describe('every promise is kept, and every run can be had again', () => {
  const found = new Set<string>()

  for (let group = 0; group < groups; group++) {
    const first = 1 + (group * seeds) / groups
    it(`seeds ${first} to ${first + seeds / groups - 1}`, async () => {
      for (let seed = first; seed < first + seeds / groups; seed++) {
        const { violations, lines, digest } = await simulate(seed)
        expect(violations, `npm run sim -- ${seed}`).toEqual([])
        expect((await simulate(seed)).digest, `the second run of seed ${seed}`).toBe(digest)
        for (const [what, mark] of Object.entries(marks)) {
          if (lines.some((line) => mark.test(line))) found.add(what)
        }
      }
    })
  }

  it('these seeds hold every kind of fault', () => {
    expect([...found].sort()).toEqual(Object.keys(marks).sort())
  })
})

describe('a broken build is caught', () => {
  const mutants: readonly (readonly [Mutant, RegExp])[] = [
    ['forget-names', /twice/],
    ['skip-sync', /acknowledged ones are lost/],
  ]
  it.each(mutants)('%s', async (mutant, what) => {
    const told: string[] = []
    for (let seed = 1; seed <= 20 && !told.some((one) => what.test(one)); seed++) {
      told.push(...(await simulate(seed, mutant)).violations.map((violation) => violation.what))
    }
    expect(told).toContainEqual(expect.stringMatching(what))
  })
})
