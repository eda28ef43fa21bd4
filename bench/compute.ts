import { newDataFolder, removeFolder } from '../e2e/node-process.ts'
import { fetchModules } from '../scripts/fetch-modules.ts'
import { flag } from './arguments.ts'
import { startChild } from './child.ts'
import { addJsModule, measureActors, measureJsEvaluation, spawnJs } from './compute-actors.ts'
import { measureLoops } from './compute-loops.ts'
import { measureRollback } from './compute-rollback.ts'
import {
  addModule,
  evaluateBacklog,
  openUnits,
  receive,
  runtime,
  sign,
  spawnAos,
  type Units,
} from './compute-units.ts'
import { installPeer } from './peers.ts'
import { quantile, remark, report } from './report.ts'

const rounds = 24
const perRound = 50
const peerPerRound = 3
/** V8 compiles a module's hot functions anew during the first messages; both sides get these for that. */
const warmUpMessages = 1000
const peerWarmUpMessages = 10
const hotProcesses = 200
/** A size that takes half a minute; the full one is 10000,1000. */
const defaultActors = { js: 400, aos: 40 }

const { clock, timer } = runtime

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
  for (let i = 0; i < hotProcesses; i++) ids.push(await spawnAos(units, module))
  for (const id of ids) {
    await units.evaluate(await sign({ Type: 'Message', Action: 'Inc' }, ' ', id))
  }
  await timer.sleep(500)
  const perProcess = (process.memoryUsage.rss() - before) / hotProcesses / 2 ** 20
  const note = `${hotProcesses} hot aos wasm32 processes, each with a handler that has run`
  report({ bench: 'compute', metric: 'hot-rss', value: perProcess, unit: 'MB/process', note })
}

/** `--only=inc,hot,rollback,loops,js-eval,actors` measures these alone; `--actors=JS,AOS` and `--memory-mib=N` set sizes. */
function readFlags() {
  const only = flag('only')?.split(',')
  const [js = defaultActors.js, aos = defaultActors.aos] =
    flag('actors')?.split(',').map(Number) ?? []
  const wants = (name: string) => only === undefined || only.includes(name)
  return { wants, actors: { js, aos }, memoryMebibytes: Number(flag('memory-mib') ?? 64) }
}

export async function run(): Promise<void> {
  const { wants, actors, memoryMebibytes } = readFlags()
  const modules = await fetchModules()
  const aosPath = 'skipped' in modules ? undefined : modules.wasm32
  // First: resident memory is that of the whole program, and does not fall again.
  if (wants('actors')) await measureActors(actors, memoryMebibytes, aosPath)
  if (wants('loops')) measureLoops()
  if (wants('js-eval')) await measureJsEvaluation()
  if (aosPath === undefined) return remark('aos is not measured: its module cannot be fetched')
  if (wants('inc') || wants('hot') || wants('rollback')) await measureAos(aosPath, wants)
}

async function measureAos(aosPath: string, wants: (name: string) => boolean): Promise<void> {
  const folder = newDataFolder()
  const units = await openUnits(folder)
  const module = await addModule(units, aosPath, 'wasm32-unknown-emscripten4')
  const peer = wants('inc') ? installPeer('@permaweb/ao-loader', '0.0.49') : undefined
  if (peer !== undefined && 'missing' in peer) remark(`inc is not measured: ${peer.missing}`)
  else if (peer !== undefined) {
    const processId = await spawnAos(units, module)
    await measureInc(units, processId, peer.path, aosPath)
  }
  if (wants('hot')) await measureHot(units, module)
  if (wants('rollback')) {
    const failing = { action: 'Eval', data: 'error("no")' }
    await measureRollback(units, { name: 'aos', spawn: () => spawnAos(units, module), failing })
    const js = await addJsModule(units)
    const throwing = { action: 'Throw', data: ' ' }
    const spawn = () => spawnJs(units, js)
    await measureRollback(units, { name: 'js', spawn, failing: throwing })
  }
  await units.close()
  removeFolder(folder)
}
