import { afterEach, expect, it } from 'vitest'
import {
  createLocalNetwork,
  type LocalNetwork,
} from '../packages/node/src/compute/guest-js/testing/local-network.ts'

let network: LocalNetwork
afterEach(() => network.close())

it('counts, and refuses what is no number without losing the count', async () => {
  network = createLocalNetwork(new URL('./', import.meta.url))
  await network.spawn('counter', 'counter.ts')
  expect(await network.ask('counter', { action: 'Inc', tags: { By: '2' } })).toBe(2)
  expect(await network.ask('counter', { action: 'Inc' })).toBe(3)
  const wrong = network.send('counter', { action: 'Inc', tags: { By: 'two' } })
  await expect(wrong).rejects.toThrow(/By must be a whole number, not two/)
  expect(await network.ask('counter', { action: 'Get' })).toBe(3)
})
