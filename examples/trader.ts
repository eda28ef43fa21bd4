// An autonomous trader: on each tick of its cron it asks the feed for the price, compares it with
// its moving average, and buys below or sells above at the market, within its caps. Every decision
// is kept. Tags of the process: Feed, Market, Cash, Goods (ids), Window (prices in the average),
// Threshold (percent off the average), Max-Order (cash per order), Max-Goods (goods it will hold),
// Cron-Interval.

type Decision = { at: number; price: number; average: number; did: string; why: string }
type Order = { id: string; side: 'Buy' | 'Sell'; ticks: number }

const feed = requiredTag('Feed')
const market = requiredTag('Market')
const cash = requiredTag('Cash')
const goods = requiredTag('Goods')
const windowLength = Number(process.tags.Window ?? 5)
const threshold = Number(process.tags.Threshold ?? 3) / 100
const maxOrder = BigInt(process.tags['Max-Order'] ?? '1000')
const maxGoods = BigInt(process.tags['Max-Goods'] ?? '50')
const decisionsKept = 100
/** An order that nobody answered for so many ticks no longer holds up the next. */
const orderTicks = 5

const holdings = { cash: 0n, goods: 0n }
const prices: number[] = []
const decisions: Decision[] = []
let order: Order | undefined
let orders = 0

on({ cron: true }, tick)
on({ action: 'Tick', from: process.owner }, tick)

async function tick(msg: Message): Promise<void> {
  const answer = await send({ target: feed, action: 'Get-Price' }).receive()
  const price = Number(answer.tags.Price)
  if (!Number.isSafeInteger(price) || price < 1) throw new RangeError('the feed gave no price')
  const average = prices.length === 0 ? price : sum(prices) / prices.length
  prices.push(price)
  if (prices.length > windowLength) prices.shift()
  const [did, why] = decide(price, average)
  note({ at: msg.timestamp, price, average: Math.round(average), did, why })
}

/** The policy: what the rule says to do, and why; or which cap held it back. */
function decide(price: number, average: number): [did: string, why: string] {
  if (order !== undefined && ++order.ticks <= orderTicks)
    return ['wait', `order ${order.id} is open`]
  if (prices.length < windowLength) return ['watch', `${prices.length} of ${windowLength} prices`]
  if (price < average * (1 - threshold)) {
    const room = (maxGoods - holdings.goods) * BigInt(price)
    const spend = least(maxOrder, holdings.cash, room)
    if (spend < BigInt(price)) return ['hold', 'cheap, but a cap or the cash is reached']
    place('Buy', cash, spend)
    return [`buy for ${spend}`, 'the price is below the average']
  }
  if (price > average * (1 + threshold)) {
    const amount = least(holdings.goods, maxOrder / BigInt(price))
    if (amount < 1n) return ['hold', 'dear, but there is nothing to sell']
    place('Sell', goods, amount)
    return [`sell ${amount}`, 'the price is above the average']
  }
  return ['hold', 'the price is near the average']
}

function place(side: Order['side'], token: string, quantity: bigint): void {
  orders += 1
  order = { id: String(orders), side, ticks: 0 }
  send({
    target: token,
    action: 'Transfer',
    tags: { Recipient: market, Quantity: quantity, 'X-Order': side, 'X-Order-Id': order.id },
  })
}

on({ action: 'Debit-Notice', from: [cash, goods] }, (msg) => {
  change(msg.from, -BigInt(msg.tags.Quantity ?? '0'))
})

on({ action: 'Credit-Notice', from: [cash, goods] }, (msg) => {
  change(msg.from, BigInt(msg.tags.Quantity ?? '0'))
  const fill = msg.tags['X-Fill']
  if (msg.tags.Sender !== market || fill === undefined) return
  print(`order ${msg.tags['X-Order-Id']}: ${fill} ${msg.tags.Quantity} at ${msg.tags['X-Price']}`)
  if (fill !== 'Change' && msg.tags['X-Order-Id'] === order?.id) order = undefined
})

on({ action: 'Transfer-Error', from: [cash, goods] }, (msg) => {
  print(`order ${order?.id} failed: ${msg.tags.Error}`)
  order = undefined
})

on('Status', (msg) => {
  msg.reply({ action: 'Status', data: { ...holdings, prices, order, orders, decisions } })
})

function change(token: string, quantity: bigint): void {
  if (token === cash) holdings.cash += quantity
  else holdings.goods += quantity
}

function note(decision: Decision): void {
  decisions.push(decision)
  if (decisions.length > decisionsKept) decisions.shift()
  print(`price ${decision.price}, average ${decision.average}: ${decision.did} (${decision.why})`)
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function least(first: bigint, ...others: bigint[]): bigint {
  let smallest = first
  for (const each of others) if (each < smallest) smallest = each
  return smallest
}

function requiredTag(name: string): string {
  const value = process.tags[name]
  if (value === undefined)
    throw new TypeError(`spawn the trader with a tag ${name}: the id of the process`)
  return value
}
