import { gasTable } from '@heddle/protocol/params'
import { expect, it } from 'vitest'
import { createComputeLimit } from './compute-limit.ts'

function environment(process?: string, module?: string): string {
  const tags = (value?: string) => (value === undefined ? [] : [{ name: 'Compute-Limit', value }])
  return JSON.stringify({ Process: { Tags: tags(process) }, Module: { Tags: tags(module) } })
}

it('is the tag of the process, else of the module, else the default', () => {
  const limit = createComputeLimit()
  expect(limit(environment('7', '9'))).toBe(7)
  expect(limit(environment(undefined, '9'))).toBe(9)
  expect(limit(environment('many', '9'))).toBe(9)
  expect(limit(environment())).toBe(gasTable.messageDefault)
  for (const odd of ['', 'null', '[]', '{"Process":{"Tags":[null,{"name":"Compute-Limit"}]}}'])
    expect(limit(odd)).toBe(gasTable.messageDefault)
})
