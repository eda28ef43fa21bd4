// A trader that is an agent. Its goal are standing orders in plain words; on each tick of its cron
// it takes the next (or what its owner told it), a model turns the words into a call, the policy
// decides, and the token moves. Tags of the process: Model (a model's process) or Oracle (an
// address), Goal (orders, parted by `;`), Feed, Market, Cash, Goods (ids), Ticker (of the goods),
// Payees (name=address, parted by `;`), Max-Order (cash), Max-Goods, Slippage (percent),
// Orders-Per-Minute, Cron-Interval.
import { createAgent, type Tool } from './agent.ts'
import { allowOnly, type Call, cap, type Facts, rate, slippage } from './policy.ts'

const feed = requiredTag('Feed')
const market = requiredTag('Market')
const cash = requiredTag('Cash')
const goods = requiredTag('Goods')
const ticker = process.tags.Ticker ?? 'GOODS'
const goals = readList('Goal')
const payees = new Map(readList('Payees').map((each) => each.split('=') as [string, string]))
const maxOrder = Number(process.tags['Max-Order'] ?? 1_000)
const maxGoods = Number(process.tags['Max-Goods'] ?? 50)
/** Ticks after which an answer, or an order, that never came holds up nothing any more. */
const patienceTicks = 8

const holdings = { cash: 0, goods: 0 }
const told: { readonly text: string; readonly source: Message }[] = []
const prices: number[] = []
let order: { readonly id: string; ticks: number } | undefined
let [goalsTaken, thinkingTicks, orders] = [0, 0, 0]

const trade: Tool['parameters'] = { qty: 'whole', token: 'text', limit: 'whole?' }
const agent = createAgent({
  model: process.tags.Oracle ?? requiredTag('Model'),
  outside: process.tags.Oracle !== undefined,
  tools: {
    buy: { parameters: trade, observe: askPrice, run: runTrade('Buy') },
    sell: { parameters: trade, observe: askPrice, run: runTrade('Sell') },
    transfer: { parameters: { to: 'text', qty: 'whole', token: 'text' }, run: runTransfer },
    hold: { parameters: {}, run: () => 'nothing to do' },
  },
  policy: [
    allowOnly('tokens', 'token', [ticker, 'CASH']),
    allowOnly('payees', 'to', [...payees.keys()]),
    {
      name: 'traded',
      check: ({ tool, token }) =>
        isTrade(tool) && token !== ticker ? `${token} is not traded here` : undefined,
    },
    {
      name: 'one-order',
      check: ({ tool }) => (isTrade(tool) && order ? `order ${order.id} is open` : undefined),
    },
    { name: 'limit', check: checkLimit },
    slippage('slippage', Number(process.tags.Slippage ?? 25), pricePair),
    cap('max-order', () => maxOrder, worth),
    cap(
      'cash',
      () => holdings.cash,
      (call, facts) => (call.tool === 'buy' ? worth(call, facts) : owed(call, 'CASH')),
    ),
    cap(
      'goods',
      () => holdings.goods,
      (call) => (call.tool === 'sell' ? Number(call.qty) : owed(call, ticker)),
    ),
    cap(
      'max-goods',
      () => maxGoods,
      ({ tool, qty }) => (tool === 'buy' ? holdings.goods + Number(qty) : undefined),
    ),
    rate('rate', Number(process.tags['Orders-Per-Minute'] ?? 30), 60_000),
  ],
})

on({ cron: true }, tick)
on({ action: 'Tick', from: process.owner }, tick)

async function tick(msg: Message): Promise<void> {
  if (order !== undefined && ++order.ticks > patienceTicks) order = undefined
  if (agent.thinking() !== 0 && ++thinkingTicks <= patienceTicks) return
  thinkingTicks = 0
  const next = told.shift()
  const goal = goals[goalsTaken % goals.length]
  if (next !== undefined) return agent.consider(next.text, next.source)
  if (goal === undefined) return
  goalsTaken += 1
  return agent.consider(goal, msg)
}

/** The owner's word goes before the standing orders. It is kept to what the policy allows too. */
on({ action: 'Instruct', from: process.owner }, (msg) => {
  told.push({ text: msg.data.slice(0, 200), source: msg })
  msg.reply({ data: `instruction ${told.length} waits for the next tick` })
})

