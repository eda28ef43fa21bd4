import { fileURLToPath } from 'node:url'
import type { Client, ProcessHandle, Tag } from '@heddle/sdk'
import { readActorSource } from '@heddle/sdk/node'
import type { Narrator } from './narrator.ts'

/** The actors of the tour: two tokens, a feed, a market maker and the trader. */
export type Cast = {
  readonly cash: ProcessHandle
  readonly goods: ProcessHandle
  readonly feed: ProcessHandle
  readonly market: ProcessHandle
  readonly trader: ProcessHandle
}

const everySecond = { name: 'Cron-Interval', value: '1-second' }

function sourceOf(file: string): Promise<string> {
  return readActorSource(fileURLToPath(new URL(`../../../../examples/${file}`, import.meta.url)))
}

/** Spawns the actors from the sources in `examples/`. */
export async function spawnCast(client: Client, narrator: Narrator): Promise<Cast> {
  const spawn = async (
    name: string,
    file: string,
    tags: Record<string, string>,
    more: Tag[] = [],
  ) => {
    const source = await sourceOf(file)
    const took = narrator.stopwatch()
    const list = Object.entries({ Name: name, ...tags }).map(([tag, value]) => ({
      name: tag,
      value,
    }))
    const handle = await client.spawn({ source, tags: [...list, ...more] })
    narrator.step('spawn', `${name.padEnd(7)} ${handle.id}  ${file}, ready in ${took()}`)
    narrator.link(`/cu/results/${handle.id}`)
    return handle
  }
  const cash = await spawn('cash', 'token.ts', { Ticker: 'CASH', Denomination: '0' })
  const goods = await spawn('goods', 'token.ts', { Ticker: 'GOODS', Denomination: '0' })
  const feed = await spawn('feed', 'price-feed.ts', {
    Asset: 'GOODS',
    'Start-Price': '100',
    Swing: '20',
  })
  const ids = { Feed: feed.id, Cash: cash.id, Goods: goods.id }
  const market = await spawn('market', 'market.ts', ids)
  const rules = { Market: market.id, Window: '3', Threshold: '3', 'Max-Order': '1000' }
  const trader = await spawn('trader', 'trader.ts', { ...ids, ...rules }, [everySecond])
  return { cash, goods, feed, market, trader }
}
