import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createCompute } from '@heddle/node/compute'
import { createVerifier } from '@heddle/node/gateway'
import { openJournal } from '@heddle/node/journal'
import { createRuntime, ed25519Signer, nodeCrypto } from '@heddle/node/runtime'
import { createScheduler, type Scheduler } from '@heddle/node/scheduler'
import { encodeBase64Url, encodeText } from '@heddle/protocol/base'
import { createItem, type Item } from '@heddle/protocol/item'
import { newDataFolder, removeFolder } from '../e2e/node-process.ts'
import { fetchModules } from '../scripts/fetch-modules.ts'
import { startChild } from './child.ts'
import { installPeer } from './peers.ts'
import { quantile, remark, report } from './report.ts'

const rounds = 24
const perRound = 50
const peerPerRound = 3
/** V8 compiles a module's hot functions anew during the first messages; both sides get these for that. */
const warmUpMessages = 1000
const peerWarmUpMessages = 10
const hotProcesses = 200

const runtime = createRuntime()
const { clock, random, timer } = runtime
const signer = ed25519Signer(random.bytes(32))
const address = encodeBase64Url(nodeCrypto.sha256(signer.owner))

function sign(
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
async function openUnits(folder: string) {
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
  const scheduler = await createScheduler(
    {
      journal: await openJournal(join(folder, 'scheduler'), runtime),
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
  const compute = await createCompute({
    log: sluice.log,
    items: source,
    verify,
    results: await openJournal(join(folder, 'results'), runtime),
    checkpointFolder: join(folder, 'checkpoints'),
    runtime,
    engine: nodeCrypto,
    address,
  })
  const evaluate = async (item: Item) => {
    const { processId, slot } = await scheduler.schedule(item)
    return compute.result(processId, slot)
  }
  const close = async () => {
    await compute.close()
    await scheduler.close()
    await verifier.close()
  }
  return { items, scheduler, compute, sluice, verify, evaluate, close }
}

type Units = Awaited<ReturnType<typeof openUnits>>

const incHandler = `Counter = 0
Handlers.add("Inc", "Inc", function(m)
  Counter = Counter + 1
  ao.send({ Target = m.From, Data = tostring(Counter) })
end)`

async function spawnAos({ evaluate }: Units, module: string, source: string): Promise<string> {
  const process = await sign({ Type: 'Process', Module: module, Scheduler: address }, ' ')
  await evaluate(process)
  const { result } = await evaluate(
    await sign({ Type: 'Message', Action: 'Eval' }, source, process.id),
  )
  if (result.Error !== undefined) throw new Error(String(result.Error))
  return process.id
}

async function addModule({ items }: Units, path: string, format: string): Promise<string> {
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
async function receive(units: Units, processId: string, count: number): Promise<Item[]> {
  const items: Item[] = []
  for (let i = 0; i < count; i++) {
    const item = await sign({ Type: 'Message', Action: 'Inc' }, ' ', processId)
    if (!(await units.verify(item))) throw new Error('a good signature was refused')
    items.push(item)
  }
  return items
}

/** Milliseconds a message of a backlog takes, from the log to its durable result. */
async function evaluateBacklog(units: Units, processId: string, count: number): Promise<number> {
  units.sluice.shut()
  const items = await receive(units, processId, count)
  const receipts = await Promise.all(items.map((item) => units.scheduler.schedule(item)))
  const startMs = clock.elapsedMs()
  units.sluice.open()
  await units.compute.result(processId, receipts.at(-1)?.slot ?? 0)
  return (clock.elapsedMs() - startMs) / count
}

/** Milliseconds from one message's durable slot to its durable result, with nothing else to do. */
async function evaluateAlone(units: Units, processId: string): Promise<number> {
  const [item] = await receive(units, processId, 1)
  if (item === undefined) throw new Error('one item')
  const { slot } = await units.scheduler.schedule(item)
  const startMs = clock.elapsedMs()
  await units.compute.result(processId, slot)
  return clock.elapsedMs() - startMs
}

/** The whole evaluator (log, checks of the chain, thread, durable result) against ao-loader's copy mode. */
async function measureInc(units: Units, processId: string, peerPath: string, modulePath: string) {
  const script = new URL('ao-loader-peer.mjs', import.meta.url).pathname
  const peer = startChild(process.execPath, ['--no-warnings', script, peerPath, modulePath])
  await peer.next()
  await evaluateBacklog(units, processId, warmUpMessages)
  await peer.ask(String(peerWarmUpMessages))
  const ours: number[] = []
  const alone: number[] = []
  const theirs: number[] = []
  for (let round = 0; round < rounds; round++) {
    ours.push(await evaluateBacklog(units, processId, perRound))
    for (let i = 0; i < 5; i++) alone.push(await evaluateAlone(units, processId))
    theirs.push(...(JSON.parse(await peer.ask(String(peerPerRound))) as number[]))
  }
  peer.stop()
  const peerMs = quantile(theirs, 0.5)
  const shared = {
    bench: 'compute',
    unit: 'ms',
    peer: `ao-loader 0.0.49 copy mode, evaluation alone: ${peerMs.toFixed(1)} ms`,
  }
  const figure = (metric: string, value: number, note: string) =>
    report({ ...shared, metric, value, ratio: peerMs / value, note })
  const backlog = `aos wasm32 Inc, per message, median of ${rounds} backlogs of ${perRound}`
  figure('inc-p50', quantile(ours, 0.5), `${backlog}: from the log to the durable result`)
  const single = 'one message at a time, from its durable slot to its durable result'
  figure('inc-latency-p50', quantile(alone, 0.5), single)
}

/** Resident memory of one hot aos process: what 200 of them add, divided by 200. */
async function measureHot(units: Units, module: string): Promise<void> {
  await timer.sleep(500)
  const before = process.memoryUsage.rss()
  const ids: string[] = []
  for (let i = 0; i < hotProcesses; i++) ids.push(await spawnAos(units, module, incHandler))
  for (const id of ids) {
    await units.evaluate(await sign({ Type: 'Message', Action: 'Inc' }, ' ', id))
  }
  await timer.sleep(500)
  const perProcess = (process.memoryUsage.rss() - before) / hotProcesses / 2 ** 20
  const note = `${hotProcesses} hot aos wasm32 processes, each with a handler that has run`
  report({ bench: 'compute', metric: 'hot-rss', value: perProcess, unit: 'MB/process', note })
}

export async function run(): Promise<void> {
  const modules = await fetchModules()
  if ('skipped' in modules) return remark(`compute is not measured: ${modules.skipped}`)
  const peer = installPeer('@permaweb/ao-loader', '0.0.49')
  if ('missing' in peer) return remark(`compute is not measured: ${peer.missing}`)
  const folder = newDataFolder()
  const units = await openUnits(folder)
  const module = await addModule(units, modules.wasm32, 'wasm32-unknown-emscripten4')
  const processId = await spawnAos(units, module, incHandler)
  await measureInc(units, processId, peer.path, modules.wasm32)
  await measureHot(units, module)
  await units.close()
  removeFolder(folder)
}
