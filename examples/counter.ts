// The smallest actor. Top-level variables persist between messages.
//
//   npx heddle spawn examples/counter.ts
//   npx heddle send PROCESS --action Inc --tag By=2

let count = 0

on('Inc', (msg) => {
  const by = Number(msg.tags.By ?? 1)
  if (!Number.isSafeInteger(by))
    throw new RangeError(`By must be a whole number, not ${msg.tags.By}`)
  count += by
  msg.reply({ data: String(count) })
})

on('Get', (msg) => {
  msg.reply({ data: String(count) })
})
