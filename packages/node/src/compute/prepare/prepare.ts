import { callStack, gasTable } from '@heddle/protocol/params'
import { moduleInstructionRefused, moduleInvalid } from '../guest/errors.ts'
import { analyseFunction } from './analyse.ts'
import { assembleModule, meterNames, type PreparedFunction, planAdditions } from './assemble.ts'
import { type Caller, frameDepths } from './call-graph.ts'
import { placeCharges } from './charges.ts'
import { type DecodedModule, decodeModule } from './decode.ts'
import { editKind } from './edits.ts'
import { emitBody } from './emit.ts'
import { shapeOfType } from './float-flow.ts'
import { type FunctionState, slotsOf } from './function-state.ts'
import { shape } from './instructions.ts'
import { moduleLimits } from './limits.ts'

/**
 * Names what preparing gives: the gas table, then a number that rises with every change of the
 * rewriter that is seen in its output. The same bytes in give the same bytes out while it stays.
 */
export const preparation = `${gasTable.version}.1`

export type PrepareOptions = {
  /** Tells of an import, as `module.name`, whether it may call into the module again. */
  readonly callsBack: (importName: string) => boolean
}

/**
 * Rewrites a module so that it counts gas and the depth of calls, grows memory within a limit, and
 * shows no NaN bits of an engine's choice. Refuses what is not accepted: throws `module-invalid`,
 * `module-threads` or `module-instruction-refused`. Pure: a function of its arguments.
 * Some 150 ms per MB; see `cache.ts`.
 */
export function prepareModule(bytes: Uint8Array, options: PrepareOptions): Uint8Array {
  if (bytes.length > moduleLimits.bytes)
    throw moduleInvalid(`it has ${bytes.length} bytes; ${moduleLimits.bytes} are the most`)
  if (!WebAssembly.validate(bytes as Uint8Array<ArrayBuffer>)) {
    // What we can name, we name.
    rewriteModule(bytes, options)
    throw moduleInvalid('it does not pass the validation of WebAssembly')
  }
  return rewriteModule(bytes, options)
}

/** Refuses what preparing would, and `memory.grow`, which only a prepared module keeps in limits. */
export function checkModule(bytes: Uint8Array): void {
  const module = decodeModule(bytes)
  module.bodies.forEach((range, i) => {
    const state = analyseFunction(module, module.functionImports.length + i, range)
    if (state.growsMemory)
      throw moduleInstructionRefused(
        'memory.grow',
        'it passes by Memory-Limit. Grow with emscripten_resize_heap',
      )
  })
}

/** What `prepareModule` does, for bytes nobody found valid: then it gives bytes of no meaning. */
export function rewriteModule(bytes: Uint8Array, options: PrepareOptions): Uint8Array {
  const module = decodeModule(bytes)
  for (const name of Object.values(meterNames))
    if (module.exportNames.has(name)) throw moduleInvalid(`it exports the reserved name ${name}`)
  const additions = planAdditions(module)
  const foreignFloats = passesFloats(module, options)
  const functions: PreparedFunction[] = []
  const callers: Caller[] = []
  module.bodies.forEach((range, i) => {
    const index = module.functionImports.length + i
    const state = analyseFunction(module, index, range)
    if (foreignFloats && module.referenced.has(index)) cleanParameters(state)
    const entryCost = placeCharges(state.stretches, state.edits)
    const emitted = emitBody(module, state, additions)
    const frameBytes = frameBytesOf(state, emitted.added.keys(), (callee) => {
      const name = module.functionImports[callee]
      return name !== undefined && options.callsBack(name)
    })
    const callees = [...state.callees]
    const indirectTypes = [...state.indirectTypes]
    callers.push({ callees, indirectTypes, frameBytes })
    functions.push({
      ...emitted,
      start: range.start,
      codeStart: state.codeStart,
      type: module.functions[index] ?? 0,
      entryCost,
      localCount: state.localTypes.length,
      calls: callees.length + indirectTypes.length > 0,
    })
  })
  const depths = frameDepths(module, callers, options.callsBack)
  return assembleModule(module, additions, functions, depths)
}

/** Tells whether the host may hand floats of the module back to it. JavaScript keeps no NaN bits. */
function passesFloats(module: DecodedModule, { callsBack }: PrepareOptions): boolean {
  return module.functionImports.some((name, i) => {
    const params = module.types[module.functions[i] ?? -1]?.params ?? new Uint8Array(0)
    return callsBack(name) && params.some((type) => shapeOfType(type) !== shape.none)
  })
}

function cleanParameters(state: FunctionState): void {
  const parameters = state.localTypes.subarray(0, state.parameterCount)
  for (const [local, type] of parameters.entries())
    if (shapeOfType(type) !== shape.none)
      state.edits.add(state.codeStart, editKind.parameter, local)
}

/** What a frame takes at most: every local and operand in memory. */
function frameBytesOf(
  state: FunctionState,
  added: Iterable<number>,
  callsBack: (callee: number) => boolean,
): number {
  const declared = slotsOf(state.localTypes)
  const more = slotsOf(Uint8Array.from(added))
  const vectors = declared.vectors + more.vectors
  // The stack may hold vectors wherever a local may.
  const operandBytes = vectors > 0 ? callStack.vectorSlotBytes : callStack.slotBytes
  const host = [...state.callees].some(callsBack) ? callStack.hostFrameBytes : 0
  return (
    callStack.frameBytes +
    host +
    // One more keeps the depth.
    (declared.plain + more.plain + 1) * callStack.slotBytes +
    vectors * callStack.vectorSlotBytes +
    state.maxHeight * operandBytes
  )
}
