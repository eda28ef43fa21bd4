// A feed whose price moves by itself: on each tick of its cron, or without one on each request.
// The moves are chance and yet the same on every replay, since chance is drawn from the message.
// Tags of the process: Asset, Start-Price, Swing (percent of one move at most), Cron-Interval.

const asset = process.tags.Asset ?? 'GOODS'
const startPrice = Math.max(1, Number(process.tags['Start-Price'] ?? 100))
const swing = Number(process.tags.Swing ?? 12) / 100
const ticksByCron = process.tags['Cron-Interval'] !== undefined
const historyLength = 100
const history: number[] = [startPrice]

on({ cron: true }, () => {
  move()
})

on('Get-Price', (msg) => {
  if (!ticksByCron) move()
  const price = currentPrice()
  msg.reply({ action: 'Price', tags: { Asset: asset, Price: price }, data: String(price) })
})

on('Get-History', (msg) => {
  msg.reply({ action: 'History', tags: { Asset: asset }, data: history })
})

on({ action: 'Set-Price', from: process.owner }, (msg) => {
  const price = Number(msg.tags.Price)
  if (!Number.isSafeInteger(price) || price < 1)
    throw new RangeError('Price must be a whole number')
  remember(price)
  msg.reply({ action: 'Price', tags: { Asset: asset, Price: price } })
})

function currentPrice(): number {
  return history.at(-1) ?? startPrice
}

/** A random walk with a pull of a fifth towards the start, so that it stays in sight of it. */
function move(): void {
  const price = currentPrice()
  const pull = (startPrice - price) / 5
  const chance = (Math.random() * 2 - 1) * swing * price
  remember(Math.max(1, Math.round(price + pull + chance)))
}

function remember(price: number): void {
  history.push(price)
  if (history.length > historyLength) history.shift()
  print(`${asset} ${price}`)
}
