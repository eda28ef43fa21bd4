import { isHeddleError } from '@heddle/protocol/base'
import { describe, expect, it } from 'vitest'
import { compileGuest } from './compile.ts'
import { op, type TinyModule, text, tinyModule } from './tiny-module.fixture.ts'

const wasm32 = 'wasm32-unknown-emscripten4'
const wasm64 = 'wasm64-unknown-emscripten-draft_2024_02_15'

async function refusal(tiny: TinyModule | Uint8Array, format = wasm32): Promise<string> {
  const bytes = tiny instanceof Uint8Array ? tiny : tinyModule(tiny)
  const error = await compileGuest(bytes, format).then(
    () => 'compiled',
    (thrown: unknown) => thrown,
  )
  return isHeddleError(error) ? `${error.code}: ${error.message}` : String(error)
}

describe('compiling', () => {
  it('takes a module with the exports and imports of its format', async () => {
    const imports = [{ name: 'emscripten_date_now', params: [], results: [op.f64] }]
    expect((await compileGuest(tinyModule({ imports }), wasm32)).format).toBe(wasm32)
  })

  it('refuses a format it has no glue for, in words that are the same on every node', async () => {
    const said = await refusal({}, 'wasm32-unknown-emscripten9')
    expect(said).toContain('module-format-unknown')
    expect(said).not.toContain(wasm64)
  })

  it('refuses bytes that are not WebAssembly, or broken at any length', async () => {
    expect(await refusal(new Uint8Array(0))).toContain('module-invalid')
    expect(await refusal(Buffer.from('not a module at all'))).toContain('module-invalid')
    const whole = tinyModule()
    const outcomes: string[] = []
    for (let length = 8; length < whole.length; length++)
      outcomes.push((await refusal(whole.subarray(0, length))).slice(0, 14))
    // Cut exactly before its data, the last section, it is a module again.
    expect(outcomes.filter((outcome) => outcome !== 'module-invalid')).toEqual(['compiled'])
  })

  it('refuses code the engine does not accept', async () => {
    expect(await refusal({ handle: [] })).toContain('module-invalid')
  })

  it('names every import nobody offers', async () => {
    const imports = [
      { name: 'emscripten_date_now', params: [], results: [op.f64] },
      { name: 'launch_missiles', params: [], results: [] },
      { module: 'wasi_snapshot_preview1', name: 'sock_accept', params: [], results: [op.i32] },
    ]
    const said = await refusal({ imports })
    expect(said).toContain('module-imports-unknown')
    expect(said).toContain('env.launch_missiles, wasi_snapshot_preview1.sock_accept')
    expect(said).not.toContain('date_now')
  })

  it('refuses imported memory and globals', async () => {
    const memory = [...text('env'), ...text('memory'), 2, 0, 1]
    const global = [...text('env'), ...text('base'), 3, op.i32, 0]
    expect(await refusal({ otherImports: [memory] })).toContain('env.memory')
    expect(await refusal({ otherImports: [global] })).toContain('env.base')
  })

  it('refuses shared memory and atomic instructions', async () => {
    expect(await refusal({ memory: [3, 2, 4] })).toContain('module-threads')
    const fence = [0xfe, 3, 0]
    expect(await refusal({ handle: [...fence, op.localGet, 0] })).toContain('module-threads')
  })

  it('refuses a memory of the wrong width', async () => {
    expect(await refusal({}, wasm64)).toContain('32-bit')
    expect(await refusal({ memory: [5, 2, 4] })).toMatch(/module-invalid/)
  })

  it('refuses a module without the exports the host calls', async () => {
    expect(await refusal({ without: ['handle'] })).toContain('does not export handle')
    expect(await refusal({ without: ['memory'] })).toContain('does not export memory')
    expect(await refusal({ memory: [] })).toContain('module-invalid')
  })

  it('refuses relaxed SIMD and takes fixed SIMD', async () => {
    const vector = [0xfd, 12, ...Array<number>(16).fill(1)]
    const relaxedSwizzle = [0xfd, 0x80, 0x02]
    const fixedSwizzle = [0xfd, 14]
    const lane = [0xfd, 27, 0]
    const relaxed = [...vector, ...vector, ...relaxedSwizzle, ...lane]
    const fixed = [...vector, ...vector, ...fixedSwizzle, ...lane]
    expect(await refusal({ handle: relaxed })).toContain('relaxed SIMD')
    expect(await refusal({ handle: fixed })).toBe('compiled')
  })

  it('refuses to have memory grown behind the limit', async () => {
    const grow = [op.i32Const, 1, 0x40, 0]
    expect(await refusal({ handle: grow })).toContain('memory.grow')
  })

  it('refuses state that is in no memory: vector globals, dropped segments', async () => {
    const vectorGlobal = [op.v128, 1, 0xfd, 12, ...Array<number>(16).fill(0), 0x0b]
    expect(await refusal({ globals: [vectorGlobal] })).toContain('vector or reference global')
    const counted = [op.i32, 1, op.i32Const, 0, 0x0b]
    expect(await refusal({ globals: [counted] })).toBe('compiled')
  })
})
