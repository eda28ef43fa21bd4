import { setImmediate as nextTurn } from 'node:timers/promises'
import { parentPort } from 'node:worker_threads'
import { assert, errorMessage } from '@heddle/protocol/base'
import { createRuntime, nodeCrypto } from '../../runtime/index.ts'
import { carryError } from '../carried-error.ts'
import { type Catalog, openCatalog } from './catalog.ts'
import type { Answer, Asked, CallName, Reply, Request } from './protocol.ts'
import { unpackRows } from './row-batch.ts'
import { countMatches, search } from './search.ts'
import { TermMaker } from './terms.ts'

/**
 * Entry of the catalog's thread, the one owner of the index file. Calls are taken as they come;
 * a search lets others in between its windows, a write waits for the checkpoint before it.
 */
const { disk } = createRuntime()
const terms = new TermMaker(nodeCrypto)
let opened: Catalog | undefined
let resting: Promise<void> = Promise.resolve()

type Handlers = {
  readonly [Name in CallName]: (asked: Asked<Name>) => Answer<Name> | Promise<Answer<Name>>
}

const handlers: Handlers = {
  async open({ path, heads }) {
    opened = await openCatalog(path, disk, heads)
    return { known: opened.keptIds().bits }
  },
  progress: ({ logs }) => logs.map((log) => catalog().progress(log)),
  async write({ log, batch, from, next, passed }) {
    await resting
    const target = catalog()
    const known = target.progress(log)
    assert(known === from, `rows of ${log} from ${from} continue the index, which is at ${known}`)
    const slots = unpackRows(batch, nodeCrypto, terms, (id) => target.orderedHeight(id))
    target.write(log, slots, next, passed)
    rest(target)
    return undefined
  },
  async settle({ log, blocks }) {
    await resting
    catalog().settle(blocks, log)
    rest(catalog())
    return undefined
  },
  unopened: () => catalog().unopened(),
  find: ({ id }) => catalog().find(id),
  isKept: ({ id }) => catalog().isKept(id),
  orderedHeight: ({ id }) => catalog().orderedHeight(id),
  unordered: () => catalog().unordered(),
  weaveOf: ({ slot }) => catalog().weaveOf(slot),
  weaveAt: ({ offset }) => catalog().weaveAt(offset),
  search: ({ wanted }) => search(catalog(), wanted, pause),
  count: ({ wanted }) => countMatches(catalog(), wanted, pause),
  async close() {
    await resting
    await opened?.close()
    return undefined
  },
}

function catalog(): Catalog {
  assert(opened !== undefined, 'the catalog is opened before it is asked')
  return opened
}

/** Lets the calls that have come meanwhile go first. */
const pause = () => nextTurn()

/** A checkpoint that fails costs disk space, not answers. */
function rest(target: Catalog): void {
  resting = target.rest().catch((error) => send({ fault: errorMessage(error) }))
}

parentPort?.on('message', (requests: readonly Request[]) => {
  for (const request of requests) void take(request)
})

async function take({ call, name, asked }: Request): Promise<void> {
  try {
    // A name and what is asked under it come from the same `ask`.
    const answer = await (handlers[name] as (asked: unknown) => unknown)(asked)
    send({ call, answer })
  } catch (error) {
    send({ call, error: carryError(error) })
  }
  if (name !== 'close') return
  flush()
  parentPort?.close()
}

let replies: Reply[] = []

/** What can be answered in one go wakes the event loop once. */
function send(reply: Reply): void {
  replies.push(reply)
  if (replies.length === 1) setImmediate(flush)
}

function flush(): void {
  if (replies.length > 0) parentPort?.postMessage(replies)
  replies = []
}
