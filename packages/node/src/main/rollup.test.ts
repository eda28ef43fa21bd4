import { expect, it } from 'vitest'
import { ownResults } from './rollup.ts'

it('hands on the bound of a page of results', async () => {
  const asked: unknown[][] = []
  const compute = {
    evaluations: async (...page: unknown[]) => {
      asked.push(page)
      return []
    },
    evaluatedHead: () => 0,
    onEvaluated: () => {},
  }
  await ownResults(compute, { isForeign: () => false }).evaluations('p', 1, 2, 3)
  expect(asked).toEqual([['p', 1, 2, 3]])
})
