import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { buildJsModule } from '@heddle/node/compute'
import { nodeCrypto } from '@heddle/node/runtime'
import { newDataFolder, removeFolder } from '../e2e/node-process.ts'
import {
  addModule,
  address,
  evaluateBacklog,
  openUnits,
  receive,
  runtime,
  sign,
  spawnAos,
  type Units,
} from './compute-units.ts'
import { quantile, remark, report } from './report.ts'

const { clock, random, timer } = runtime
const bench = 'compute'

/** Spawns under way at once. */
const spawning = 32
const wakes = 200
const jsRounds = 12
const jsPerRound = 2000
const jsWarmUp = 4000

const jsCounter = `let count = 0
on('Inc', msg => { count += 1; msg.reply({ data: String(count) }) })
on('Throw', () => { count += 100; throw new Error('no') })`

/** Messages of one js actor: what a thread can do, and with the log and the results around it. */
export async function measureJsEvaluation(): Promise<void> {
  const folder = newDataFolder()
  const units = await openUnits(folder, { workers: 1 })
  const processId = await spawnJs(units, await addJsModule(units))
  await evaluateBacklog(units, processId, jsWarmUp)
  const backlog: number[] = []
  const evaluated: number[] = []
  for (let round = 0; round < jsRounds; round++) {
    const before = (await units.compute.status(processId)).cost.elapsedMs
    backlog.push(1000 / (await evaluateBacklog(units, processId, jsPerRound)))
    const { cost } = await units.compute.status(processId)
    evaluated.push((1000 * jsPerRound) / (cost.elapsedMs - before))
  }
  const rounds = `one actor, median of ${jsRounds} backlogs of ${jsPerRound}`
  const unit = 'messages/s'
  const note = `${rounds}: time in the compute thread, results read, digested, bases taken`
  report({ bench, metric: 'js-eval', value: quantile(evaluated, 0.5), unit, note })
  const whole = `${rounds}, one thread: from the log to the durable result`
  report({ bench, metric: 'js-backlog', value: quantile(backlog, 0.5), unit, note: whole })
  await units.close()
  removeFolder(folder)
}

export type ActorCounts = { readonly js: number; readonly aos: number }

/** Many actors on one unit with a small budget: resident memory, disk, and how fast one wakes. */
export async function measureActors(
  counts: ActorCounts,
  memoryMebibytes: number,
  aosPath: string | undefined,
): Promise<void> {
  const folder = newDataFolder()
  remark(`resident before: ${residentMebibytes().toFixed(0)} MiB`)
  const units = await openUnits(folder, { hotBytesMax: memoryMebibytes * 2 ** 20 })
  const jsModule = await addJsModule(units)
  const startMs = clock.elapsedMs()
  const js = await spawnMany(counts.js, () => spawnJs(units, jsModule))
  remark(`resident with ${js.length} js: ${residentMebibytes().toFixed(0)} MiB`)
  const jsDisk = await folderBytes(join(folder, 'checkpoints'))
  let aos: string[] = []
  if (aosPath !== undefined && counts.aos > 0) {
    const module = await addModule(units, aosPath, 'wasm32-unknown-emscripten4')
    aos = await spawnMany(counts.aos, () => spawnAos(units, module))
  }
  remark(`spawned in ${((clock.elapsedMs() - startMs) / 1000).toFixed(0)} s`)
  await timer.sleep(2_000)
  const rss = residentMebibytes()
  const what = `${js.length} js and ${aos.length} aos actors, ${memoryMebibytes} MiB for live ones`
  report({ bench, metric: 'actors-rss', value: rss, unit: 'MiB', note: what })
  const heap = process.memoryUsage().heapUsed / 2 ** 20
  remark(
    `main heap ${heap.toFixed(0)} MiB; js checkpoints ${(jsDisk / 1024 / js.length).toFixed(1)} KiB/actor`,
  )
  if (js.length > 0) await measureWakes(units, js, 'wake-js-p50', what)
  if (aos.length > 0) await measureWakes(units, aos, 'wake-aos-p50', what)
  remark(`resident after the wakes: ${residentMebibytes().toFixed(0)} MiB`)
  await units.close()
  removeFolder(folder)
}

/** From one message's durable slot to its durable result, actors that sleep, in any order. */
async function measureWakes(
  units: Units,
  actors: readonly string[],
  metric: string,
  note: string,
): Promise<void> {
  const times: number[] = []
  // The oldest, each once: they are asleep where the actors are more than have room.
  for (const actor of actors.slice(0, Math.min(wakes, actors.length))) {
    const [item] = await receive(units, actor, 1)
    if (item === undefined) throw new Error('one item')
    const { slot } = await units.scheduler.schedule(item)
    const startMs = clock.elapsedMs()
    const { result } = await units.compute.result(actor, slot)
    times.push(clock.elapsedMs() - startMs)
    if (result.Error !== undefined) throw new Error(String(result.Error))
  }
  remark(
    `${metric}: p10 ${quantile(times, 0.1).toFixed(1)}, p90 ${quantile(times, 0.9).toFixed(1)} ms`,
  )
  report({ bench, metric, value: quantile(times, 0.5), unit: 'ms', note })
}

async function spawnMany(count: number, spawn: () => Promise<string>): Promise<string[]> {
  const ids: string[] = []
  let started = 0
  const work = async () => {
    while (started < count) {
      started++
      ids.push(await spawn())
    }
  }
  await Promise.all(Array.from({ length: spawning }, work))
  return ids
}

export async function addJsModule({ items }: Units): Promise<string> {
  const item = await buildJsModule(nodeCrypto, runtime.disk)
  items.set(item.id, item)
  return item.id
}

/** A `js` process that has counted once. */
export async function spawnJs({ evaluate }: Units, module: string): Promise<string> {
  const tags = { Type: 'Process', Module: module, Scheduler: address }
  const process = await sign(tags, `${jsCounter}\nlet own = '${random.bytes(8).join()}'`)
  const { result } = await evaluate(process)
  if (result.Error !== undefined) throw new Error(String(result.Error))
  await evaluate(await sign({ Type: 'Message', Action: 'Inc' }, ' ', process.id))
  return process.id
}

function residentMebibytes(): number {
  return process.memoryUsage.rss() / 2 ** 20
}

async function folderBytes(folder: string): Promise<number> {
  let bytes = 0
  for (const name of await readdir(folder)) {
    const { blocks } = await stat(join(folder, name)).catch(() => ({ blocks: 0 }))
    bytes += blocks * 512
  }
  return bytes
}
