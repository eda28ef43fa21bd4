import type { FunctionImport, ModuleShape } from '../module/shape.ts'
import type { Host, RawFunction } from './host.ts'

/** Thrown by `_emscripten_throw_longjmp`, caught by the `invoke_` the setjmp ran in. */
export const longjmp = Object.freeze({ name: 'longjmp' })

const invokePrefix = 'env.invoke_'

export function isInvoke(name: string): boolean {
  return name.startsWith(invokePrefix)
}

/**
 * `invoke_SIG(index, ...args)`: calls a table entry on behalf of code that did setjmp. If it ends
 * in a longjmp, puts the stack pointer back and tells the module with setThrew, which then looks up
 * where to go on. Anything else that is thrown passes through.
 */
export function bindInvoke(host: Host, wanted: FunctionImport, shape: ModuleShape): RawFunction {
  const call = calledFunction(host, wanted, shape)
  const wideThrew = firstParam(shape, 'setThrew') === 'i64'
  const wideResult = wanted.signature.results[0] === 'i64'
  return (index = 0, ...args) => {
    const { emscripten_stack_get_current: save, _emscripten_stack_restore: restore } = host.raw
    const stack = save?.()
    const depth = host.meter?.depth
    try {
      return call(index, args)
    } catch (thrown) {
      if (stack !== undefined) restore?.(stack)
      if (thrown !== longjmp) throw thrown
      if (host.meter !== undefined && depth !== undefined) host.meter.depth = depth
      host.raw.setThrew?.(wideThrew ? 1n : 1, 0)
      return wideResult ? 0n : 0
    }
  }
}

type Call = (index: number | bigint, args: (number | bigint)[]) => number | bigint | undefined

/** By the module's own `dynCall_SIG` where there is one: it stays within the module's code. */
function calledFunction(host: Host, wanted: FunctionImport, shape: ModuleShape): Call {
  const name = `dynCall_${wanted.name.slice(invokePrefix.length)}`
  const params = firstParam(shape, name)
  if (params === undefined)
    return (index, args) => {
      const entry: unknown = host.table?.get(Number(index))
      if (typeof entry !== 'function') throw new TypeError(`no function ${index} in the table`)
      return entry(...args)
    }
  const wide = params === 'i64'
  return (index, args) => host.raw[name]?.(wide ? BigInt(index) : Number(index), ...args)
}

function firstParam(shape: ModuleShape, name: string): string | undefined {
  const signature = shape.exports.get(name)
  return signature === undefined || signature === 'other' ? undefined : signature.params[0]
}
