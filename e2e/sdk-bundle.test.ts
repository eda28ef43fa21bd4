import { expect, it } from 'vitest'
import { measureSdkBundle } from './sdk-bundle.ts'

const firstBytesMax = 60 * 1024

it('is small in a browser: message, read and verify; the wide lane comes when it is used', async () => {
  const { firstBytes, lazyBytes, modules } = await measureSdkBundle()
  expect(firstBytes).toBeLessThan(firstBytesMax)
  expect(lazyBytes).toBeGreaterThan(0)
  const names = modules.map(([name]) => name)
  expect(names).toContain('packages/sdk/src/client.ts')
  expect(names.filter((name) => /bls|blake|erasure|\/model\//.test(name))).toEqual([])
  expect(names.filter((name) => name.startsWith('node:'))).toEqual([])
})
