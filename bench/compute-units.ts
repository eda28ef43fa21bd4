import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ComputeOptions, createCompute } from '@heddle/node/compute'
import { createVerifier } from '@heddle/node/gateway'
import { openJournal } from '@heddle/node/journal'
import { createRuntime, ed25519Signer, nodeCrypto } from '@heddle/node/runtime'
import { createScheduler, type Scheduler } from '@heddle/node/scheduler'
import { encodeBase64Url, encodeText } from '@heddle/protocol/base'
import { createItem, type Item } from '@heddle/protocol/item'

export const runtime = createRuntime()
const { clock, random } = runtime
const signer = ed25519Signer(random.bytes(32))
export const address = encodeBase64Url(nodeCrypto.sha256(signer.owner))

export function sign(
  tags: Record<string, string>,
  data: string | Uint8Array,
  target?: string,
): Promise<Item> {
  const list = Object.entries({ 'Data-Protocol': 'ao', Variant: 'ao.TN.1', ...tags })
  const draft = {
    tags: list.map(([name, value]) => ({ name, value })),
    data: typeof data === 'string' ? encodeText(data) : data,
    anchor: random.bytes(32),
    ...(target === undefined ? {} : { target }),
  }
  return createItem(draft, signer, nodeCrypto)
}

/** The scheduler's log as the evaluator sees it; what is scheduled while it is shut waits behind it. */
function createSluice(scheduler: Scheduler) {
  const waiting: [string, number][] = []
  let isShut = false
  let tell: (processId: string, slot: number) => void = () => {}
  scheduler.onScheduled((processId, slot) => {
    if (isShut) waiting.push([processId, slot])
    else tell(processId, slot)
  })
  const log = {
    entries: scheduler.entries.bind(scheduler),
    slotOf: scheduler.slotOf.bind(scheduler),
    processes: scheduler.processes.bind(scheduler),
    head: scheduler.head.bind(scheduler),
    onScheduled: (listener: typeof tell) => {
      tell = listener
    },
  }
  const shut = () => {
    isShut = true
  }
  const open = () => {
    isShut = false
    for (const [processId, slot] of waiting.splice(0)) tell(processId, slot)
  }
  return { log, shut, open }
}

/** A scheduler and a compute unit on a real disk: what a node runs, without its HTTP server. */
export async function openUnits(folder: string, options: Partial<ComputeOptions> = {}) {
  const items = new Map<string, Item>()
  const source = { item: async (id: string) => items.get(id) }
  const verifier = createVerifier()
  const verify = (item: Item) => verifier.verify(item)
  const baseLayer = {
    height: () => 1,
    timestampMs: () => 1,
    blockId: () => 'A'.repeat(43),
    settled: async () => false,
  }
  const journal = await openJournal(join(folder, 'scheduler'), runtime)
  const results = await openJournal(join(folder, 'results'), runtime)
  const scheduler = await createScheduler(
    {
      journal,
      signer,
      engine: nodeCrypto,
      runtime,
      verify,
      baseLayer,
      items: source,
      onSigned: (assignment) => verifier.remember(assignment),
    },
    { indexPath: join(folder, 'scheduler.sqlite') },
  )
  const sluice = createSluice(scheduler)
  const compute = await createCompute(
    {
      log: sluice.log,
      items: source,
      verify,
      results,
      checkpointFolder: join(folder, 'checkpoints'),
      runtime,
      engine: nodeCrypto,
      address,
    },
    options,
  )
  const evaluate = async (item: Item) => {
    const { processId, slot } = await scheduler.schedule(item)
    return compute.result(processId, slot)
  }
  const close = async () => {
    await compute.close()
    await scheduler.close()
    await verifier.close()
    await journal.close()
    await results.close()
  }
  return { items, scheduler, compute, sluice, verify, evaluate, close }
}

export type Units = Awaited<ReturnType<typeof openUnits>>

export async function addModule({ items }: Units, path: string, format: string): Promise<string> {
  const tags = {
    Type: 'Module',
    'Module-Format': format,
    'Input-Encoding': 'JSON-1',
    'Output-Encoding': 'JSON-1',
    'Memory-Limit': '1-gb',
    'Compute-Limit': '9000000000000',
  }
  const item = await sign(tags, new Uint8Array(readFileSync(path)))
  items.set(item.id, item)
  return item.id
}

/** Items that a node has checked when they came in, as its gateway does. */
export async function receive(
  units: Units,
  processId: string,
  count: number,
  data = ' ',
): Promise<Item[]> {
  const items: Item[] = []
  for (let i = 0; i < count; i++) {
    const item = await sign({ Type: 'Message', Action: 'Inc' }, data, processId)
    if (!(await units.verify(item))) throw new Error('a good signature was refused')
    items.push(item)
  }
  return items
}

/** Milliseconds a message of a backlog takes, from the log to its durable result. */
export async function evaluateBacklog(
  units: Units,
  processId: string,
  count: number,
): Promise<number> {
  units.sluice.shut()
  const items = await receive(units, processId, count)
  const receipts = await Promise.all(items.map((item) => units.scheduler.schedule(item)))
  const startMs = clock.elapsedMs()
  units.sluice.open()
  await units.compute.result(processId, receipts.at(-1)?.slot ?? 0)
  return (clock.elapsedMs() - startMs) / count
}

const incHandler = `Counter = 0
Handlers.add("Inc", "Inc", function(m)
  Counter = Counter + 1
  ao.send({ Target = m.From, Data = tostring(Counter) })
end)`

/** An aos process whose handler for `Inc` counts and answers. */
export async function spawnAos({ evaluate }: Units, module: string): Promise<string> {
  const process = await sign({ Type: 'Process', Module: module, Scheduler: address }, ' ')
  await evaluate(process)
  const { result } = await evaluate(
    await sign({ Type: 'Message', Action: 'Eval' }, incHandler, process.id),
  )
  if (result.Error !== undefined) throw new Error(String(result.Error))
  return process.id
}
