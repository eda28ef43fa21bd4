import { afterEach, expect, it } from 'vitest'
import {
  createLocalNetwork,
  type LocalNetwork,
  tagOf,
} from '../packages/node/src/compute/guest-js/testing/local-network.ts'
import { testId } from '../packages/node/src/compute/guest-js/testing/test-actor.ts'

let network: LocalNetwork
afterEach(() => network.close())

async function prices(tags: Record<string, string>): Promise<number[]> {
  network = createLocalNetwork(new URL('./', import.meta.url))
  await network.spawn('feed', 'price-feed.ts', tags)
  const seen: number[] = []
  for (let i = 0; i < 50; i++) {
    seen.push(Number(await network.ask('feed', { action: 'Get-Price' })))
  }
  return seen
}

it('moves on each request, stays in sight of its start, and replays the same', async () => {
  const seen = await prices({ 'Start-Price': '100', Swing: '10' })
  network.close()
  expect(new Set(seen).size).toBeGreaterThan(10)
  expect(Math.min(...seen)).toBeGreaterThan(50)
  expect(Math.max(...seen)).toBeLessThan(150)
  expect(await prices({ 'Start-Price': '100', Swing: '10' })).toEqual(seen)
})

it('with a cron moves on ticks only', async () => {
  const seen = await prices({ 'Cron-Interval': '10-seconds' })
  expect(new Set(seen)).toEqual(new Set([100]))
  await network.send('feed', { cron: true })
  expect(await network.ask('feed', { action: 'Get-History' })).toHaveLength(2)
})

it('lets only its owner set the price', async () => {
  await prices({ 'Cron-Interval': '10-seconds' })
  await network.send('feed', {
    action: 'Set-Price',
    from: testId('stranger'),
    tags: { Price: '1' },
  })
  expect(await network.ask('feed', { action: 'Get-Price' })).toBe(100)
  await network.send('feed', { action: 'Set-Price', tags: { Price: '42' } })
  expect(tagOf(network.mail.at(-1), 'Price')).toBe('42')
  const wrong = network.send('feed', { action: 'Set-Price', tags: { Price: 'x' } })
  await expect(wrong).rejects.toThrow(/whole number/)
})
