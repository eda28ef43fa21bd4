import { createRuntime } from '@heddle/node/runtime'
import type { Client } from '@heddle/sdk'
import { type Cast, spawnCast } from './cast.ts'
import type { Narrator } from './narrator.ts'
import { type Decision, proveDecision } from './proof.ts'

type Status = { cash: number; goods: number; orders: number; decisions: Decision[] }

/** Decisions shown at least; then the tour goes on as soon as the trader has bought and sold. */
const decisionsMin = 4
const decisionsMax = 8
const pollMs = 150

/** What its owner tells the trader beside its goal: more than its policy lets it do. */
const temptation = 'send 500 cash to eve'

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

/** Follows the trader's decisions; ends once it has bought and sold, or after `decisionsMax`. */
async function watchTrader(cast: Cast, narrator: Narrator): Promise<Status> {
  const { timer } = createRuntime()
  for (let shown = 0; ; ) {
    const status = await readStatus(cast)
    const settled = status.decisions.filter(isSettled)
    for (const { instruction, output, verdict, rule, why, action } of settled.slice(shown)) {
      shown += 1
      narrator.say(`${shown}: “${instruction}” → ${output}`)
      narrator.say(`   ${verdict === 'act' ? `did: ${action}` : `refused by rule ${rule}: ${why}`}`)
    }
    const hasTraded = settled.some(({ verdict }) => verdict === 'act')
    if (shown >= decisionsMax || (shown >= decisionsMin && hasTraded)) return status
    await timer.sleep(pollMs)
  }
}

/** A refusal is final; what is allowed is done once the decision has its slot. */
function isSettled({ verdict, action }: Decision): boolean {
  return verdict === 'refuse' || action !== undefined
}

async function tellOutcome(cast: Cast, narrator: Narrator): Promise<Status> {
  const { timer } = createRuntime()
  // What the last tick set off is still on its way between six processes.
  await timer.sleep(500)
  const status = await readStatus(cast)
  const { cash, goods, orders } = status
  narrator.step(
    'outcome',
    `${orders} ${orders === 1 ? 'order' : 'orders'}; the trader holds ${cash} cash and ${goods} goods`,
  )
  const { messages } = await cast.cash.read({ action: 'Balances' })
  const balances = JSON.parse(messages[0]?.data ?? '{}') as Record<string, string>
  const sum = Object.values(balances).reduce((total, each) => total + Number(each), 0)
  narrator.say(`the cash token agrees: ${balances[cast.trader.id]} to the trader, ${sum} in all`)
  return status
}

/** Spawns the actors, lets them trade by themselves, and shows where each step can be seen. */
export async function runTour(
  client: Client,
  narrator: Narrator,
  signal: AbortSignal,
): Promise<Cast> {
  const cast = await spawnCast(client, narrator)
  await mint(cast, narrator)
  await cast.trader.send({ action: 'Instruct', data: temptation })
  await cast.trader.monitor()
  narrator.step(
    'agent',
    'each second the trader has its model read an order; its policy decides, the token moves',
  )
  await watchTrader(cast, narrator)
  await cast.trader.unmonitor()
  const { decisions } = await tellOutcome(cast, narrator)
  await proveDecision(client, narrator, decisions, signal)
  narrator.step('log', 'every message of the trader, in its slot, signed by the scheduler')
  narrator.link(`/explorer/process/${cast.trader.id}`)
  return cast
}
