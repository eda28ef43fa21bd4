import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { ed25519Signer, nodeCrypto, type Runtime } from '@heddle/node/runtime'
import { errorMessage, isHeddleError } from '@heddle/protocol/base'
import { ownerAddress, type Signer } from '@heddle/protocol/item'
import type { Dice } from './dice.ts'
import { NodeDisk } from './node-disk.ts'
import { openRooms, type Rooms } from './rooms.ts'
import { carryOver } from './sqlite-files.ts'
import type { Life } from './virtual-time.ts'
import type { World } from './world.ts'

/** The world with its nodes in it. */
export type Cluster = World & { readonly nodes: readonly SimulatedNode[] }

/** `folder` holds SQLite's files of this run. */
type Run = { readonly life: Life; readonly folder: string; rooms: Rooms | undefined }

const reopenMs = 300
/** No fault lasts as long as this many tries. */
const triesMax = 50

/** One node over all its runs. What outlives a run: its disk, SQLite's files, its key and its name. */
export class SimulatedNode {
  readonly name: string
  readonly signer: Signer
  readonly address: string
  readonly disk: NodeDisk
  /** How far its wall clock is off, and how often it was set. */
  clockOffsetMs = 0
  clockSteps = 0
  readonly #world: World
  readonly #dice: Dice
  /** Slots told to anybody as durable, by log: no later run may have fewer. */
  readonly #told = { scheduled: new Map<string, number>(), evaluated: new Map<string, number>() }
  #run: Run | undefined
  #ended: { readonly folder: string; readonly power: boolean } | undefined
  #runs = 0

  constructor(name: string, world: World) {
    this.#world = world
    this.#dice = world.dice.fork(name)
    this.name = name
    this.signer = ed25519Signer(this.#dice.bytes(32))
    this.address = ownerAddress({ owner: this.signer.owner }, nodeCrypto)
    this.disk = new NodeDisk(world.time, this.#dice.fork('disk'))
    if (world.mutant === 'skip-sync') this.disk.syncSkip = 0.2
  }

  /** Undefined while the node is down, starting or stopping. */
  get rooms(): Rooms | undefined {
    return this.#run?.rooms
  }

  get isDown(): boolean {
    return this.#run === undefined
  }

  /** Starts the node; tries again until it is up, or crashed meanwhile. */
  async start(): Promise<void> {
    const { log, time } = this.#world
    for (let tries = 0; tries < triesMax; tries++) {
      const run = this.#newRun()
      log.add(`${this.name} starts`)
      try {
        run.rooms = await this.#open(run)
        return log.add(`${this.name} is up`)
      } catch (error) {
        if (run.life.isOver) return
        const told = errorMessage(error).replaceAll(run.folder, '')
        log.add(`${this.name} does not open: ${told}`)
        this.#explain(error)
        this.#end(run, false)
        await time.sleep(reopenMs)
        // Started by somebody else meanwhile.
        if (!this.isDown) return
      }
    }
    log.violate(`${this.name} does not open any more`)
  }

  /**
   * Ends a run between two events. A lost power loses or tears what was not synced; where only the
   * process is killed, what was written stays. The node is down until `start`.
   */
  crash(power: boolean): void {
    if (this.#run === undefined) return
    this.#world.log.add(`${this.name} ${power ? 'loses power' : 'is killed'}`)
    this.#end(this.#run, power)
    if (power) this.disk.crash()
  }

  /** Closes all rooms in order; the node is down when this resolves. */
  async stop(): Promise<void> {
    const run = this.#run
    const rooms = run?.rooms
    if (run === undefined || rooms === undefined) return
    this.#world.log.add(`${this.name} stops`)
    run.rooms = undefined
    await rooms.close()
    if (this.#run !== run) return
    this.#end(run, false)
    this.#world.log.add(`${this.name} stopped`)
  }

  /** Turns a bit of what is durable; only while the node is down. */
  rot(): void {
    if (!this.isDown || this.disk.damage !== undefined) return
    this.disk.rot()
    const { damage } = this.disk
    if (damage !== undefined) {
      this.#world.log.add(`${this.name} rots at ${JSON.stringify(damage)}`)
    }
  }

  #newRun(): Run {
    const folder = join(this.#world.folder, `${this.name}-${this.#runs++}`)
    mkdirSync(folder)
    if (this.#ended !== undefined)
      carryOver(this.#ended.folder, folder, this.#ended.power, this.#dice)
    const run: Run = { life: { isOver: false }, folder, rooms: undefined }
    this.#run = run
    return run
  }

  #end(run: Run, power: boolean): void {
    run.life.isOver = true
    run.rooms = undefined
    this.disk.isServing = false
    this.#ended = { folder: run.folder, power }
    this.#run = undefined
  }

  async #open({ life, folder }: Run): Promise<Rooms> {
    const { log, network } = this.#world
    const { name, signer } = this
    const runtime = this.#runtime(life)
    const rooms = await openRooms({ world: this.#world, life, name, signer, runtime, folder })
    const { damage } = this.disk
    if (damage !== undefined) log.violate(`${name} opens although ${damage.path} is damaged`)
    this.disk.isServing = true
    const { scheduler, compute, answer } = rooms
    this.#compare('scheduled', (processId) => scheduler.head(processId))
    this.#compare('evaluated', (processId) => compute.evaluatedHead(processId))
    scheduler.onScheduled((processId, slot) => this.#tell('scheduled', processId, slot))
    compute.onEvaluated((processId, slot) => this.#tell('evaluated', processId, slot))
    compute.start()
    network.listen(name, { life, answer })
    return rooms
  }

  #tell(what: 'scheduled' | 'evaluated', processId: string, slot: number): void {
    this.#told[what].set(processId, slot + 1)
    this.#world.log.add(`${this.name} ${what} ${processId} ${slot}`)
  }

  #compare(what: 'scheduled' | 'evaluated', head: (processId: string) => number): void {
    for (const [processId, slots] of this.#told[what]) {
      if (head(processId) >= slots) continue
      const lost = `${head(processId)} of ${slots} ${what} slots of ${processId}`
      this.#world.log.violate(`${this.name} has ${lost} left: acknowledged ones are lost`)
    }
  }

  #runtime(life: Life): Runtime {
    const { time } = this.#world
    return {
      clock: {
        nowMs: () => Math.floor(time.nowMs + this.clockOffsetMs),
        elapsedMs: () => time.nowMs,
      },
      random: { bytes: (length) => this.#dice.bytes(length) },
      timer: time.timerOf(life),
      disk: this.disk.mount(life),
    }
  }

  /** A journal that refuses to open must have a reason; the reason is taken away. */
  #explain(error: unknown): void {
    if (!isHeddleError(error, 'journal-corrupt')) return
    if (this.disk.damage === undefined) {
      this.#world.log.violate(`${this.name} finds damage on a sound disk: ${error.message}`)
      return
    }
    this.disk.restore()
    this.#world.log.add(`${this.name} is restored`)
  }
}
