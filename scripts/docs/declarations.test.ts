import { expect, it } from 'vitest'
import { readExports } from './declarations.ts'

it('follows exports to their sources, without bodies and private parts', () => {
  const found = readExports('packages/sdk/src/node/index.ts')
  const named = (name: string) => found.find((one) => one.name === name)
  expect(named('createClient')).toMatchObject({
    kind: 'function',
    path: 'packages/sdk/src/node/client.ts',
    code: 'function createClient(options: ClientOptions): NodeClient',
  })
  expect(named('Client')?.path).toBe('packages/sdk/src/node/client.ts')
  const error = named('HeddleError')
  expect(error).toMatchObject({ kind: 'class', path: 'packages/protocol/src/base/error.ts' })
  expect(error?.code).toContain('readonly code: string')
  expect(error?.code).not.toContain('super(')
})

it('finds a docstring on every function the SDK exports', () => {
  const found = readExports('packages/sdk/src/node/index.ts')
  const silent = found.filter(({ kind, doc }) => kind === 'function' && doc === '')
  expect(silent.map(({ name }) => name)).toEqual([])
})
