import { afterEach, beforeEach, expect, it } from 'vitest'
import {
  createLocalNetwork,
  type Delivery,
  type LocalNetwork,
} from '../packages/node/src/compute/guest-js/testing/local-network.ts'
import { testId } from '../packages/node/src/compute/guest-js/testing/test-actor.ts'

type Status = {
  cash: string
  goods: string
  orders: number
  prices: number[]
  decisions: { price: number; average: number; did: string; why: string }[]
}

let network: LocalNetwork

beforeEach(async () => {
  network = createLocalNetwork(new URL('./', import.meta.url))
  const Feed = await network.spawn('feed', 'price-feed.ts', { 'Start-Price': '100' })
  const Cash = await network.spawn('cash', 'token.ts', { Ticker: 'CASH' })
  const Goods = await network.spawn('goods', 'token.ts', { Ticker: 'GOODS' })
  const tokens = { Feed, Cash, Goods }
  const Market = await network.spawn('market', 'market.ts', tokens)
  await network.spawn('trader', 'trader.ts', { ...tokens, Market, Window: '3' })
  await mint('cash', 'trader', 5_000)
  await mint('cash', 'market', 5_000)
  await mint('goods', 'market', 100)
})
afterEach(() => network.close())

function mint(token: string, to: string, quantity: number) {
  const tags = { Recipient: testId(to), Quantity: String(quantity) }
  return network.send(token, { action: 'Mint', tags })
}

/** One tick at a price: the feed stands at it for the trader's and the market's question alike. */
async function tickAt(price: number): Promise<Delivery[]> {
  await network.send('feed', { action: 'Set-Price', tags: { Price: String(price) } })
  return network.send('trader', { cron: true })
}

function holdStill() {
  return network.send('feed', { action: 'Eval', data: 'move = () => {}; 0' })
}

const status = async () => (await network.ask('trader', { action: 'Status' })) as Status

it('buys below its average and sells above it, through the tokens', async () => {
  await holdStill()
  for (const price of [100, 100, 100]) await tickAt(price)
  expect(await status()).toMatchObject({ cash: '5000', goods: '0', orders: 0 })

  const bought = await tickAt(80)
  expect(bought.map(({ from, to, action }) => `${from} ${to} ${action}`)).toEqual([
    'owner trader cron',
    'trader feed Get-Price',
    'feed trader Price',
    'trader cash Transfer',
    'cash trader Debit-Notice',
    'cash market Credit-Notice',
    'market feed Get-Price',
    'feed market Price',
    'market goods Transfer',
    'market cash Transfer',
    'goods market Debit-Notice',
    'goods trader Credit-Notice',
    'cash market Debit-Notice',
    'cash trader Credit-Notice',
  ])
  expect(await status()).toMatchObject({ cash: '4040', goods: '12', orders: 1 })

  await tickAt(120)
  const after = await status()
  expect(after).toMatchObject({ cash: String(4040 + 8 * 120), goods: '4', orders: 2 })
  expect(after.decisions.at(-1)).toMatchObject({ price: 120, average: 93, did: 'sell 8' })
  expect(await network.ask('goods', { action: 'Balances' })).toEqual({
    [testId('market')]: '96',
    [testId('trader')]: '4',
  })
})

it('gets its money back when the market has no goods, and says so', async () => {
  await holdStill()
  for (const price of [100, 100, 100]) await tickAt(price)
  await network.send('market', { action: 'Eval', data: 'stock.goods = 0n; 0' })
  const deliveries = await tickAt(80)
  const last = deliveries.findLast(({ to }) => to === 'trader')
  expect(last?.result.Output.data).toBe('order 1: Refused 1000 at 80')
  expect(await status()).toMatchObject({ cash: '5000', goods: '0', orders: 1 })
})

it('stays within its caps on a feed that moves by itself, and nothing is lost', async () => {
  for (let i = 0; i < 60; i++) await network.send('trader', { cron: true })
  const { cash, goods, orders, decisions, prices } = await status()
  expect(prices).toHaveLength(3)
  expect(orders).toBeGreaterThan(5)
  expect(new Set(decisions.map(({ did }) => did.split(' ')[0]))).toContain('sell')
  expect(Number(goods)).toBeLessThanOrEqual(50)
  const cashes = (await network.ask('cash', { action: 'Balances' })) as Record<string, string>
  expect(cashes[testId('trader')]).toBe(cash)
  expect(Object.values(cashes).reduce((sum, each) => sum + Number(each), 0)).toBe(10_000)
})

it('takes orders from nobody: strangers can neither tick it nor credit it', async () => {
  const stranger = testId('stranger')
  await network.send('trader', { action: 'Tick', from: stranger })
  const tags = { Quantity: '1000000', Sender: testId('market'), 'X-Fill': 'Sold' }
  await network.send('trader', { action: 'Credit-Notice', from: stranger, tags })
  expect(await status()).toMatchObject({ cash: '5000', orders: 0, prices: [] })
})
