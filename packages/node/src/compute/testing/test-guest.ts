import { existsSync, writeFileSync } from 'node:fs'
import { createRuntime } from '../../runtime/index.ts'
import { guestFault, moduleInvalid } from '../guest/errors.ts'
import { type Guest, type GuestModule, imagePageBytes, type MemoryImage } from '../guest/ports.ts'
import { tellEndless } from './patient-watchdog.ts'

/** `Module-Format` of the guest below. */
export const testFormat = 'test-ledger'

/** What a message asks of the test guest, as JSON in its data. */
export type TestCommand =
  | { readonly op: 'add'; readonly n: number }
  | { readonly op: 'read' }
  /** Returns how many messages its thread took before this one. */
  | { readonly op: 'turn' }
  | { readonly op: 'grow' }
  | { readonly op: 'emit'; readonly target: string; readonly count: number }
  /** Returns the message as the guest sees it. */
  | { readonly op: 'echo' }
  /** Change memory first, then fail in one way or another. */
  | { readonly op: 'fail'; readonly n: number }
  | { readonly op: 'fault'; readonly n: number }
  | { readonly op: 'garbage'; readonly n: number }
  | { readonly op: 'loop' }
  | { readonly op: 'crash' }
  /** Crashes its thread where the file does not exist yet, which it then does. */
  | { readonly op: 'crash-once'; readonly path: string }
  | { readonly op: 'busy'; readonly ms: number }
  /** Goes on until the file exists. */
  | { readonly op: 'until'; readonly path: string }

const wasmPageBytes = 65_536
let taken = 0
const pause = new Int32Array(new SharedArrayBuffer(4))

/**
 * A small honest guest: its state is a sum, a count and a trace in linear memory, and it fails in
 * all
 * the ways a real one can. Boot (the first message) writes a mark; without it nothing else works.
 */
class TestGuest implements Guest {
  #memory: Uint8Array
  readonly #limit: number

  constructor(memoryBytes: number, image: MemoryImage | undefined) {
    this.#limit = memoryBytes
    this.#memory = new Uint8Array(image?.byteLength ?? wasmPageBytes)
    image?.indexes.forEach((page, i) => {
      const from = i * imagePageBytes
      this.#memory.set(image.pages.subarray(from, from + imagePageBytes), page * imagePageBytes)
    })
  }

  handle(messageJson: string, environmentJson: string): string {
    taken++
    const message = JSON.parse(messageJson) as { Id: string; Data: string; Nonce: number }
    const environment = JSON.parse(environmentJson) as { Process: { Id: string } }
    if (message.Id === environment.Process.Id) return this.#boot(message.Data)
    if (this.#memory[0] !== 1) return reply({ Error: 'not booted' })
    return this.#run(JSON.parse(message.Data) as TestCommand, message, environment.Process.Id)
  }

  memory(): Uint8Array {
    return this.#memory
  }

  capture(): MemoryImage {
    const count = this.#memory.length / imagePageBytes
    const indexes = Uint32Array.from({ length: count }, (_, i) => i)
    const { length: byteLength } = this.#memory
    return { byteLength, indexes, pages: this.#memory.slice(), hostState: new Uint8Array(0) }
  }

  close(): void {
    this.#memory = new Uint8Array(0)
  }

  #boot(data: string): string {
    this.#memory[0] = 1
    return data === 'bad boot' ? reply({ Error: 'boot refused' }) : reply({ Output: 'booted' })
  }

  #run(command: TestCommand, message: unknown, processId: string): string {
    switch (command.op) {
      case 'add':
        return reply({ Output: this.#add(command.n) })
      case 'read':
        return reply({ Output: this.#view().getFloat64(8, true) })
      case 'turn':
        return reply({ Output: taken - 1 })
      case 'grow':
        return this.#grow()
      case 'echo':
        return reply({ Output: message })
      case 'emit':
        this.#add(1)
        return reply({ Messages: Array.from({ length: command.count }, () => out(command.target)) })
      case 'fail':
        this.#add(command.n)
        return reply({ Error: 'asked to fail', Messages: [out(processId)] })
      case 'fault':
        this.#add(command.n)
        this.#memory.fill(7, 100)
        throw guestFault('asked to trap')
      case 'garbage':
        this.#add(command.n)
        return 'no json'
      case 'loop':
        this.#add(1)
        tellEndless()
        for (;;);
      case 'crash':
        process.exit(9)
        break
      case 'crash-once':
        if (existsSync(command.path)) return reply({ Output: this.#add(1) })
        writeFileSync(command.path, '')
        process.exit(9)
        break
      case 'until':
        while (!existsSync(command.path)) Atomics.wait(pause, 0, 0, 5)
        return reply({ Output: this.#add(1) })
      case 'busy':
        this.#spin(command.ms)
        return reply({ Output: this.#add(1) })
    }
  }

  #view(): DataView {
    return new DataView(this.#memory.buffer)
  }

  /** Adds, counts, and leaves a trace whose place depends on all that came before. */
  #add(n: number): number {
    const view = this.#view()
    const sum = view.getFloat64(8, true) * 3 + n
    const count = view.getUint32(16, true) + 1
    view.setFloat64(8, sum % 1e9, true)
    view.setUint32(16, count, true)
    view.setUint32(32 + ((count * 52) % (this.#memory.length - 64)), n, true)
    return sum % 1e9
  }

  #grow(): string {
    if (this.#memory.length + wasmPageBytes > this.#limit) throw guestFault('out of memory')
    const larger = new Uint8Array(this.#memory.length + wasmPageBytes)
    larger.set(this.#memory)
    larger[larger.length - 1] = 9
    this.#memory = larger
    return reply({ Output: larger.length })
  }

  #spin(ms: number): void {
    const { clock } = createRuntime()
    const endMs = clock.elapsedMs() + ms
    while (clock.elapsedMs() < endMs);
  }
}

/**
 * Bytes `bad` do not compile, as a module with unknown imports does not; bytes `hang` compile, and
 * a
 * new process of them never starts.
 */
export async function compileTestGuest(bytes: Uint8Array): Promise<GuestModule> {
  const text = new TextDecoder().decode(bytes)
  if (text === 'bad') throw moduleInvalid('it says so itself')
  return {
    format: testFormat,
    async instantiate({ memoryBytes, image }) {
      if (text === 'hang' && image === undefined) {
        tellEndless()
        for (;;);
      }
      return new TestGuest(memoryBytes, image)
    },
  }
}

function reply(response: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ ok: true, response })
}

function out(target: string) {
  return { Target: target, Anchor: '0', Tags: [{ name: 'Action', value: 'Hi' }], Data: 'hello' }
}
