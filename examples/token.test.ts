import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  createLocalNetwork,
  type LocalNetwork,
  tagOf,
} from '../packages/node/src/compute/guest-js/testing/local-network.ts'
import { ownerAddress, testId } from '../packages/node/src/compute/guest-js/testing/test-actor.ts'

const alice = testId('alice')
const bob = testId('bob')
let network: LocalNetwork

beforeEach(async () => {
  network = createLocalNetwork(new URL('./', import.meta.url))
  await network.spawn('token', 'token.ts', { Name: 'Cash', Ticker: 'CSH', Denomination: '3' })
  await network.send('token', { action: 'Mint', tags: { Quantity: '1000', Recipient: alice } })
  network.mail.length = 0
})
afterEach(() => network.close())

async function balance(account: string): Promise<unknown> {
  return network.ask('token', { action: 'Balance', tags: { Recipient: account } })
}

async function transfer(tags: Record<string, string>, from = alice) {
  await network.send('token', { action: 'Transfer', from, tags })
  return network.mail.splice(0)
}

describe('token', () => {
  it('tells what it is', async () => {
    await network.send('token', { action: 'Info' })
    const info = network.mail[0]
    expect(['Name', 'Ticker', 'Denomination', 'Logo'].map((name) => tagOf(info, name))).toEqual([
      'Cash',
      'CSH',
      '3',
      undefined,
    ])
  })

  it('moves a quantity and notifies both sides, with the X- tags of the transfer', async () => {
    const sent = await transfer({
      Recipient: bob,
      Quantity: '300',
      'X-Order': 'Buy',
      Reference: '5',
    })
    expect(sent.map((each) => [each.Target, tagOf(each, 'Action')])).toEqual([
      [alice, 'Debit-Notice'],
      [bob, 'Credit-Notice'],
    ])
    for (const each of sent) {
      expect(tagOf(each, 'Quantity')).toBe('300')
      expect(tagOf(each, 'X-Order')).toBe('Buy')
    }
    expect(tagOf(sent[0], 'X-Reference')).toBe('5')
    expect(tagOf(sent[1], 'Sender')).toBe(alice)
    expect([await balance(alice), await balance(bob)]).toEqual([700, 300])
    expect(await network.ask('token', { action: 'Balances' })).toEqual({
      [alice]: '700',
      [bob]: '300',
    })
  })

  it('says nothing of a Cast', async () => {
    expect(await transfer({ Recipient: bob, Quantity: '1', Cast: 'true' })).toEqual([])
    expect(await balance(bob)).toBe(1)
  })

  it.each(['0', '-5', '1.5', '1e3', '0x10', ' 5', '', 'all', '9'.repeat(79)])(
    'refuses the quantity %j',
    async (Quantity) => {
      const [error] = await transfer({ Recipient: bob, Quantity })
      expect(tagOf(error, 'Action')).toBe('Transfer-Error')
      expect(tagOf(error, 'Error')).toMatch(/Quantity must be/)
      expect([await balance(alice), await balance(bob)]).toEqual([1000, 0])
    },
  )

  it('refuses more than there is, and recipients that are no addresses', async () => {
    const [poor] = await transfer({ Recipient: bob, Quantity: '1001' })
    expect(tagOf(poor, 'Error')).toBe('Insufficient Balance!')
    const [lost] = await transfer({ Recipient: 'bob', Quantity: '1' })
    expect(tagOf(lost, 'Error')).toMatch(/Recipient/)
  })

  it('gives and takes nothing when sender and recipient are one', async () => {
    await transfer({ Recipient: alice, Quantity: '1000' })
    expect(await balance(alice)).toBe(1000)
  })

  it('mints for its owner only', async () => {
    await network.send('token', { action: 'Mint', from: bob, tags: { Quantity: '5' } })
    expect(tagOf(network.mail[0], 'Error')).toBe('Only the owner can mint')
    await network.send('token', { action: 'Mint', tags: { Quantity: '5' } })
    expect(await balance(ownerAddress)).toBe(5)
    expect(await network.ask('token', { action: 'Total-Supply' })).toBe(1005)
  })

  it('counts beyond 64 bits exactly', async () => {
    const Quantity = '123456789012345678901234567890'
    await network.send('token', { action: 'Mint', tags: { Quantity, Recipient: bob } })
    expect(await network.ask('token', { action: 'Balances' })).toMatchObject({ [bob]: Quantity })
  })
})
