import { expect, it } from 'vitest'
import { encodeBase64Url } from '../base/index.ts'
import { keeperStakeDraft, readKeeperStake } from './keeper-stake.ts'

const keeper = encodeBase64Url(new Uint8Array(32).fill(4))

it('a stake is read as it was given, and nothing else is one', () => {
  const { tags = [] } = keeperStakeDraft(keeper, 10n ** 25n)
  expect(readKeeperStake({ tags })).toEqual({ keeper, stake: 10n ** 25n })
  const changed = (name: string, value: string) =>
    tags.map((tag) => (tag.name === name ? { name, value } : tag))
  for (const [name, value] of [
    ['Data-Protocol', 'ao'],
    ['Type', 'Storer-Stake'],
    ['Keeper', 'short'],
    ['Keeper-Stake', '-1'],
    ['Keeper-Stake', '1e9'],
    ['Keeper-Stake', '9'.repeat(27)],
  ] as const) {
    expect(readKeeperStake({ tags: changed(name, value) })).toBeUndefined()
  }
  expect(() => keeperStakeDraft('nobody', 1n)).toThrow(/address/)
  expect(() => keeperStakeDraft(keeper, -1n)).toThrow(/stake/)
})
