// A token by the conventions of ao: Info, Balance, Balances, Total-Supply, Transfer with
// Debit-Notice and Credit-Notice, Mint by the owner. Quantities are whole numbers of the smallest
// unit, as text.
// Tags of the process: Name, Ticker, Denomination, Logo.

const name = process.tags.Name ?? 'Token'
const ticker = process.tags.Ticker ?? 'TKN'
const denomination = process.tags.Denomination ?? '12'
const balances = new Map<string, bigint>()
let supply = 0n

on('Info', (msg) => {
  const { Logo } = process.tags
  msg.reply({ tags: { Name: name, Ticker: ticker, Denomination: denomination, Logo } })
})

on('Balance', (msg) => {
  const account = msg.tags.Recipient ?? msg.tags.Target ?? msg.from
  const balance = balanceOf(account)
  const tags = { Balance: balance, Ticker: ticker, Account: account }
  msg.reply({ tags, data: String(balance) })
})

on('Balances', (msg) => {
  msg.reply({ tags: { Ticker: ticker }, data: Object.fromEntries(balances) })
})

on('Total-Supply', (msg) => {
  msg.reply({ action: 'Total-Supply', tags: { Ticker: ticker }, data: String(supply) })
})

on('Transfer', (msg) => {
  const recipient = msg.tags.Recipient ?? ''
  const quantity = readQuantity(msg.tags.Quantity)
  if (!isAddress(recipient)) return refuse(msg, 'Transfer', 'Recipient must be an address')
  if (quantity === undefined)
    return refuse(msg, 'Transfer', 'Quantity must be a whole number above 0')
  if (quantity > balanceOf(msg.from)) return refuse(msg, 'Transfer', 'Insufficient Balance!')
  add(msg.from, -quantity)
  add(recipient, quantity)
  if (msg.tags.Cast !== undefined) return
  const passed = passedTags(msg)
  msg.reply({
    action: 'Debit-Notice',
    tags: { Recipient: recipient, Quantity: quantity, ...passed },
    data: `You transferred ${quantity} ${ticker} to ${recipient}`,
  })
  send({
    target: recipient,
    action: 'Credit-Notice',
    tags: { Sender: msg.from, Quantity: quantity, ...passed },
    data: `You received ${quantity} ${ticker} from ${msg.from}`,
  })
})

on('Mint', (msg) => {
  const recipient = msg.tags.Recipient ?? msg.from
  const quantity = readQuantity(msg.tags.Quantity)
  if (msg.from !== process.owner) return refuse(msg, 'Mint', 'Only the owner can mint')
  if (!isAddress(recipient)) return refuse(msg, 'Mint', 'Recipient must be an address')
  if (quantity === undefined) return refuse(msg, 'Mint', 'Quantity must be a whole number above 0')
  add(recipient, quantity)
  supply += quantity
  msg.reply({
    action: 'Mint-Notice',
    tags: { Recipient: recipient, Quantity: quantity },
    data: `Minted ${quantity} ${ticker} to ${recipient}`,
  })
  if (recipient !== msg.from) {
    send({
      target: recipient,
      action: 'Credit-Notice',
      tags: { Sender: process.id, Quantity: quantity },
    })
  }
})

function balanceOf(account: string): bigint {
  return balances.get(account) ?? 0n
}

function add(account: string, quantity: bigint): void {
  const balance = balanceOf(account) + quantity
  if (balance === 0n) balances.delete(account)
  else balances.set(account, balance)
}

/** Digits only: `1e3`, `0x10`, ` 5`, `-1` and `1.5` are no quantities. */
function readQuantity(text: string | undefined): bigint | undefined {
  if (text === undefined || !/^[0-9]{1,78}$/.test(text)) return undefined
  const quantity = BigInt(text)
  return quantity > 0n ? quantity : undefined
}

function isAddress(text: string): boolean {
  return /^[\w-]{43}$/.test(text) || /^0x[0-9a-fA-F]{40}$/.test(text)
}

/** Tags with X- travel with a transfer, but for those that carry its own conversation. */
function passedTags(msg: Message): Record<string, string> {
  const passed: Record<string, string> = {}
  for (const tag of msg.tagList) {
    const isConversation = tag.name === 'X-Reference' || tag.name === 'X-Origin'
    if (tag.name.startsWith('X-') && !isConversation) passed[tag.name] = tag.value
  }
  return passed
}

function refuse(msg: Message, verb: string, reason: string): void {
  print(`${verb} of ${msg.from} refused: ${reason}`)
  msg.reply({
    action: `${verb}-Error`,
    tags: { 'Message-Id': msg.id, Error: reason },
    data: reason,
  })
}
