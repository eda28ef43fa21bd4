import { createRuntime } from '@heddle/node/runtime'
import type { Client } from '@heddle/sdk'
import { type Cast, spawnCast } from './cast.ts'
import type { Narrator } from './narrator.ts'

type Decision = { price: number; average: number; did: string; why: string }
type Status = { cash: string; goods: string; orders: number; decisions: Decision[] }

/** Ticks shown at least; then the tour goes on as soon as the trader has bought and sold. */
const ticksMin = 5
const ticksMax = 12
const pollMs = 150

async function mint(cast: Cast, narrator: Narrator): Promise<void> {
  const grants = [
    ['cash', 'trader', 5000],
    ['cash', 'market', 5000],
    ['goods', 'market', 100],
    ['goods', 'trader', 10],
  ] as const
  for (const [token, to, amount] of grants) {
    const tags = { Recipient: cast[to].id, Quantity: String(amount) }
    const result = await cast[token].send({ action: 'Mint', tags })
    narrator.step('mint', `${amount} ${token} to the ${to}: “${result.messages[0]?.data}”`)
    narrator.link(`/cu/result/${result.id}?process-id=${cast[token].id}`)
  }
}

async function readStatus(cast: Cast): Promise<Status> {
  const { messages } = await cast.trader.read({ action: 'Status' })
  return JSON.parse(messages[0]?.data ?? '{}') as Status
}

/** Follows the trader's decisions; ends once it has bought and sold, or after `ticksMax`. */
async function watchTrader(cast: Cast, narrator: Narrator): Promise<Status> {
  const { timer } = createRuntime()
  for (let shown = 0; ; ) {
    const status = await readStatus(cast)
    for (const { price, average, did, why } of status.decisions.slice(shown)) {
      narrator.say(`tick ${++shown}: price ${price}, average ${average} → ${did} (${why})`)
    }
    const hasTraded = ['buy', 'sell'].every((verb) =>
      status.decisions.some(({ did }) => did.startsWith(verb)),
    )
    if (shown >= ticksMax || (shown >= ticksMin && hasTraded)) return status
    await timer.sleep(pollMs)
  }
}

async function tellOutcome(cast: Cast, narrator: Narrator, orders: number): Promise<void> {
  const { timer } = createRuntime()
  // What the last tick set off is still on its way between five processes.
  await timer.sleep(500)
  const { cash, goods } = await readStatus(cast)
  narrator.step(
    'outcome',
    `${orders} ${orders === 1 ? 'order' : 'orders'}; the trader holds ${cash} cash and ${goods} goods`,
  )
  const { messages } = await cast.cash.read({ action: 'Balances' })
  const balances = JSON.parse(messages[0]?.data ?? '{}') as Record<string, string>
  const sum = Object.values(balances).reduce((total, each) => total + Number(each), 0)
  narrator.say(`the cash token agrees: ${balances[cast.trader.id]} to the trader, ${sum} in all`)
}

/** Spawns the actors, lets them trade by themselves, and shows where each step can be seen. */
export async function runTour(client: Client, narrator: Narrator): Promise<Cast> {
  const cast = await spawnCast(client, narrator)
  await mint(cast, narrator)
  await cast.trader.monitor()
  narrator.step(
    'cron',
    'the trader wakes every second, asks the feed, decides, trades at the market',
  )
  const { orders } = await watchTrader(cast, narrator)
  await cast.trader.unmonitor()
  await tellOutcome(cast, narrator, orders)
  narrator.step('log', 'every message of the trader, in its slot, signed by the scheduler')
  narrator.link(`/su/${cast.trader.id}?process-id=${cast.trader.id}`)
  return cast
}
