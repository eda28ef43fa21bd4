import { inspect } from './inspect.ts'
import type { Message } from './message.ts'
import { fail, print, record } from './record.ts'

/** Runs a script in the global scope, where its top-level variables stay; gives its last value. */
export type EvalScript = (source: string, fileName: string, flags: number) => unknown

/** Flags of the engine: strict code, no frames of ours in stacks, `await` at top level. */
const strict = 8
const backtraceBarrier = 64
const asynchronous = 128

const typeHint =
  'An actor is plain JavaScript in one script: `heddle spawn` and the SDK strip TypeScript ' +
  'types; bundle `import`s before.'

/** Slot 0: the data of the process item is the source of the actor. */
export function startActor(message: Message, evalScript: EvalScript): void {
  const source = withoutEmptyExports(message.data)
  if (source.trim() === '') return
  try {
    evalScript(source, 'actor.js', strict | backtraceBarrier)
  } catch (error) {
    if (error instanceof SyntaxError) error.message += `. ${typeHint}`
    throw error
  }
}

/** The owner's `Eval`: as at a console, sloppy and with `await`; the value becomes the output. */
export function evaluateCommand(message: Message, evalScript: EvalScript): void {
  const waits = /\bawait\b/.test(message.data)
  const result = evalScript(message.data, 'eval.js', backtraceBarrier | (waits ? asynchronous : 0))
  if (!(result instanceof Promise)) {
    record.evaluated = { value: result }
    return
  }
  const evaluated: { value: unknown } = { value: result }
  record.evaluated = evaluated
  result.then((settled: unknown) => {
    const value = waits ? Reflect.get(Object(settled), 'value') : settled
    // Where the value came with a later message, that message's output shows it.
    if (record.evaluated === evaluated) evaluated.value = value
    else print(inspect(value))
  }, fail)
}

/** `export {}` makes TypeScript treat a file as a module of its own and means nothing else. */
function withoutEmptyExports(source: string): string {
  return source.replace(/^[ \t]*export[ \t]*\{[ \t]*\}[ \t]*;?[ \t]*$/gm, '')
}
