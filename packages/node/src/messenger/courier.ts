import type { Item } from '@heddle/protocol/item'
import { Deliverer } from './deliver.ts'
import { Fates } from './fates.ts'
import { Lanes } from './lanes.ts'
import { LetterTable } from './letter-table.ts'
import { Locator } from './locate.ts'
import type { MessengerOptions } from './options.ts'
import { Outbound } from './outbound.ts'
import { Peers } from './peers.ts'
import type { MessengerDeps } from './ports.ts'
import { Pump } from './pump.ts'
import { RemoteScheduler } from './remote-scheduler.ts'
import { Sealer, signsAtRandom } from './seal.ts'
import { Senders } from './senders.ts'
import type { State } from './state.ts'
import { TickTable } from './tick-table.ts'
import { Ticker } from './ticker.ts'

/** Announced schedulers asked for a process that no configured peer knows. */
const announcedMax = 16

/** All that is in memory. It can be dropped at any moment: a new one goes on from the state file. */
export type Courier = {
  readonly letters: LetterTable
  readonly lanes: Lanes
  readonly pump: Pump
  readonly ticker: Ticker
  readonly locator: Locator
  readonly remote: RemoteScheduler
  readonly senders: Senders
  readonly sealer: Sealer
  /** Starts from what the state file holds. */
  start(): void
  /** Takes nothing on any more; resolves when what is under way is done. */
  stop(): Promise<void>
}

/** Puts the parts together. `address` is that of the node's key. */
export function createCourier(
  deps: MessengerDeps,
  options: MessengerOptions,
  state: State,
  address: string,
): Courier {
  const { scheduler, items, runtime, signer, engine } = deps
  const letters = new LetterTable(state)
  const senders = new Senders(deps)
  const outbound = new Outbound(deps.fetch, runtime, options)
  const remote = new RemoteScheduler(outbound)
  const announced = () => items.announcedSchedulers(announcedMax)
  const locator = new Locator({
    ...{ scheduler, items, state, options, address, clock: runtime.clock },
    peers: new Peers(deps.peers, outbound, announced, runtime.clock),
    publicUrl: deps.publicUrl,
  })
  const { itemBytesMax } = options
  const onSigned = (item: Item) => deps.onSigned?.(item)
  const sealer = new Sealer({ signer, engine, letters, state, itemBytesMax, onSigned })
  const deliverer = new Deliverer({ scheduler, items, locator, remote, senders, sealer, options })
  const lanes = new Lanes({
    ...deps,
    fates: new Fates({ ...deps, letters, options }),
    ...{ deliverer, letters, options, rowsFirst: signsAtRandom(signer) },
    onSettled: (letter) => pump.settled(letter),
    onRoom: () => pump.resume(),
    mayRun: (processId) => pump.mayRun(processId),
  })
  const pump: Pump = new Pump({ ...deps, lanes, letters, state, senders, options })
  const ticker = new Ticker({ ...deps, senders, options, table: new TickTable(state) })
  return {
    ...{ letters, lanes, pump, ticker, locator, remote, senders, sealer },
    start() {
      state.onCommit(() => pump.writeCursors())
      lanes.sweep()
      ticker.wake()
      pump.catchUp()
    },
    async stop() {
      pump.stop()
      outbound.close()
      await Promise.all([lanes.stop(), ticker.stop()])
    },
  }
}
