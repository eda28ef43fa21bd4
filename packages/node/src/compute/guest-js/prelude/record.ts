import { inspect } from './inspect.ts'

/** What the message being evaluated has led to so far. */
type EvaluationRecord = {
  /** What leaves with the result, as texts one after another: see `emit…` in `emissions.ts`. */
  emissions: string[]
  lines: string[]
  lineChars: number
  error: string | undefined
  /** Set while the owner's `Eval` runs: its value is the output. */
  evaluated: { value: unknown } | undefined
}

const maxPrintedChars = 100_000

export const record: EvaluationRecord = {
  emissions: [],
  lines: [],
  lineChars: 0,
  error: undefined,
  evaluated: undefined,
}

export function startRecord(): void {
  record.emissions = []
  if (record.lineChars > 0) record.lines = []
  record.lineChars = 0
  record.error = undefined
  record.evaluated = undefined
}

/** Adds a line to the output of this message: texts as they are, other values inspected. */
export function print(...values: unknown[]): void {
  const line = values.map((value) => (typeof value === 'string' ? value : inspect(value))).join(' ')
  const room = maxPrintedChars - record.lineChars
  if (room <= 0) return
  const cut = line.length < room ? line : `${line.slice(0, room)} … (output cut)`
  record.lineChars += line.length + 1
  record.lines.push(cut)
}

/** The first failure of a message is its `Error`; it undoes everything the message did. */
export function fail(error: unknown): void {
  record.error ??= describeError(error)
}

/** Name, message and the lines of the actor's own source, without the frames of this prelude. */
export function describeError(error: unknown): string {
  if (error === null) return 'thrown: null (the engine throws this where its memory is full)'
  if (!(error instanceof Error)) return `thrown: ${inspect(error)}`
  const frames = String(error.stack ?? '')
    .split('\n')
    .filter((line) => line.trim() !== '' && !/\(native\)|\(?\.\/[a-z-]+\.ts:|heddle:/.test(line))
  const cause = error.cause === undefined ? [] : [`caused by ${describeError(error.cause)}`]
  return [`${error.name}: ${error.message}`, ...frames, ...cause].join('\n')
}
