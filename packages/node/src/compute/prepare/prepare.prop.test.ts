import { isHeddleError } from '@heddle/protocol/base'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { meterNames } from './assemble.ts'
import { prepareModule, rewriteModule } from './prepare.ts'
import { buildModule } from './testing/build-module.ts'
import { randomProgram } from './testing/random-program.ts'

const options = { callsBack: () => false }
const plentiful = 10n ** 12n
const runs = Number(process.env.HEDDLE_PREPARE_RUNS ?? 60)
const choices = fc.uint8Array({ minLength: 60, maxLength: 400 })

type Run = { readonly outcome: string; readonly state: string; readonly gas: bigint }

/** Runs `main` twice and tells all that can be seen: bits of the result, memory, globals, traps. */
function run(bytes: Uint8Array<ArrayBuffer>, limit = plentiful): Run {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes))
  const main = exports.main as (a: number, b: number, c: number, d: bigint) => number
  const gas = exports[meterNames.gas] as WebAssembly.Global<'i64'> | undefined
  if (gas !== undefined) gas.value = limit
  let outcome = ''
  try {
    for (const turn of [1, 2]) outcome += ` ${bitsOf(main(turn, Number.NaN, 0.5, -5n))}`
  } catch (error) {
    outcome += error instanceof Error ? error.message : String(error)
  }
  const memory = Buffer.from((exports.memory as WebAssembly.Memory).buffer, 0, 8192)
  const globals = [0, 1, 2].map((i) => bitsOf((exports[`g${i}`] as WebAssembly.Global).value))
  const state = `${memory.toString('base64')} ${globals}`
  return { outcome, state, gas: gas === undefined ? 0n : limit - gas.value }
}

function hasTrapped(outcome: string): boolean {
  return /[a-z]{4}/.test(outcome)
}

/** JavaScript keeps no payload of a NaN: those are compared in memory, where programs put them. */
function bitsOf(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

function prepared(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(prepareModule(bytes, options))
}

describe('a prepared program', () => {
  it('does what the program does with every NaN canonical, bit for bit', () => {
    let trapped = 0
    fc.assert(
      fc.property(choices, (bytes) => {
        const expected = run(buildModule(randomProgram(bytes, true)))
        const { outcome, state } = run(prepared(buildModule(randomProgram(bytes, false))))
        expect(outcome).toBe(expected.outcome)
        expect(state).toBe(expected.state)
        if (hasTrapped(outcome)) trapped += 1
      }),
      { numRuns: runs },
    )
    expect(trapped).toBeLessThan(runs / 2)
  })

  it('takes the same gas every time, needs all of it, and is the same bytes again', () => {
    fc.assert(
      fc.property(choices, (bytes) => {
        const plain = buildModule(randomProgram(bytes, false))
        const module = prepared(plain)
        expect(prepared(plain)).toEqual(module)
        const { gas, outcome } = run(module)
        expect(run(module).gas).toBe(gas)
        // Behind a trap, what a loop took since its last call is not shown.
        if (hasTrapped(outcome)) return
        expect(run(module, gas)).toMatchObject({ gas, outcome })
        expect(run(module, gas - 1n).gas).toBeGreaterThan(gas - 1n)
      }),
      { numRuns: Math.ceil(runs / 3) },
    )
  })
})

describe('hostile bytes', () => {
  const mutation = fc.tuple(fc.nat(), fc.constantFrom('flip', 'cut', 'insert', 'big'), fc.nat(255))
  const mutations = fc.array(mutation, { minLength: 1, maxLength: 6 })

  function mutate(bytes: Uint8Array, how: [number, string, number][]): Uint8Array {
    let out = [...bytes]
    for (const [place, kind, value] of how) {
      const at = 8 + (place % Math.max(1, out.length - 8))
      if (kind === 'flip') out[at] = value
      else if (kind === 'cut') out = out.slice(0, at)
      else if (kind === 'insert') out.splice(at, 0, value)
      else out.splice(at, 1, 0xff, 0xff, 0xff, 0xff, 0x0f)
    }
    return Uint8Array.from(out)
  }

  it('are refused with an error of ours or give a valid module', () => {
    fc.assert(
      fc.property(choices, mutations, (bytes, how) => {
        const hostile = mutate(buildModule(randomProgram(bytes, false)), how)
        try {
          expect(WebAssembly.validate(prepared(hostile))).toBe(true)
        } catch (error) {
          if (!isHeddleError(error)) throw error
        }
      }),
      { numRuns: runs },
    )
  })

  it('end the rewriter itself in an error of ours, even where the engine was not asked', () => {
    fc.assert(
      fc.property(choices, mutations, (bytes, how) => {
        const hostile = mutate(buildModule(randomProgram(bytes, false)), how)
        try {
          rewriteModule(hostile, options)
        } catch (error) {
          if (!isHeddleError(error)) throw error
        }
      }),
      { numRuns: runs * 2 },
    )
  })
})
