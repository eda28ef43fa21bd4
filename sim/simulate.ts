import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nodeCrypto } from '@heddle/node/runtime'
import { decodeText } from '@heddle/protocol/base'
import { createItem } from '@heddle/protocol/item'
import { schedulerLocationDraft } from '@heddle/protocol/message'
import { checkAll } from './checks.ts'
import { createDice } from './dice.ts'
import { EventLog, type Violation } from './event-log.ts'
import { runFaults } from './faults.ts'
import { Network } from './network.ts'
import { type Cluster, SimulatedNode } from './node.ts'
import { urlOf } from './rooms.ts'
import { Users } from './users.ts'
import { VirtualTime } from './virtual-time.ts'
import type { Mutant, World } from './world.ts'

export type Outcome = {
  readonly seed: number
  readonly violations: readonly Violation[]
  readonly lines: readonly string[]
  /** SHA-256 of the event log. */
  readonly digest: string
}

const startMs = Date.UTC(2026, 0, 1)
const faultsMs = 12_000
/** All must be through this long after the last fault. */
const settleMsMax = 60_000
const lookEveryMs = 250
const dayMs = 86_400_000

/** Runs one world from its seed to its end. */
export async function simulate(seed: number, mutant?: Mutant): Promise<Outcome> {
  const folder = mkdtempSync(join(memoryFolder(), 'heddle-sim-'))
  try {
    const time = new VirtualTime(startMs)
    const dice = createDice(`heddle ${seed}`)
    const log = new EventLog(time)
    const network = new Network(time, dice.fork('network'), log)
    const world: World = {
      ...{ time, dice, log, network, folder, mutant },
      ...{ items: new Map(), announcements: new Map() },
      hosts: Array.from({ length: dice.whole(2, 3) }, (_, at) => `n${at}`),
    }
    let isOver = false
    void live(world).then(
      () => {
        isOver = true
      },
      (error: unknown) => {
        log.violate(`the run broke off: ${String(error)}`)
        isOver = true
      },
    )
    // What comes after a broken promise says little.
    const isDone = () => isOver || log.violations.length > 0
    const ended = await time.run(isDone, startMs + faultsMs + 2 * settleMsMax)
    if (!ended) log.violate('the run never came to its end')
    return { seed, violations: log.violations, lines: log.lines, digest: log.digest() }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function live(world: World): Promise<void> {
  const { hosts, time } = world
  const nodes = hosts.map((host) => new SimulatedNode(host, world))
  const cluster: Cluster = { ...world, nodes }
  for (const node of nodes) await announce(world, node)
  for (const node of nodes) void node.start()
  const users = new Users(cluster)
  let areAnswered = false
  void users.act(faultsMs).then(() => {
    areAnswered = true
  })
  await runFaults(cluster, faultsMs)
  for (const node of nodes) if (node.isDown) void node.start()
  const deadlineMs = time.nowMs + settleMsMax
  for (;;) {
    const left = areAnswered ? await backlog(nodes) : 'posts are not answered'
    if (left === '') break
    if (time.nowMs > deadlineMs) return world.log.violate(`not all is through: ${left}`)
    await time.sleep(lookEveryMs)
  }
  // What is checked is what a fresh start reads from the disks.
  await Promise.all(nodes.map((node) => node.stop()))
  await Promise.all(nodes.map((node) => node.start()))
  await time.sleep(lookEveryMs)
  await checkAll(cluster, users.posted)
  await Promise.all(nodes.map((node) => node.stop()))
}

async function announce({ announcements, items }: World, node: SimulatedNode): Promise<void> {
  const draft = schedulerLocationDraft(`${urlOf(node.name)}/su`, dayMs)
  const item = await createItem(draft, node.signer, nodeCrypto)
  items.set(item.id, item)
  announcements.set(node.address, item)
}

/** What is not through yet, in words. */
async function backlog(nodes: readonly SimulatedNode[]): Promise<string> {
  const left: string[] = []
  for (const { name, rooms } of nodes) {
    if (rooms === undefined) left.push(`${name} is down`)
    for (const processId of rooms?.scheduler.processes() ?? []) {
      const url = `/mu/outbox?process-id=${processId}`
      const reply = await rooms?.answer({ method: 'GET', url, body: new Uint8Array(0) })
      const outbox = JSON.parse(decodeText(reply?.body ?? new Uint8Array(0)))
      const isThrough =
        outbox.throughSlot === rooms?.scheduler.head(processId) && outbox.pending === 0
      if (!isThrough) left.push(`${processId} on ${name} ${JSON.stringify(outbox)}`)
    }
  }
  return left.join('; ')
}

/** SQLite's files are real; in memory they cost no disk. */
function memoryFolder(): string {
  return existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
}
