import { markStores } from '../../guest/module/mark-stores.ts'
import { meterNames } from '../assemble.ts'
import { prepareModule } from '../prepare.ts'
import { buildModule, int, types } from './build-module.ts'

/** Runs the loop for as many turns. */
type RunLoop = (turns: number) => void

export type TightLoop = {
  /** What it does each turn. */
  readonly what: string
  readonly plain: RunLoop
  /** With gas, canonical NaN and marks. */
  readonly instrumented: RunLoop
}

const [turn, sum, float] = [0, 1, 2] as const
const half = [0, 0, 0, 0, 0, 0, 0xe0, 0x3f]
const get = (local: number) => [0x20, local]

const integers = [...get(sum), ...get(turn), 0x73, ...int(7), 0x6a, 0x21, sum]
/** The word at (turn & 0xfffc), and the turn added to it. */
const memory = [
  ...[...get(turn), 0x41, 0xfc, 0xff, 3, 0x71, 0x22, sum],
  ...[...get(sum), 0x28, 2, 0, ...get(turn), 0x6a, 0x36, 2, 0],
]
const floats = [...get(float), 0x44, ...half, 0xa2, ...get(turn), 0xb7, 0xa0, 0x21, float]

/** Loops that do next to nothing, so that what instrumenting puts in shows most. */
export function openTightLoops(): readonly TightLoop[] {
  return [
    open('an xor and a sum', integers),
    open('a load and a store', memory),
    open('a product and a sum of f64', floats),
  ]
}

function open(what: string, body: readonly number[]): TightLoop {
  const next = [...get(turn), ...int(1), 0x6b, 0x22, turn, 0x0d, 0]
  const code = [0x03, 0x40, ...body, ...next, 0x0b, ...get(sum), ...get(float), 0xaa, 0x6a]
  const locals = [types.i32, types.f64]
  const main = { params: [types.i32], results: [types.i32], locals, code, name: 'main' }
  const plain = buildModule({ functions: [main], memory: [1, 1, 1] })
  const prepared = prepareModule(plain, { callsBack: () => false })
  return { what, plain: start(plain), instrumented: start(markStores(prepared) ?? prepared) }
}

function start(bytes: Uint8Array): RunLoop {
  const module = new WebAssembly.Module(new Uint8Array(bytes))
  const { exports } = new WebAssembly.Instance(module)
  const gas = exports[meterNames.gas] as WebAssembly.Global<'i64'> | undefined
  const main = exports.main as RunLoop
  return (turns) => {
    if (gas !== undefined) gas.value = 2n ** 60n
    main(turns)
  }
}
