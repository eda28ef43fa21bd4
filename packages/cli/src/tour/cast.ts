import { fileURLToPath } from 'node:url'
import type { Client, ProcessHandle, SpawnInput, Tag } from '@heddle/sdk'
import { readActorSource } from '@heddle/sdk/node'
import type { Narrator } from './narrator.ts'
import { publishOrderModel } from './order-model.ts'

/** The actors of the tour: two tokens, a feed, a market maker, a model and the trader. */
export type Cast = {
  readonly cash: ProcessHandle
  readonly goods: ProcessHandle
  readonly feed: ProcessHandle
  readonly market: ProcessHandle
  readonly model: ProcessHandle
  readonly trader: ProcessHandle
}

const everySecond = { name: 'Cron-Interval', value: '1-second' }

/** Standing orders of the trader, in plain words: its model makes calls of them. */
const goal = 'buy 9 goods below 100; sell 4 goods above 100'

function sourceOf(file: string): Promise<string> {
  return readActorSource(fileURLToPath(new URL(`../../../../examples/${file}`, import.meta.url)))
}

type Part = {
  readonly name: string
  /** What it runs, for people. */
  readonly told: string
  readonly tags: Record<string, string>
  readonly more?: readonly Tag[]
}

/** Spawns processes, each with a line of its own. */
function createSpawner(client: Client, narrator: Narrator) {
  const spawn = async ({ name, told, tags, more = [] }: Part, code: SpawnInput) => {
    const took = narrator.stopwatch()
    const list = Object.entries({ Name: name, ...tags }).map(([tag, value]) => ({
      name: tag,
      value,
    }))
    const handle = await client.spawn({ ...code, tags: [...list, ...more] })
    narrator.step('spawn', `${name.padEnd(7)} ${handle.id}  ${told}, ready in ${took()}`)
    narrator.link(`/explorer/process/${handle.id}`)
    return handle
  }
  const actor = async (name: string, file: string, tags: Part['tags'], more?: readonly Tag[]) => {
    const source = await sourceOf(file)
    return spawn({ name, told: file, tags, ...(more === undefined ? {} : { more }) }, { source })
  }
  return { spawn, actor }
}

/** Keeps the model with its lineage and starts it as a process. */
async function spawnModel(client: Client, narrator: Narrator): Promise<ProcessHandle> {
  const took = narrator.stopwatch()
  const { name, id, weights } = await publishOrderModel(client)
  const size = `${Math.round(weights / 1000)} thousand weights`
  narrator.step('model', `${name} ${id}  ${size}, kept with its dataset in ${took()}`)
  narrator.link(`/provenance/${id}`)
  const { spawn } = createSpawner(client, narrator)
  return spawn({ name: 'model', told: 'reads orders', tags: {} }, { module: id })
}

/** Spawns the actors from the sources in `examples/`. */
export async function spawnCast(client: Client, narrator: Narrator): Promise<Cast> {
  const { actor } = createSpawner(client, narrator)
  const cash = await actor('cash', 'token.ts', { Ticker: 'CASH', Denomination: '0' })
  const goods = await actor('goods', 'token.ts', { Ticker: 'GOODS', Denomination: '0' })
  const feed = await actor('feed', 'price-feed.ts', {
    Asset: 'GOODS',
    'Start-Price': '100',
    Swing: '20',
  })
  const ids = { Feed: feed.id, Cash: cash.id, Goods: goods.id }
  const market = await actor('market', 'market.ts', ids)
  const model = await spawnModel(client, narrator)
  const rules = { Market: market.id, Model: model.id, Goal: goal, 'Max-Order': '1000' }
  const trader = await actor('trader', 'agent/trader.ts', { ...ids, ...rules }, [everySecond])
  return { cash, goods, feed, market, model, trader }
}
