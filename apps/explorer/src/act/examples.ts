import counter from '../../../../examples/counter.ts?raw'
import priceFeed from '../../../../examples/price-feed.ts?raw'
import token from '../../../../examples/token.ts?raw'
import trader from '../../../../examples/trader.ts?raw'
import types from '../../../../packages/node/actor.d.ts?raw'

const echo = `// Answers whoever writes, with what they wrote.

on(() => true, (msg) => {
  print(\`\${msg.from} says \${msg.data}\`)
  msg.reply({ data: msg.data })
})
`

/** Actors to begin with, and the types they may use. */
export const examples: Readonly<Record<string, string>> = {
  counter,
  echo,
  token,
  'price-feed': priceFeed,
  trader,
}

export const actorTypes: string = types
