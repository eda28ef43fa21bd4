import { parseArgs } from 'node:util'
import { HeddleError, isId } from '@heddle/protocol/base'
import type { Tag } from '@heddle/protocol/item'

export type Flag = {
  readonly type: 'string' | 'boolean'
  readonly short?: string
  readonly multiple?: boolean
  /** What it means, for the help text; `VALUE` names stand in capitals. */
  readonly help: string
}

export type Flags = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>

/** What a command is run with. `signal` is aborted by Ctrl-C; what waits for long must listen to it. */
export type Given = {
  readonly values: readonly string[]
  readonly flags: Flags
  readonly signal: AbortSignal
}

export type Command = {
  readonly name: string
  /** Arguments after the name, for the help text. */
  readonly usage: string
  readonly summary: string
  readonly flags: Readonly<Record<string, Flag>>
  /** Number of plain arguments it takes, least and most. */
  readonly arguments: readonly [number, number]
  /** Resolves with the exit code. */
  run(given: Given): Promise<number>
}

/** Wrong use of the command itself: exit code 2. */
export function usageError(text: string): HeddleError {
  return new HeddleError('usage', 'invalid', text)
}

export const jsonFlag: Readonly<Record<string, Flag>> = {
  json: { type: 'boolean', help: 'machine output on stdout, nothing else there' },
}

/** Flags every command that talks to a node takes. */
export const clientFlags: Readonly<Record<string, Flag>> = {
  url: { type: 'string', help: 'URL of the node (HEDDLE_URL; default http://127.0.0.1:4000)' },
  ...jsonFlag,
  wallet: {
    type: 'string',
    help: 'FILE with the signing key (HEDDLE_WALLET; default ~/.heddle/wallet.json)',
  },
}

export const tagFlag: Readonly<Record<string, Flag>> = {
  tag: { type: 'string', short: 't', multiple: true, help: 'Name=Value, may be repeated' },
}

/** Throws `usage` for anything the command does not take. */
export function parseCommandLine(
  command: Command,
  args: readonly string[],
): Pick<Given, 'values' | 'flags'> {
  const parsed = parseFlags(command, args)
  const [least, most] = command.arguments
  const count = parsed.values.length
  if (count >= least && count <= most) return parsed
  throw commandError(command, `takes ${command.usage || 'no arguments'}, not ${count} arguments`)
}

function parseFlags(command: Command, args: readonly string[]) {
  const options = Object.fromEntries(
    Object.entries(command.flags).map(([name, { help: _help, ...rest }]) => [name, rest]),
  )
  try {
    const parsed = parseArgs({ args: args.map(shield), options, allowPositionals: true })
    const flags: Flags = Object.fromEntries(
      Object.entries(parsed.values).map(([name, value]) => [
        name,
        typeof value === 'string' ? unshield(value) : value,
      ]),
    )
    return { values: parsed.positionals.map(unshield), flags }
  } catch (error) {
    throw commandError(command, error instanceof Error ? error.message : String(error))
  }
}

/** One id in 64 begins with a dash. It is hidden from the parser, which would look for its letters. */
const shieldMark = '\0'

function shield(argument: string): string {
  return argument.startsWith('-') && isId(argument) ? shieldMark + argument : argument
}

function unshield(value: string): string {
  return value.startsWith(shieldMark) ? value.slice(shieldMark.length) : value
}

function commandError({ name }: Command, what: string): HeddleError {
  const text = what.replace(/\s*\n\s*/g, ' ').replace(/\.$/, '')
  return usageError(`heddle ${name}: ${text}. See: heddle ${name} --help`)
}

export function textFlag(flags: Flags, name: string): string | undefined {
  const value = flags[name]
  return typeof value === 'string' ? value : undefined
}

export function numberFlag(flags: Flags, name: string, most: number): number | undefined {
  const text = textFlag(flags, name)
  if (text === undefined) return undefined
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (value >= 1 && value <= most) return value
  throw usageError(`--${name} ${text}: give a whole number from 1 to ${most}`)
}

/** Tags from repeated `--tag Name=Value`, in their order; a name may come twice. */
export function tagFlags(flags: Flags): Tag[] {
  const given = Array.isArray(flags.tag) ? flags.tag.map(String) : []
  return given.map((text) => {
    const mark = text.indexOf('=')
    if (mark < 1) throw usageError(`--tag ${text}: write Name=Value`)
    return { name: text.slice(0, mark), value: text.slice(mark + 1) }
  })
}

/** An argument that must be an id. */
export function idArgument(what: string, text = ''): string {
  if (isId(text)) return text
  throw usageError(`"${text}" is not the id of a ${what}: 43 characters of base64url`)
}

/** Help texts begin with the name of the value where it has one: `FILE to write`. */
function valueName({ help }: Flag): string {
  return /^(Name=Value|[A-Z]{2,})/.exec(help)?.[0] ?? 'VALUE'
}

export function commandHelp(command: Command): string {
  const rows = Object.entries(command.flags).map(([name, flag]) => {
    const short = flag.short === undefined ? '    ' : `-${flag.short}, `
    const value = flag.type === 'boolean' ? '' : ` ${valueName(flag)}`
    return `  ${`${short}--${name}${value}`.padEnd(33)}  ${flag.help}`
  })
  const usage = `heddle ${command.name} ${command.usage}`.trimEnd()
  return `${command.summary}\n\nUsage: ${usage} [options]\n\nOptions:\n${rows.join('\n')}`
}
