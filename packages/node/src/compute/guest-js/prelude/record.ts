import { inspect } from './inspect.ts'

/**
 * What leaves with the result: part of the module's format. The host reads these lists where the engine has them: writing JSON takes the
 * engine longer than most handlers, and a call for each text longer than reading it. What all messages
 * have in common, the host knows.
 */
export type Emission =
  | [kind: typeof messageKind, target: string, reference: number, data: string, ...tags: string[]]
  | [kind: typeof spawnKind, module: string, reference: number, data: string, ...tags: string[]]
  | [
      kind: typeof assignmentKind,
      message: string,
      processes: readonly string[],
      baseLayer: boolean | undefined,
      exclude: readonly string[] | undefined,
    ]

export const messageKind = 0
export const spawnKind = 1
export const assignmentKind = 2

/** `error`: what failed; then the emissions do not count. `isPrinted`: consoles show the output unasked. */
export type GivenResult = [
  error: string | undefined,
  output: string,
  prompt: string,
  isPrinted: boolean,
  ...emissions: Emission[],
]

/** Where in a result its emissions begin. */
export const firstEmissionAt = 4

/** What the message being evaluated has led to so far. */
type EvaluationRecord = {
  result: GivenResult
  lines: string[]
  lineChars: number
  error: string | undefined
  /** Set while the owner's `Eval` runs: its value is the output. */
  evaluated: { value: unknown } | undefined
}

const maxPrintedChars = 100_000
/** The network's bound of what one message may emit. */
const maxEmissions = 10_000

export const record: EvaluationRecord = {
  result: [undefined, '', '', false],
  lines: [],
  lineChars: 0,
  error: undefined,
  evaluated: undefined,
}

export function startRecord(): void {
  record.result = [undefined, '', '', false]
  if (record.lineChars > 0) record.lines = []
  record.lineChars = 0
  record.error = undefined
  record.evaluated = undefined
}

/** Adds to what leaves when this evaluation has been made durable. */
export function emit(emission: Emission): void {
  const { result } = record
  if (result.length >= firstEmissionAt + maxEmissions) {
    throw new RangeError(`one message emits ${maxEmissions} messages, spawns, assignments at most`)
  }
  result[result.length] = emission
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
