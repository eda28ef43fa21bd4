import type { Dice } from './dice.ts'
import { fair, type Weather } from './network.ts'
import type { Cluster, SimulatedNode } from './node.ts'

/**
 * What may go wrong in one run. Each run draws its own selection: one with everything at once seldom
 * gets far enough to break in an interesting place (Groce et al., Swarm Testing, ISSTA 2012).
 */
type Plan = {
  readonly crashes: boolean
  readonly stops: boolean
  readonly partitions: boolean
  readonly rot: boolean
  readonly fullDisk: boolean
  readonly clockSteps: boolean
  readonly syncFailure: number
  readonly readRot: number
  readonly syncMsMax: number
  readonly weather: Weather
  /** Mean time between two faults. */
  readonly everyMs: number
}

function drawPlan(dice: Dice): Plan {
  const failing = dice.chance(0.5)
  return {
    crashes: dice.chance(0.8),
    stops: dice.chance(0.3),
    partitions: dice.chance(0.5),
    rot: dice.chance(0.3),
    clockSteps: dice.chance(0.4),
    fullDisk: failing && dice.chance(0.5),
    syncFailure: failing && dice.chance(0.6) ? dice.between(0, 0.1) : 0,
    // Not together with writes that fail: a journal that repairs itself must be able to trust a read.
    readRot: !failing && dice.chance(0.4) ? dice.between(0, 0.1) : 0,
    syncMsMax: dice.pick([3, 3, 30, 150]),
    weather: {
      loss: dice.chance(0.6) ? dice.between(0, 0.3) : 0,
      repeat: dice.chance(0.6) ? dice.between(0, 0.3) : 0,
      reset: 0.5,
      delayMsMax: dice.pick([2, 20, 300]),
    },
    everyMs: dice.pick([300, 1000, 3000]),
  }
}

/** Breaks things at random until `durationMs` are over; then mends all. */
export async function runFaults(world: Cluster, durationMs: number): Promise<void> {
  const { log, network, nodes, time } = world
  const dice = world.dice.fork('faults')
  const plan = drawPlan(dice)
  log.add(`plan ${JSON.stringify(plan)}`)
  const endMs = time.nowMs + durationMs
  network.weather = plan.weather
  for (const { disk } of nodes) {
    disk.syncFailure = plan.syncFailure
    disk.readRot = plan.readRot
    disk.latencyMsMax = plan.syncMsMax
  }
  const faults = faultsOf(plan)
  for (;;) {
    await time.sleep(dice.between(0, 2 * plan.everyMs))
    if (time.nowMs >= endMs) break
    if (faults.length > 0) dice.pick(faults)(world, dice.pick(nodes), dice)
  }
  network.weather = fair
  network.mendAll()
  for (const { disk } of nodes) {
    disk.free()
    disk.onSync = undefined
    disk.syncFailure = 0
    disk.readRot = 0
  }
  log.add('faults end')
}

type Fault = (world: Cluster, node: SimulatedNode, dice: Dice) => void

function faultsOf(plan: Plan): Fault[] {
  const crash: Fault = (world, node, dice) => {
    if (node.isDown) return
    node.crash(dice.chance(0.7))
    if (plan.rot && dice.chance(0.5)) node.rot()
    restart(world, node, dice)
  }
  // At a time drawn from nothing a disk is mostly idle, and nothing tears.
  const crashInWrite: Fault = (world, node, dice) => {
    node.disk.onSync = () => crash(world, node, dice)
  }
  return [
    ...(plan.crashes ? [crash, crashInWrite, crashInWrite] : []),
    ...(plan.stops ? [stop] : []),
    ...(plan.partitions ? [partition] : []),
    ...(plan.fullDisk ? [fillDisk] : []),
    ...(plan.clockSteps ? [stepClock] : []),
  ]
}

function restart(world: Cluster, node: SimulatedNode, dice: Dice): void {
  world.time.after(dice.between(1, 2000), () => {
    if (node.isDown) void node.start()
  })
}

const stop: Fault = (world, node, dice) => {
  if (node.rooms !== undefined) void node.stop().then(() => restart(world, node, dice))
}

const partition: Fault = ({ log, network, nodes, time }, node, dice) => {
  const other = dice.pick(nodes.filter((one) => one !== node))
  log.add(`${node.name} and ${other.name} are cut off`)
  network.cut(node.name, other.name)
  time.after(dice.between(50, 4000), () => {
    log.add(`${node.name} and ${other.name} are joined`)
    network.mend(node.name, other.name)
  })
}

const fillDisk: Fault = ({ log, time }, node, dice) => {
  log.add(`${node.name} has a full disk`)
  node.disk.fill(dice.whole(0, 2000))
  time.after(dice.between(50, 2000), () => {
    log.add(`${node.name} has room again`)
    node.disk.free()
  })
}

const stepClock: Fault = ({ log }, node, dice) => {
  node.clockOffsetMs = dice.whole(-60_000, 60_000)
  node.clockSteps++
  log.add(`${node.name} has its clock at ${node.clockOffsetMs} ms`)
}
