import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createCompute } from '@heddle/node/compute'
import { openJournal } from '@heddle/node/journal'
import { createRuntime, ed25519Signer, nodeCrypto } from '@heddle/node/runtime'
import { createScheduler } from '@heddle/node/scheduler'
import { encodeBase64Url, encodeText } from '@heddle/protocol/base'
import { createItem, type Item, verifyItem } from '@heddle/protocol/item'
import { newDataFolder, removeFolder } from '../e2e/node-process.ts'
import { fetchModules } from '../scripts/fetch-modules.ts'
import { startChild } from './child.ts'
import { installPeer } from './peers.ts'
import { quantile, remark, report } from './report.ts'

const messages = 400
const perRound = 20
const peerPerRound = 3
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

/** A scheduler and a compute unit on a real disk: what a node runs, without its HTTP server. */
async function openUnits(folder: string) {
  const items = new Map<string, Item>()
  const source = { item: async (id: string) => items.get(id) }
  const verify = (item: Item) => verifyItem(item, nodeCrypto)
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
    },
    { indexPath: join(folder, 'scheduler.sqlite') },
  )
  const compute = await createCompute({
    log: scheduler,
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
  return { items, scheduler, compute, evaluate }
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

/** p50 of one message: from its durable slot to its durable result, signatures and chain checked. */
async function measureInc(units: Units, processId: string, peerPath: string, modulePath: string) {
  const script = new URL('ao-loader-peer.mjs', import.meta.url).pathname
  const peer = startChild(process.execPath, ['--no-warnings', script, peerPath, modulePath])
  await peer.next()
  const ours: number[] = []
  const theirs: number[] = []
  while (ours.length < messages) {
    for (let i = 0; i < perRound; i++) {
      const item = await sign({ Type: 'Message', Action: 'Inc' }, ' ', processId)
      const { slot } = await units.scheduler.schedule(item)
      const startMs = clock.elapsedMs()
      await units.compute.result(processId, slot)
      ours.push(clock.elapsedMs() - startMs)
    }
    theirs.push(...(JSON.parse(await peer.ask(String(peerPerRound))) as number[]))
  }
  peer.stop()
  // The first tenth warms up both.
  const settled = (times: number[]) => quantile(times.slice(times.length / 10), 0.5)
  const value = settled(ours)
  const peerValue = settled(theirs)
  report({
    bench: 'compute',
    metric: 'inc-p50',
    value,
    unit: 'ms',
    peer: `ao-loader 0.0.49 copy mode: ${peerValue.toFixed(1)} ms`,
    ratio: peerValue / value,
    note: 'aos wasm32, durable slot to durable result, one at a time, interleaved',
  })
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
  await units.compute.close()
  await units.scheduler.close()
  removeFolder(folder)
}
