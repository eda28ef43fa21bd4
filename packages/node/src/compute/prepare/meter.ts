import type { HeddleError } from '@heddle/protocol/base'
import { callStack, gasTable } from '@heddle/protocol/params'
import { guestHostFailure } from '../guest/errors.ts'
import { meterNames } from './assemble.ts'
import { guestOutOfGas, guestOutOfMemory, guestStackOverflow } from './errors.ts'
import { growthRefused } from './grow-function.ts'
import { trapOf } from './trap.ts'

const wasmPageBytes = 65_536

/**
 * The host's side of a prepared instance: what a message may use, what it used, and why it ended.
 * The counters live in the module's globals and are set anew for every message; no image holds them.
 */
export class Meter {
  readonly #gas: WebAssembly.Global<'i64'>
  readonly #stack: WebAssembly.Global<'i32'>
  readonly #pages: WebAssembly.Global<'i64'>
  readonly #refused: WebAssembly.Global<'i32'>
  readonly #memoryBytes: number
  #limit = 0

  private constructor(exports: WebAssembly.Exports, memoryBytes: number) {
    this.#gas = exports[meterNames.gas] as WebAssembly.Global<'i64'>
    this.#stack = exports[meterNames.stack] as WebAssembly.Global<'i32'>
    this.#pages = exports[meterNames.pages] as WebAssembly.Global<'i64'>
    this.#refused = exports[meterNames.refused] as WebAssembly.Global<'i32'>
    this.#memoryBytes = memoryBytes
    this.begin(gasTable.startLimit)
  }

  /** The meter of an instance whose memory may have `memoryBytes`; undefined: not prepared. */
  static of(exports: WebAssembly.Exports, memoryBytes: number): Meter | undefined {
    return meterNames.gas in exports ? new Meter(exports, memoryBytes) : undefined
  }

  /** Sets everything for one message. */
  begin(gasLimit: number): void {
    this.#limit = gasLimit
    this.#gas.value = BigInt(gasLimit)
    this.#stack.value = callStack.bytes
    this.#pages.value = BigInt(Math.floor(this.#memoryBytes / wasmPageBytes))
    this.#refused.value = 0
  }

  /** Gas of this message so far; all there was where it ran out. */
  get gasUsed(): number {
    const left = Number(this.#gas.value)
    return left < 0 ? this.#limit : this.#limit - left
  }

  /** Gas that this message has left. */
  get gasLeft(): number {
    return Math.max(0, Number(this.#gas.value))
  }

  /** Takes gas for what the host does by size. Throws `guest-out-of-gas` where none is left. */
  charge(gas: number): void {
    this.#gas.value -= BigInt(Math.ceil(gas))
    if (this.#gas.value < 0n) throw guestOutOfGas(this.#limit)
  }

  /** The host refused memory, as a `memory.grow` in the module would. */
  noteRefusal(): void {
    this.#refused.value = growthRefused.byLimit
  }

  /** Depth of calls now, to be put back where frames are left without returning. */
  get depth(): number {
    return this.#stack.value
  }

  set depth(value: number) {
    this.#stack.value = value
  }

  /** Why a message that seemed to end well did not: gas can run out behind the last check. */
  overdraft(): HeddleError | undefined {
    return this.#gas.value < 0n ? guestOutOfGas(this.#limit) : undefined
  }

  /** What a message that threw `thrown` ended with. */
  reasonOf(thrown: unknown): HeddleError {
    const overdraft = this.overdraft()
    if (overdraft !== undefined) return overdraft
    if (this.#stack.value < 0) return guestStackOverflow()
    if (this.#refused.value === growthRefused.byMachine)
      return guestHostFailure('no memory is left for it', thrown)
    const trap = trapOf(thrown)
    const failed = trap.code === 'guest-fault' && this.#refused.value === growthRefused.byLimit
    return failed ? guestOutOfMemory(this.#memoryBytes) : trap
  }
}
