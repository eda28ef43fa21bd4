// A market maker for two tokens: who transfers cash to it with the tag X-Order: Buy gets goods
// at the price of the feed, who transfers goods with X-Order: Sell gets cash. What it cannot
// serve, it returns.
// Tags of the process: Feed, Cash, Goods (ids). Its stock are plain transfers or mints to it.

const feed = requiredTag('Feed')
const cash = requiredTag('Cash')
const goods = requiredTag('Goods')
const stock = { cash: 0n, goods: 0n }
let trades = 0

on({ action: 'Credit-Notice', from: cash, 'X-Order': 'Buy' }, async (msg) => {
  const paid = BigInt(msg.tags.Quantity ?? '0')
  stock.cash += paid
  const price = await askPrice()
  const bought = paid / price
  if (bought === 0n || bought > stock.goods) return giveBack(cash, paid, msg, price)
  pay(goods, bought, msg, 'Bought', price)
  const change = paid - bought * price
  if (change > 0n) pay(cash, change, msg, 'Change', price)
})

on({ action: 'Credit-Notice', from: goods, 'X-Order': 'Sell' }, async (msg) => {
  const sold = BigInt(msg.tags.Quantity ?? '0')
  stock.goods += sold
  const price = await askPrice()
  const worth = sold * price
  if (worth > stock.cash) return giveBack(goods, sold, msg, price)
  pay(cash, worth, msg, 'Sold', price)
})

on({ action: 'Credit-Notice', from: [cash, goods] }, (msg) => {
  const quantity = BigInt(msg.tags.Quantity ?? '0')
  if (msg.from === cash) stock.cash += quantity
  else stock.goods += quantity
})

on('Status', (msg) => {
  msg.reply({ data: { ...stock, trades } })
})

async function askPrice(): Promise<bigint> {
  const answer = await send({ target: feed, action: 'Get-Price' }).receive()
  return BigInt(answer.tags.Price ?? '0')
}

/** Pays the trader behind a Credit-Notice; the tags tell the trade, whatever it was. */
function pay(token: string, quantity: bigint, notice: Message, fill: string, price: bigint): void {
  if (token === cash) stock.cash -= quantity
  else stock.goods -= quantity
  if (fill === 'Bought' || fill === 'Sold') trades += 1
  const recipient = notice.tags.Sender ?? ''
  const order = notice.tags['X-Order-Id']
  print(`${fill} for ${recipient}: ${quantity} at ${price}`)
  send({
    target: token,
    action: 'Transfer',
    tags: {
      Recipient: recipient,
      Quantity: quantity,
      'X-Fill': fill,
      'X-Price': price,
      'X-Order-Id': order,
    },
  })
}

function giveBack(token: string, quantity: bigint, notice: Message, price: bigint): void {
  pay(token, quantity, notice, 'Refused', price)
}

function requiredTag(name: string): string {
  const value = process.tags[name]
  if (value === undefined)
    throw new TypeError(`spawn the market with a tag ${name}: the id of the process`)
  return value
}
