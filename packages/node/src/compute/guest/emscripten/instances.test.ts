import { isHeddleError } from '@heddle/protocol/base'
import { afterEach, expect, it, vi } from 'vitest'
import { compileGuest } from '../compile.ts'
import type { Guest, GuestModule, MemoryImage } from '../ports.ts'
import { answerAt, constant, op, scratchAt, tinyModule } from '../tiny-module.fixture.ts'

const context = { timestampMs: 1_700_000_000_000, seed: new Uint8Array(32).fill(7) }
const memoryBytes = 1 << 20
const { i32 } = op
const equal = 0x46
const firstByte = [op.localGet, 0, 0x2d, 0, 0]
const when = (letter: string, code: readonly number[]) => [
  ...[...firstByte, ...constant(letter.charCodeAt(0)), equal, 0x04, 0x40],
  ...[...code, 0x0b],
]
const count = [op.globalGet, 1, ...constant(1), op.i32Add, op.globalSet, 1]
const show = [...constant(scratchAt), op.globalGet, 1, op.i32Store, 2, 0]
const far = 12 * 4096

/** Counts in a global and in memory; `!` traps behind that, `+` grows, `w` writes far away and prints. */
function compile(): Promise<GuestModule> {
  const bytes = tinyModule({
    imports: [
      { name: 'emscripten_resize_heap', params: [i32], results: [i32] },
      { name: 'emscripten_out', params: [i32], results: [] },
    ],
    globals: [[i32, 1, ...constant(40), 0x0b]],
    handle: [
      ...[...count, ...show],
      ...when('w', [...constant(far), ...constant(7), op.i32Store, 2, 0]),
      ...when('w', [...constant(answerAt), op.call, 1]),
      ...when('!', [op.unreachable]),
      ...when('+', [...constant(3 * 65_536), op.call, 0, op.drop]),
      ...constant(answerAt),
    ],
  })
  return compileGuest(bytes, 'wasm32-unknown-emscripten4')
}

function send(guest: Guest, text: string): void {
  expect(guest.handle(text, '{}', context)).toBe('{"ok":true}')
}

async function stateAfter(module: GuestModule, texts: readonly string[]): Promise<MemoryImage> {
  const guest = await module.instantiate({ memoryBytes })
  for (const text of texts) send(guest, text)
  return guest.capture()
}

afterEach(() => {
  vi.restoreAllMocks()
})

it('goes back in the same instance after a trap', async () => {
  const guest = await (await compile()).instantiate({ memoryBytes })
  send(guest, '{}')
  const image = guest.capture()
  expect(() => guest.handle('!', '{}', context)).toThrow(/unreachable/)
  expect(() => guest.capture()).toThrow(/no state/)
  expect(guest.reset?.(image)).toBe(true)
  expect(guest.capture()).toEqual(image)
  send(guest, '{}')
  expect(guest.memory()[scratchAt]).toBe(42)
})

it('cannot go back in an instance whose memory grew', async () => {
  const guest = await (await compile()).instantiate({ memoryBytes })
  send(guest, '{}')
  const image = guest.capture()
  send(guest, '+')
  expect(guest.reset?.(image)).toBe(false)
  guest.close()
  expect(guest.reset?.(image)).toBe(false)
})

it('serves the next guest with the instance of a closed one, and nothing of its state', async () => {
  const module = await compile()
  const other = await stateAfter(module, ['{}', '{}', '{}'])
  const printed: string[] = []
  const old = await module.instantiate({ memoryBytes, print: () => printed.push('old') })
  for (const text of ['w', 'w', '{}']) send(old, text)
  expect(() => old.handle('!', '{}', context)).toThrow(/unreachable/)
  old.close()
  const created = vi.spyOn(WebAssembly, 'instantiate')
  const print = (text: string) => void printed.push(text)
  const next = await module.instantiate({ memoryBytes, print, image: other })
  expect(created).not.toHaveBeenCalled()
  expect(next.capture()).toEqual(other)
  expect(next.memory()[far]).toBe(0)
  send(next, 'w')
  expect(printed).toEqual(['old', 'old', '{"ok":true}\n'])
  const straight = await stateAfter(module, ['{}', '{}', '{}', 'w'])
  expect(next.capture()).toEqual(straight)
  // The closed one has no hold on it.
  old.close()
  expect(() => old.handle('{}', '{}', context)).toThrow(/not used again/)
  expect(old.memory().length).toBe(0)
  expect(next.capture()).toEqual(straight)
})

it('gives no state an instance that is larger, and a new process a new one', async () => {
  const module = await compile()
  const image = await stateAfter(module, ['{}'])
  const grown = [1, 2, 3].map(() => module.instantiate({ memoryBytes }))
  for (const guest of await Promise.all(grown)) {
    send(guest, '+')
    guest.close()
  }
  const created = vi.spyOn(WebAssembly, 'instantiate')
  const guest = await module.instantiate({ memoryBytes, image })
  expect(created).toHaveBeenCalledOnce()
  expect(guest.capture()).toEqual(image)
  // Those that grew do not stand in its way.
  guest.close()
  await module.instantiate({ memoryBytes, image })
  expect(created).toHaveBeenCalledOnce()
  const fresh = await module.instantiate({ memoryBytes })
  expect(created).toHaveBeenCalledTimes(2)
  send(fresh, '{}')
  expect(fresh.capture()).toEqual(image)
})

it('asks the limit of the guest that is there now', async () => {
  const module = await compile()
  const image = await stateAfter(module, ['{}'])
  const first = await module.instantiate({ memoryBytes, image })
  first.close()
  const limited = await module.instantiate({ memoryBytes: 2 * 65_536, image })
  send(limited, '+')
  expect(limited.memory().length).toBe(image.byteLength)
  const refused = module.instantiate({ memoryBytes: 65_536, image })
  await expect(refused).rejects.toSatisfy((error) => isHeddleError(error, 'memory-limit-too-low'))
})