async function askPrice(): Promise<Facts> {
  const answer = await send({ target: feed, action: 'Get-Price' }).receive()
  const price = Number(answer.tags.Price)
  if (!Number.isSafeInteger(price) || price < 1) throw new RangeError('the feed gave no price')
  // What a price is compared with must not have it in it.
  const usual = prices.length === 0 ? price : average()
  prices.push(price)
  if (prices.length > 10) prices.shift()
  return { values: { price, usual }, read: [answer.id] }
}

function average(): number {
  return Math.round(prices.reduce((sum, price) => sum + price, 0) / Math.max(1, prices.length))
}

function isTrade(tool: string): boolean {
  return tool === 'buy' || tool === 'sell'
}

/**
 * The price and what it usually is. With a limit a better price is what was asked for; a worse one is none the
 * better for a limit, which is the model's word like the rest.
 */
function pricePair({ tool, limit }: Call, { values }: Facts): [number, number] | undefined {
  const { price = 0, usual = 0 } = values
  if (!isTrade(tool)) return undefined
  if (limit === undefined) return [price, usual]
  return [tool === 'buy' ? Math.max(price, usual) : Math.min(price, usual), usual]
}

function checkLimit({ tool, limit }: Call, { values: { price = 0 } }: Facts): string | undefined {
  if (limit === undefined) return undefined
  if (tool === 'buy' && price >= Number(limit)) return `the price is ${price}, not below ${limit}`
  if (tool === 'sell' && price <= Number(limit)) return `the price is ${price}, not above ${limit}`
  return undefined
}

function worth({ tool, qty, token }: Call, { values }: Facts): number | undefined {
  if (isTrade(tool)) return Number(qty) * (values.price ?? 0)
  return tool === 'transfer' && token === 'CASH' ? Number(qty) : undefined
}

function owed({ tool, token, qty }: Call, which: string): number | undefined {
  return tool === 'transfer' && token === which ? Number(qty) : undefined
}

function runTrade(side: 'Buy' | 'Sell'): Tool['run'] {
  return ({ qty }, { values: { price = 0 } }, lineage) => {
    orders += 1
    order = { id: String(orders), ticks: 0 }
    const [token, quantity] = side === 'Buy' ? [cash, Number(qty) * price] : [goods, Number(qty)]
    const tags = {
      Recipient: market,
      Quantity: String(quantity),
      'X-Order': side,
      'X-Order-Id': order.id,
    }
    const list = Object.entries(tags).map(([name, value]) => ({ name, value }))
    send({ target: token, action: 'Transfer', tags: [...list, ...lineage] })
    return `${side.toLowerCase()} ${qty} at ${price}`
  }
}

function runTransfer(
  { to, qty, token }: Call,
  _facts: Facts,
  lineage: Parameters<Tool['run']>[2],
): string {
  const tags = [
    { name: 'Recipient', value: payees.get(String(to)) ?? '' },
    { name: 'Quantity', value: String(qty) },
  ]
  const target = token === ticker ? goods : cash
  send({ target, action: 'Transfer', tags: [...tags, ...lineage] })
  return `${qty} ${token} to ${to}`
}

on({ action: 'Debit-Notice', from: [cash, goods] }, (msg) => {
  change(msg.from, -Number(msg.tags.Quantity ?? 0))
})

on({ action: 'Credit-Notice', from: [cash, goods] }, (msg) => {
  change(msg.from, Number(msg.tags.Quantity ?? 0))
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
  msg.reply({
    action: 'Status',
    data: { ...holdings, prices, order, orders, goals, decisions: agent.decisions },
  })
})

function change(token: string, quantity: number): void {
  if (token === cash) holdings.cash += quantity
  else holdings.goods += quantity
}

function readList(name: string): string[] {
  return (process.tags[name] ?? '')
    .split(';')
    .map((each) => each.trim())
    .filter(Boolean)
}

function requiredTag(name: string): string {
  const value = process.tags[name]
  if (value === undefined)
    throw new TypeError(`spawn the trader with a tag ${name}: the id of the process`)
  return value
}
